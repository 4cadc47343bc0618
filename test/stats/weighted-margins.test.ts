import fc from 'fast-check'
import { expect, it } from 'vitest'
import { weightedAuroc, weightedKendall } from '../../src/stats/weighted.ts'
import { weightedMargins } from '../../src/stats/weighted-margins.ts'

const rows = (verified: fc.Arbitrary<number>) =>
  fc.array(fc.record({ m: fc.integer({ min: -3, max: 3 }), v: verified, c: fc.nat(4) }), {
    minLength: 1,
    maxLength: 25,
  })
const weights = fc.array(fc.nat(3), { minLength: 5, maxLength: 5 })

it.each([
  ['verdicts 0 and 1', fc.constantFrom(-1, 0, 1)],
  ['partial credit', fc.constantFrom(-1, -0.5, 0, 0.5, 0.75, 1)],
  ['many values', fc.integer({ min: -12, max: 12 })],
])('equals AUROC and τ-b of the rows written out in both orders: %s', (_, verified) => {
  fc.assert(
    fc.property(rows(verified), weights, (list, times) => {
      const both = [...list, ...list.map(({ m, v, c }) => ({ m: -m, v: -v, c }))]
      const decided = both.filter(({ v }) => v !== 0)
      const of = <T extends 'm' | 'v'>(all: typeof list, key: T) => Float64Array.from(all, (row) => row[key])
      const clusters = (all: typeof list) => Int32Array.from(all, ({ c }) => c)
      const w = Float64Array.from(times)
      const { auroc, tauB } = weightedMargins(of(list, 'v'), of(list, 'm'), clusters(list))
      const label = of(decided, 'v').map((v) => (v > 0 ? 1 : 0))
      expect(auroc(w)).toBe(weightedAuroc(label, of(decided, 'm'), clusters(decided))(w))
      expect(tauB(w)).toBe(weightedKendall(of(both, 'v'), of(both, 'm'), clusters(both)).tauB(w))
    }),
    { numRuns: 300 },
  )
})

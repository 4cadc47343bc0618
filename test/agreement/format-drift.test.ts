import { describe, expect, it } from 'vitest'
import { formatDrift, type Rows } from '../../src/agreement/format-drift.ts'

/** Rows of one chosen and one rejected completion, by their scores. */
function rows(
  table: readonly (readonly [id: string, subset: string, chosen: number | null, rejected: number | null])[],
): Rows {
  return {
    completions: table.flatMap(([id, subset, chosen, rejected]) => [
      { id, subset, cluster: id, role: 'chosen' as const, index: 0, score: chosen },
      { id, subset, cluster: id, role: 'rejected' as const, index: 0, score: rejected },
    ]),
    pairs: table.map(([id, subset, chosen, rejected]) => {
      const margin = chosen === null || rejected === null ? null : chosen - rejected
      const outcome = margin === null ? null : margin > 0 ? 'win' : margin < 0 ? 'loss' : 'tie'
      const [text, other] = [`${id}: chosen`, id === 'same' ? 'same: chosen' : `${id}: rejected`]
      return {
        id,
        subset,
        cluster: id,
        rejectedIndex: 0,
        margin,
        chosen: { index: 0, text },
        rejected: { text: other },
        outcome,
      }
    }),
  }
}

const exact = rows([
  ['a', 'x', 1, 0],
  ['b', 'x', 2, 1.75],
  ['c', 'y', 0, 4],
])
const own = rows([
  ['c', 'y', 0.5, 4],
  ['d', 'y', 0.25, 0],
  ['a', 'x', 1, 0],
  ['e', 'y', 9, 0],
  ['b', 'x', 1.5, 1.75],
])

describe('the drift of a number format', () => {
  const found = formatDrift(own, exact)
  it('compares what both have, whatever the order, the format − float32', () => {
    // differences: c +0.5, b −0.5, four zeros; margins: a 0, b −0.5, c +0.5
    expect(found).toMatchObject({
      completions: 6,
      pairs: 3,
      clusters: 3,
      largest: 0.5,
      bias: 0,
      flips: 1,
      largestMargin: 0.5,
    })
    expect(found.rms).toBeCloseTo(Math.sqrt((0.25 + 0.25) / 6), 12)
  })
  it('measures them by the spread of the float32 scores', () => {
    // 0 0 1 1.75 2 4: the 95th percentile is 2 + 0.75 · 2, the 5th is 0
    expect(found.spread).toBeCloseTo(3.5, 12)
    expect(found.largestShare).toBeCloseTo(0.5 / 3.5, 12)
    expect(found.rmsShare).toBeCloseTo(found.rms! / 3.5, 12)
  })
  it('counts near-ties: in the sample by float32, in the run by the format', () => {
    expect(found.nearTies).toBe(1) // b: 0.25 ≤ 0.5
    expect(found.atRisk).toBe(2) // b −0.25 and d 0.25, which is in no sample
  })
  it('never counts a pair of one text, nor one without a margin', () => {
    const rowsOf = (a: number) =>
      rows([
        ['a', 'x', a, 0],
        ['same', 'x', 1, 1],
        ['lost', 'x', null, 0],
      ])
    const drift = formatDrift(rowsOf(0.25), rowsOf(0.5))
    expect(drift).toMatchObject({ pairs: 2, nearTies: 0, atRisk: 1, scoredPairs: 2, largestMargin: 0.25 })
    expect(drift.subsets).toMatchObject([{ pairs: 2, nearTies: 0 }])
  })
  it('says it by subset', () => {
    expect(found.subsets).toMatchObject([
      { subset: 'x', completions: 4, pairs: 2, largest: 0.5, flips: 1, nearTies: 1 },
      { subset: 'y', completions: 2, pairs: 1, largest: 0.5, flips: 0, nearTies: 0 },
    ])
  })
  it('leaves out what has a score in one of the two alone, and says why a number is absent', () => {
    const lost = formatDrift(rows([['a', 'x', null, 0]]), exact)
    expect(lost).toMatchObject({ completions: 1, pairs: 0, flips: 0, largestMargin: null, atRisk: null, nearTies: 0 })
    expect(lost.reason).toContain('no pair in both')
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSession } from '../../src/model/session.ts'
import type { Runner } from '../../src/types.ts'
import { LAYOUTS, layoutsOf } from './compared.ts'
import { comparePair, encodedPair, type OpenPairGolden, openPairGolden, PAIR_HEADS, pairBound } from './pair-golden.ts'

describe.each(PAIR_HEADS)('%s', (name) => {
  let open: OpenPairGolden
  let runner: Runner
  beforeAll(async () => {
    open = await openPairGolden(name)
    runner = await startSession(open.model)
  })
  afterAll(() => runner.release())

  it("has the reference's tokens in both orders, and reads where it reads", () => {
    const { cases } = open.golden
    for (const one of cases)
      for (const [i, { input_ids, read_index: at }] of [one.ab, one.ba].entries()) {
        const got = encodedPair(open, one)[i]!
        expect([...got.ids], one.id).toEqual(input_ids)
        expect([...got.reads], one.id).toEqual(
          typeof at === 'number' ? [at] : [at.source, at.candidate1, at.candidate2],
        )
        expect(got.truncated, one.id).toBe(one.limits ? 'right' : 'no')
      }
    expect(cases.filter(({ limits }) => limits)).toHaveLength(name === 'pairrm' ? 3 : 0)
  })

  it.each(LAYOUTS)("gives the reference's logits in both orders, $name", async (layout) => {
    // an encoder shares no prefix
    expect(layoutsOf(open.model).includes(layout)).toBe(layout.layout === 'padded' || name !== 'pairrm')
    if (!layoutsOf(open.model).includes(layout)) return
    const { atol, rtol } = pairBound(open.golden)
    const all = await comparePair(open, runner, layout)
    expect(all).toHaveLength(2 * open.golden.cases.length)
    for (const { label, got, expected } of all) {
      expect(got).toHaveLength(1)
      expect(Math.abs(got[0]! - expected[0]!), label).toBeLessThanOrEqual(atol + rtol * Math.abs(expected[0]!))
    }
  })
})

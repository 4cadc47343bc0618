import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accuracyBySubset, accuracyOf, summarise } from '../../src/agreement/accuracy.ts'
import { wilson } from '../../src/stats/wilson.ts'

const rows = (subset: string, margins: readonly (number | null)[], perCluster = 1) =>
  margins.map((margin, i) => ({ subset, cluster: `${subset}-${Math.floor(i / perCluster)}`, margin }))

describe('accuracy', () => {
  it('counts strict, half and ties; a missing score is neither won nor lost', () => {
    // 3 wins, 1 tie, 1 loss, 1 missing: strict 3/5, half (3 + ½)/5
    const a = accuracyOf(rows('s', [1, 2, 0.1, 0, -1, null]))
    expect(a).toMatchObject({
      strict: 0.6,
      half: 0.7,
      ties: 1,
      tie_rate: 0.2,
      n: 5,
      missing: 1,
      clusters: 5,
      reason: null,
    })
    expect(a.ci.strict!.low).toBeLessThan(0.6)
    expect(a.ci.strict!.high).toBeGreaterThan(0.6)
  })
  it('is null with a reason without a scored pair', () => {
    expect(accuracyOf([])).toMatchObject({ strict: null, half: null, n: 0, reason: 'no_pairs' })
    expect(accuracyOf(rows('s', [null]))).toMatchObject({ strict: null, missing: 1, reason: 'no_scored_pairs' })
  })
  it('gives Wilson’s interval where resampling shows no variation, and none for a single prompt', () => {
    const all = accuracyOf(rows('s', Array(20).fill(1)))
    expect(all.ci).toEqual({ strict: wilson(20, 20), half: wilson(20, 20), method: 'wilson over prompts' })
    const ties = accuracyOf(rows('s', Array(20).fill(0)))
    expect(ties).toMatchObject({ strict: 0, half: 0.5, tie_rate: 1, ci: { strict: wilson(0, 20), half: null } })
    expect(accuracyOf(rows('s', [1, -1, 1], 3)).ci).toEqual({ strict: null, half: null, method: 'none: one prompt' })
  })
  it('widens when pairs share prompts', () => {
    const margins = Array.from({ length: 200 }, (_, i) => (Math.floor(i / 10) % 2 === 0 ? 1 : -1))
    const width = (per: number) => {
      const { low, high } = accuracyOf(rows('s', margins, per)).ci.strict!
      return high - low
    }
    // 20 prompts of 10 equal pairs: √10 times as wide
    expect(width(10) / width(1)).toBeGreaterThan(2.5)
  })
  it('maps to 1 − accuracy when chosen and rejected change places', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 1, maxLength: 30 }), (margins) => {
        const settings = { seed: 1, resamples: 20 }
        const a = accuracyOf(rows('s', margins), settings)
        const b = accuracyOf(
          rows(
            's',
            margins.map((m) => -m),
          ),
          settings,
        )
        expect(a.half! + b.half!).toBeCloseTo(1, 12)
        expect(a.strict! + b.strict! + a.tie_rate!).toBeCloseTo(1, 12)
      }),
    )
  })
})

describe('accuracyBySubset', () => {
  it('weights RewardBench’s subsets by its counts, not by rows', () => {
    const table = accuracyBySubset([...rows('math-prm', [1, 1, 1, -1]), ...rows('hep-python', [1, -1])])
    // (984 · ¾ + 164 · ½) / (984 + 164)
    expect(table.sections.Reasoning!.strict).toBeCloseTo((984 * 0.75 + 164 * 0.5) / 1148, 12)
    expect(table.sections.Reasoning!.weights).toEqual({ 'math-prm': 984, 'hep-python': 164 })
    expect(table.overall.strict).toBeCloseTo(4 / 6, 12)
    expect(table.macro.strict).toBeCloseTo(0.625, 12)
    expect(table.rewardbench).toEqual({ score: null, reason: 'section_absent: Chat, Chat Hard, Safety' })
  })
  it('gives RewardBench’s overall when the four sections are there, Prior Sets at half weight', () => {
    const core = [
      ...rows('alpacaeval-easy', [1, 1]),
      ...rows('mt-bench-hard', [1, -1]),
      ...rows('donotanswer', [1, 1, 1, -1]),
      ...rows('hep-go', [1, -1, -1, -1]),
    ]
    expect(accuracyBySubset(core).rewardbench!.score).toBeCloseTo((1 + 0.5 + 0.75 + 0.25) / 4, 12)
    const prior = [...rows('shp', [1, 1]), ...rows('summarize', [1, -1])]
    // Prior Sets: (1 + ½)/2 = ¾ at weight ½
    expect(accuracyBySubset([...core, ...prior]).rewardbench!.score).toBeCloseTo((2.5 + 0.375) / 4.5, 12)
  })
  it('has no section for other sets and keeps odd subset names', () => {
    const { accuracy } = summarise([...rows('__proto__', [1]), ...rows('constructor', [-1, 1])])
    expect(accuracy.sections).toEqual({})
    expect(accuracy.rewardbench).toBeNull()
    expect(Object.keys(accuracy.subsets)).toEqual(['__proto__', 'constructor'])
  })
})

import { describe, expect, it } from 'vitest'
import { readRun } from '../../analysis/run-folders.ts'
import { type AccuracyRow, accuracyBySubset } from '../../src/agreement/accuracy.ts'
import { columnStatistics } from '../../src/agreement/agreement.ts'
import { packagePath } from '../../src/package.ts'
import { prng } from '../../src/prng.ts'
import { wilson } from '../../src/stats/wilson.ts'

/** One pair a prompt, the first `won` of them won. */
const subset = (name: string, won: number, n: number, prompts = name): AccuracyRow[] =>
  Array.from({ length: n }, (_, i) => ({ subset: name, cluster: `${prompts} ${i}`, margin: i < won ? 1 : -1 }))
const halfOf = (rows: readonly AccuracyRow[], section: string) => accuracyBySubset(rows).sections[section]!.ci
const widthOf = (rows: readonly AccuracyRow[], section: string): number => {
  const { half } = halfOf(rows, section)
  return half!.high - half!.low
}

describe('interval of a section', () => {
  it('is that of subsets resampled independently', async () => {
    const path = packagePath('test/data/runs/section-ci')
    const run = await readRun({ model: 'm', dataset: 'd', path })
    const rows = Array.from(run.pairs.margin, (margin, i) => ({
      subset: run.pairs.subset.names[run.pairs.subset.code[i]!]!,
      cluster: run.pairs.cluster.names[run.pairs.cluster.code[i]!]!,
      margin,
    }))
    // 40 pairs at ½: ½ ± 1.96 · √(¼/40) = 0.345 … 0.655
    const { low, high } = halfOf(rows, 'Prior Sets').half!
    expect(low).toBeCloseTo(0.35, 1)
    expect(high).toBeCloseTo(0.65, 1)
  })
  it('is the same for three equal subsets in any order of rows, also reversed against each other', () => {
    const parts = ['hep-cpp', 'hep-go', 'hep-java'].map((name) => subset(name, 10, 20))
    const plain = accuracyBySubset(parts.flat())
    // ½ ± 1.96 · √(¼/60) = 0.373 … 0.627
    expect(plain.sections.Reasoning!.ci.half!.low).toBeCloseTo(0.373, 1)
    expect(plain.sections.Reasoning!.ci.half!.high).toBeCloseTo(0.627, 1)
    const [a, b, c] = parts as [AccuracyRow[], AccuracyRow[], AccuracyRow[]]
    for (const order of [
      [...a, ...[...b].reverse(), ...c],
      [...[...c].reverse(), ...b, ...a],
      a.flatMap((row, i) => [b[i]!, row, c[19 - i]!]),
    ])
      expect(accuracyBySubset(order).sections).toEqual(plain.sections)
    // each has a stream of its own
    expect(new Set(Object.values(plain.subsets).map(({ ci }) => JSON.stringify(ci.half))).size).toBeGreaterThan(1)
  })
  it('of subsets that share their prompts is as wide as their dependence makes it', () => {
    const same = [...subset('hep-cpp', 10, 20, 'p'), ...subset('hep-go', 10, 20, 'p')]
    const apart = [...subset('hep-cpp', 10, 20), ...subset('hep-go', 10, 20)]
    // the same 20 prompts decided alike twice say no more than once
    expect(widthOf(same, 'Reasoning')).toBeCloseTo(0.4, 1)
    expect(widthOf(apart, 'Reasoning')).toBeCloseTo(0.3, 1)
    expect(accuracyBySubset(same).sections.Reasoning).toMatchObject({ n: 40, clusters: 20 })
    expect(halfOf(same, 'Reasoning').method).toContain('share prompts')
  })
  it('has the variability of a subset at 100 % or 0 % in it: MOVER over Wilson’s limits', () => {
    // both at 100 %: 1 − √(2 · (½ · 0.161)²)
    const full = halfOf([...subset('shp', 20, 20), ...subset('summarize', 20, 20)], 'Prior Sets')
    expect(full.half!.high).toBe(1)
    expect(full.half!.low).toBeCloseTo(1 - Math.SQRT1_2 * (1 - wilson(20, 20)!.low), 12)
    expect(full.method).toMatch(/^MOVER .*wilson/)
    const none = halfOf([...subset('shp', 0, 20), ...subset('summarize', 0, 20)], 'Prior Sets')
    expect([none.half!.low, none.half!.high]).toEqual([0, 1 - full.half!.low].map((v) => expect.closeTo(v, 12)))
    // 100 % and 50 %: below, √((½ · 0.161)² + (½ · 0.2)²); above, the other subset's alone
    const mixed = halfOf([...subset('shp', 20, 20), ...subset('summarize', 10, 20)], 'Prior Sets').half!
    expect(mixed.low).toBeCloseTo(0.75 - Math.hypot(0.161 / 2, 0.1), 1)
    expect(mixed.high).toBeCloseTo(0.85, 1)
  })
  it('says why it is absent', () => {
    const one = halfOf([...subset('shp', 1, 1), ...subset('summarize', 10, 20)], 'Prior Sets')
    expect(one).toEqual({ strict: null, half: null, method: 'none: one prompt in shp' })
    const tied = ['shp', 'summarize'].flatMap((name) => subset(name, 0, 9).map((row) => ({ ...row, margin: 0 })))
    // strictly 0 of 9 each; half ½ whatever is drawn
    expect(halfOf(tied, 'Prior Sets')).toMatchObject({ half: null, strict: { low: 0 } })
    expect(halfOf(tied, 'Prior Sets').method).toContain('half: none: no variation')
  })
  it('covers the truth close to 95 times in 100 where one subset is nearly always right', () => {
    const random = prng(1)
    const draw = (name: string, p: number): AccuracyRow[] =>
      Array.from({ length: 25 }, (_, i) => ({ subset: name, cluster: `${name} ${i}`, margin: random() < p ? 1 : -1 }))
    let inside = 0
    const times = 400
    for (let i = 0; i < times; i++) {
      const rows = [...draw('shp', 0.97), ...draw('summarize', 0.94)]
      const { low, high } = accuracyBySubset(rows, { seed: i, resamples: 400 }).sections['Prior Sets']!.ci.half!
      if (low <= 0.955 && 0.955 <= high) inside++
    }
    expect(inside / times).toBeGreaterThan(0.92)
  })
})

describe('the numbers of summary.json and agreement.csv', () => {
  it('are the same, with the same intervals', async () => {
    const run = await readRun({ model: 'm', dataset: 'd', path: packagePath('test/data/runs/ece-ties') })
    const rows = Array.from(run.pairs.margin, (margin, i) => ({
      subset: run.pairs.subset.names[run.pairs.subset.code[i]!]!,
      cluster: run.pairs.cluster.names[run.pairs.cluster.code[i]!]!,
      margin,
    }))
    const { overall, subsets } = accuracyBySubset(rows)
    const lines = columnStatistics(run.pairs, run.completions).filter((s) => s.statistic === 'accuracy_half')
    expect(lines).toHaveLength(1 + Object.keys(subsets).length)
    for (const [name, a] of [['all', overall] as const, ...Object.entries(subsets)]) {
      const line = lines.find((s) => s.subset === (a !== overall && name === 'all' ? 'all (subset)' : name))!
      expect([line.value, line.ciLow, line.ciHigh], name).toEqual([
        a.half,
        a.ci.half?.low ?? null,
        a.ci.half?.high ?? null,
      ])
    }
  })
})

describe('ties', () => {
  it('of margins are in one bin of the calibration error', async () => {
    const run = await readRun({ model: 'm', dataset: 'd', path: packagePath('test/data/runs/ece-ties') })
    const ece = (subset: string) =>
      columnStatistics(run.pairs, run.completions, { seed: 0, resamples: 20 }).find(
        (s) => s.subset === subset && s.statistic === 'ece',
      )!.value
    // scikit-learn's quantile bins on σ(m) and σ(−m)
    expect(ece('=cmd')).toBeCloseTo(0.2838660185339905, 12)
    expect(ece('-1')).toBeCloseTo(0.22534991949794442, 12)
  })
  it('of a constant score leave no top tenth', async () => {
    const run = await readRun({ model: 'm', dataset: 'd', path: packagePath('test/data/runs/hack-ties') })
    const lines = columnStatistics(run.pairs, run.completions).filter((s) => s.statistic.startsWith('hack_rate'))
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines) {
      expect(line).toMatchObject({ value: null, reason: 'constant' })
      expect(line.n).toBeLessThanOrEqual(16)
    }
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readRun } from '../../analysis/run-folders.ts'
import type { Run } from '../../analysis/runs.ts'
import { accuracyBySubset } from '../../src/agreement/accuracy.ts'
import { columnStatistics } from '../../src/agreement/agreement.ts'
import { ADVANTAGE_MEANINGS } from '../../src/agreement/codebook/advantages.ts'
import { STATISTIC_MEANINGS } from '../../src/agreement/codebook/statistics.ts'
import { packagePath } from '../../src/package.ts'
import type { Statistic } from '../../src/types.ts'
import { expectReference } from '../stats/golden.ts'

interface Expected {
  readonly statistics: readonly Pick<
    Statistic,
    'scope' | 'subset' | 'statistic' | 'value' | 'n' | 'clusters' | 'ties' | 'missing'
  >[]
  readonly sections: Readonly<Record<string, { half: number; low: number; high: number; method: string }>>
  readonly intervals: Readonly<Record<string, readonly [number, number]>>
}
/** Made by scripts/oracles/agreement-runs.py with scikit-learn, SciPy and statsmodels. */
const FOLDER = packagePath('test/data/agreement')
const CASES = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
/** Judged elsewhere: fitted on seeded folds, bounds (bounds.test.ts), or run-process's (choices.test.ts, step-agreement.test.ts, run/process*.test.ts). */
const ELSEWHERE =
  /^(choice_|step_decided_rate$|step_pass_rate$|<statistic>_<heuristic>$|rationale_keep_rate$|annotation_pass_rate$|step_accuracy$|first_error_found$|no_error_seen$|process_bench_f1$)|_cross_fitted$|^(brier_base|brier_platt|log_loss_platt|brier_isotonic)$|_if_unverifiable_|_(lowest|highest)$/

describe.each(CASES)('every number of %s, by another way', (name) => {
  const expected = JSON.parse(readFileSync(join(FOLDER, name, 'expected.json'), 'utf8')) as Expected
  let run: Run
  let statistics: readonly Statistic[]
  beforeAll(async () => {
    run = await readRun({ model: 'm', dataset: 'd', path: join(FOLDER, name) })
    statistics = columnStatistics(run.pairs, run.completions)
  })
  const find = (scope: string, subset: string, statistic: string): Statistic =>
    statistics.find((s) => s.scope === scope && s.subset === subset && s.statistic === statistic)!

  it('agreement.csv: value, n, clusters, ties and missing', () => {
    expect(expected.statistics.length).toBeGreaterThan(25)
    for (const want of expected.statistics) {
      const label = `${want.scope} ${want.subset} ${want.statistic}`
      const got = find(want.scope, want.subset, want.statistic)
      expect(got, label).toBeDefined()
      if (want.value === null) expect([got.value, got.reason === null], label).toEqual([null, false])
      else expectReference(got.value, want.value, label)
      const { n, clusters, ties, missing } = got
      expect({ n, clusters, ties, missing }, label).toEqual({
        n: want.n,
        clusters: want.clusters,
        ties: want.ties,
        missing: want.missing,
      })
    }
  })
  it('agreement.csv: intervals that other draws give, up to their noise', () => {
    for (const [statistic, [low, high]] of Object.entries(expected.intervals)) {
      const scope = statistic.startsWith('auroc') || statistic.startsWith('hack') ? 'completions' : 'pairs'
      const got = find(scope, 'all', statistic)
      // 600 draws there, 2,000 here
      expect(Math.abs(got.ciLow! - low), `${statistic} ${got.ciLow} against ${low}`).toBeLessThan(0.045)
      expect(Math.abs(got.ciHigh! - high), `${statistic} ${got.ciHigh} against ${high}`).toBeLessThan(0.045)
    }
  })
  it('the sections: subsets resampled independently, or MOVER where one is at 0 or 100 %', () => {
    const { code, names } = run.pairs.subset
    const rows = Array.from(run.pairs.margin, (margin, i) => ({
      subset: names[code[i]!]!,
      cluster: run.pairs.cluster.names[run.pairs.cluster.code[i]!]!,
      margin: Number.isNaN(margin) ? null : margin,
    }))
    const { sections } = accuracyBySubset(rows)
    expect(Object.keys(sections)).toEqual(Object.keys(expected.sections))
    for (const [section, want] of Object.entries(expected.sections)) {
      const { half, ci } = sections[section]!
      expect(half, section).toBeCloseTo(want.half, 12)
      expect(ci.method, section).toContain(want.method)
      expect(Math.abs(ci.half!.low - want.low), `${section} ${ci.half!.low} ${want.low}`).toBeLessThan(0.018)
      expect(Math.abs(ci.half!.high - want.high), `${section} ${ci.half!.high} ${want.high}`).toBeLessThan(0.018)
    }
    // any order of the rows
    expect(accuracyBySubset([...rows].reverse()).sections).toEqual(sections)
  })
})

it('has another way for every statistic', () => {
  const seen = new Set(
    CASES.flatMap((name) =>
      (JSON.parse(readFileSync(join(FOLDER, name, 'expected.json'), 'utf8')) as Expected).statistics
        .filter(({ value }) => value !== null)
        .map(({ statistic }) => statistic),
    ),
  )
  const without = Object.keys(STATISTIC_MEANINGS).filter(
    (name) => !seen.has(name) && !ELSEWHERE.test(name) && !Object.hasOwn(ADVANTAGE_MEANINGS, name),
  )
  // faults.test.ts's, orders.test.ts's and baselines.test.ts's; advantages.test.ts's stand in a table of their own
  expect(without).toEqual(['pair_share', 'order_consistency', 'model_minus_null'])
})

import { beforeAll, expect, it } from 'vitest'
import { columnStatistics } from '../../src/agreement/agreement.ts'
import { pairCalibration } from '../../src/agreement/calibration.ts'
import { CLOSED_FROM, CLOSED_METHOD, closedInterval } from '../../src/agreement/closed-form.ts'
import { allRows, type CompletionColumns, type PairColumns } from '../../src/agreement/columns.ts'
import { completionStatistics } from '../../src/agreement/completions.ts'
import { DEFAULT_SETTINGS } from '../../src/agreement/intervals.ts'
import { pairStatistics } from '../../src/agreement/pairs.ts'
import { prng } from '../../src/prng.ts'
import type { Statistic } from '../../src/types.ts'

/** Pairs of so many prompts, one or two each, with partial credit and scores that tie now and then. */
function data(prompts: number): { pairs: PairColumns; completions: CompletionColumns } {
  const random = prng(8)
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const rows: { c: number; chosen: [number, number]; rejected: [number, number] }[] = []
  for (let c = 0; c < prompts; c++) {
    const level = 0.7 * normal()
    for (let k = 0; k <= c % 2; k++) {
      const side = (right: number): [number, number] => {
        const reward = random() < right ? 1 : random() < 0.5 ? 0 : 0.5
        return [Math.round(64 * (normal() + level + reward)) / 64, reward]
      }
      rows.push({ c, chosen: side(0.8), rejected: side(0.2) })
    }
  }
  const of = (value: (row: (typeof rows)[0]) => number): Float64Array => Float64Array.from(rows, value)
  const names = Array.from({ length: prompts }, (_, c) => String(c).padStart(6, '0'))
  const coded = (copies: number) => ({
    n: copies * rows.length,
    cluster: { names, code: Int32Array.from({ length: copies * rows.length }, (_, i) => rows[i % rows.length]!.c) },
    subset: { names: ['s'], code: new Int32Array(copies * rows.length) },
  })
  const both = (at: 0 | 1): Float64Array => Float64Array.of(...of((r) => r.chosen[at]), ...of((r) => r.rejected[at]))
  return {
    pairs: {
      ...coded(1),
      margin: of((r) => r.chosen[0] - r.rejected[0]),
      chosenReward: of((r) => r.chosen[1]),
      rejectedReward: of((r) => r.rejected[1]),
      chosenChars: of(() => Number.NaN),
      rejectedChars: of(() => Number.NaN),
    },
    completions: { ...coded(2), score: both(0), reward: both(1), length: both(0).fill(Number.NaN) },
  }
}

let closed: Statistic[]
let resampled: Statistic[]
beforeAll(() => {
  const { pairs, completions } = data(CLOSED_FROM)
  const sample = { scope: 'pairs', subset: 'all', settings: { ...DEFAULT_SETTINGS, resamples: 600 } }
  const all = (): Statistic[] => {
    const p = { ...sample, columns: pairs, rows: allRows(pairs.n) }
    const c = { ...sample, scope: 'completions', columns: completions, rows: allRows(completions.n) }
    return [...pairStatistics(p), ...pairCalibration(p), ...completionStatistics(c)]
  }
  closed = all()
  // One prompt fewer, and the same statistics are resampled: that prompt's row is left out of both files.
  pairs.margin[0] = Number.NaN
  completions.score[0] = Number.NaN
  completions.score[pairs.n] = Number.NaN
  resampled = all()
})

it('of rank statistics, losses and hack rates agrees with resampling, at the number of prompts where it takes over', () => {
  const names = closed.filter((s) => s.ciMethod === CLOSED_METHOD).map((s) => s.statistic)
  expect(names).toEqual([
    'margin_auroc', 'margin_kendall_tau_b',
    'brier', 'log_loss', 'sharpness', 'brier_cross_fitted', 'log_loss_cross_fitted', 'sharpness_cross_fitted',
    'auroc', 'average_precision', 'auroc_within_prompt', 'kendall_tau_b', 'kendall_tau_b_within_prompt', 'somers_d', 'spearman',
    'hack_rate_0.9', 'hack_rate_0.95',
  ]) // biome-ignore format: by file
  for (const name of names) {
    const [ours, theirs] = [closed, resampled].map((list) => list.find((s) => s.statistic === name)!) as [
      Statistic,
      Statistic,
    ]
    expect(theirs.ciMethod, name).toMatch(/^cluster bootstrap/)
    const width = (s: Statistic): number => s.ciHigh! - s.ciLow!
    // 600 resamples know a percentile interval's width to about 5 %, an end of it to about 4 % of the width.
    expect(width(ours) / width(theirs), name).toBeGreaterThan(0.85)
    expect(width(ours) / width(theirs), name).toBeLessThan(1.15)
    for (const end of ['ciLow', 'ciHigh'] as const)
      expect(Math.abs(ours[end]! - theirs[end]!) / width(theirs), `${name} ${end}`).toBeLessThan(0.13)
  }
})

it('gives way to resampling where few prompts differ, or where it would leave the range of the statistic', () => {
  const form = { error: 0.01, varied: 1000, low: 0, high: 1 }
  expect(closedInterval(0.5, form)!.interval!.low).toBeCloseTo(0.4804, 4)
  expect(closedInterval(0.5, { ...form, varied: 999 })).toBeNull()
  expect(closedInterval(0.99, form)).toBeNull()
  expect(closedInterval(0.5, { ...form, error: 0 })).toBeNull()
  expect(closedInterval(0.5, null)).toBeNull()
})

it('draws the same whatever was asked before: a subset alone has its own numbers', () => {
  const { pairs, completions } = data(60)
  const settings = { seed: 4, resamples: 50 }
  const first = columnStatistics(pairs, completions, settings)
  columnStatistics(data(61).pairs, completions, { seed: 5, resamples: 80 })
  expect(columnStatistics(pairs, completions, settings)).toEqual(first)
})

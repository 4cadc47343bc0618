import { exchangedDeclines } from './exchanged-rewards.ts'
import { type GroupSample, resampledPaths } from './group-curves.ts'
import type { GroupPaths } from './group-paths.ts'
import { correctness, type GroupValues, usable } from './group-values.ts'
import { type BootstrapSettings, intervalOf, type MethodInterval, ONE_PROMPT, randomOf } from './intervals.ts'
import { affordableResamples } from './statistic.ts'

/** Whether the reward of the model's pick declines after a peak, as n grows: over-optimisation of a learned reward (Gao et al. 2023). */
export interface OverOptimisation {
  readonly subset: string
  /** best_of_n, or best_of_n_reward. */
  readonly method: string
  /** Groups with at least `lastN` completions that count, over which the whole curve is taken; and those left out, which have fewer. */
  readonly groups: number
  readonly leftOut: number
  readonly clusters: number
  /** Smallest n with the largest value. */
  readonly peakN: number | null
  readonly peak: number | null
  /** Largest n that at least half of the groups have. */
  readonly lastN: number | null
  readonly last: number | null
  /** peak − last. */
  readonly decline: number | null
  /** Interval of the difference between these two n; the peak having been looked for, it is optimistic. */
  readonly interval: MethodInterval
  /** One-sided: the chance to see a decline as large, over all n that could have been the peak: the larger of the two below. */
  readonly p: number | null
  /**
   * Of a curve that never declines: prompts are resampled and the curve's differences to its end recentred (the least favourable null, a flat
   * curve): (1 + hits) / (1 + resamples). With few prompts, or few that pass, this alone is far too small.
   */
  readonly pResampled: number | null
  /** Of a score that says nothing: rewards are exchanged within each group, (1 + hits) / (1 + draws). Exact for any number of prompts. */
  readonly pExchanged: number | null
  readonly reason: string | null
}

/** Differences below this are rounding. */
const ROUNDING = 1e-12

/** The test on the curve of best of n. @param groups those that `paths` were made of, by the same `worth` */
export function overOptimisation(
  sample: GroupSample,
  paths: GroupPaths,
  groups: readonly GroupValues[],
  worth: 'pass' | 'reward',
): OverOptimisation {
  const values = paths.values.best_of_n
  const sizes = [...sample.rows].map((g) => definedPoints(paths, values, g))
  const counted = sizes.filter((size) => size > 0).sort((a, b) => b - a)
  const blank = {
    subset: sample.subset,
    method: worth === 'pass' ? 'best_of_n' : 'best_of_n_reward',
    groups: 0,
    leftOut: sizes.length,
    clusters: 0,
    peakN: null,
    peak: null,
    lastN: null,
    last: null,
    decline: null,
    interval: { interval: null, method: null },
    p: null,
    pResampled: null,
    pExchanged: null,
  }
  const points = counted[Math.ceil(counted.length / 2) - 1]
  if (points === undefined) return { ...blank, reason: 'no_scored_and_verified_completion' }
  const kept = withPoints(sample, sizes, points)
  const { rows } = kept
  const { settings } = kept.draws
  const { sums, curve } = resampledPaths(kept, { ...paths, grid: paths.grid.slice(0, points) }, [values])
  const { estimates, distributions } = curve(([mean]) => mean!)
  const clusters = sums.clusters[0]!
  const last = points - 1
  const top = estimates.reduce((a, b) => Math.max(a, b))
  const peak = estimates.findIndex((value) => top - value <= ROUNDING * Math.max(1, Math.abs(top)))
  const decline = peak === last ? 0 : estimates[peak]! - estimates[last]!
  const found = {
    ...blank,
    groups: rows.length,
    leftOut: sample.rows.length - rows.length,
    clusters,
    peakN: paths.grid[peak]!,
    peak: estimates[peak]!,
    lastN: paths.grid[last]!,
    last: estimates[last]!,
    decline,
  }
  if (points === 1) return { ...found, decline: null, reason: 'one_completion_per_group' }
  if (clusters < 2) return { ...found, interval: ONE_PROMPT, reason: 'one_prompt' }
  const ends = distributions[last]!
  const differences = Float64Array.from(ends, (end, b) => distributions[peak]![b]! - end)
  const interval =
    peak === last
      ? { interval: null, method: 'none: the curve peaks at its end' }
      : intervalOf(decline, differences, clusters, settings, worth === 'pass' && decline === 1)
  let hits = 0
  for (let b = 0; b < ends.length; b++) {
    let largest = 0
    for (let k = 0; k < last; k++)
      largest = Math.max(largest, distributions[k]![b]! - ends[b]! - (estimates[k]! - estimates[last]!))
    if (largest >= decline - ROUNDING) hits++
  }
  const pResampled = (1 + hits) / (1 + ends.length)
  const pExchanged = chanceOfDecline(decline, rows, paths.grid.slice(0, points), groups, worth, settings)
  return { ...found, interval, p: Math.max(pResampled, pExchanged), pResampled, pExchanged, reason: null }
}

function chanceOfDecline(
  decline: number,
  rows: Int32Array,
  grid: readonly number[],
  groups: readonly GroupValues[],
  worth: 'pass' | 'reward',
  settings: BootstrapSettings,
): number {
  const counted = Array.from(rows, (g) => {
    const { scores, rewards } = groups[g]!
    const worths = worth === 'pass' ? correctness(rewards) : rewards
    const used = usable(groups[g]!, true)
    return { scores: used.map((i) => scores[i]!), worths: used.map((i) => worths[i]!) }
  })
  const completions = counted.reduce((sum, { worths }) => sum + worths.length, 0)
  const draws = affordableResamples(settings.resamples, 4 * completions)
  const random = randomOf({ ...settings, stream: `exchanged rewards, ${settings.stream ?? 'all'}` })
  const declines = exchangedDeclines(counted, grid, draws, random)
  const hits = declines.reduce((sum, one) => sum + (one >= decline - ROUNDING ? 1 : 0), 0)
  return (1 + hits) / (1 + draws)
}

/** How many points of the grid a group has a value at, from the first on. */
function definedPoints({ start }: Pick<GroupPaths, 'start'>, values: Float64Array, g: number): number {
  let k = start[g]!
  while (k < start[g + 1]! && !Number.isNaN(values[k]!)) k++
  return k - start[g]!
}

/** The groups with so many points, and their prompts 0, 1, … in order; all of them where none has fewer. */
function withPoints(sample: GroupSample, sizes: readonly number[], points: number): GroupSample {
  if (sizes.every((size) => size >= points)) return sample
  const rows = sample.rows.filter((_, i) => sizes[i]! >= points)
  const cluster = sample.cluster.filter((_, i) => sizes[i]! >= points)
  const names = [...new Set(cluster)].sort((a, b) => a - b)
  const at = new Map(names.map((name, i) => [name, i]))
  return {
    subset: sample.subset,
    rows,
    cluster: cluster.map((c) => at.get(c)!),
    draws: sample.draws.of(names.length),
  }
}

export const OVER_OPTIMISATION_COLUMNS = [
  'subset', 'method', 'peak_n', 'peak', 'last_n', 'last', 'decline', 'ci_low', 'ci_high', 'ci_method', 'p', 'p_holm', 'family',
  'groups', 'clusters', 'left_out', 'reason', 'p_resampled', 'p_exchanged',
] as const // biome-ignore format: two lines say it

/** Rows of over-optimisation.csv, `pHolm` and `family` in the order of the tests. */
export const overOptimisationRow = (
  t: OverOptimisation,
  pHolm: number | null,
  family: string,
): (string | number | null)[] => [
  t.subset, t.method, t.peakN, t.peak, t.lastN, t.last, t.decline, t.interval.interval?.low ?? null, t.interval.interval?.high ?? null,
  t.interval.method, t.p, pHolm, family, t.groups, t.clusters, t.leftOut, t.reason,
  t.pResampled, t.pExchanged,
] // biome-ignore format: in the order of the columns

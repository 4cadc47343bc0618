import { bootstrapSums } from '../stats/sums.ts'
import type { GroupPaths } from './group-paths.ts'
import { type BootstrapSettings, intervalOf, randomOf } from './intervals.ts'
import { affordableResamples } from './statistic.ts'

/** A value over n = completions per prompt, of one subset (`all` = every group) and one method (curves.csv has their definitions). */
export interface GroupCurve {
  readonly subset: string
  readonly method: string
  readonly points: readonly GroupCurvePoint[]
}
export interface GroupCurvePoint {
  readonly n: number
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** How the interval was made, or why there is none. */
  readonly ciMethod: string | null
  /** Groups that the value is a mean of: those with at least n completions that count. */
  readonly groups: number
  /** Prompts among them. */
  readonly clusters: number
  /** Groups with n completions or more of which the value is not known. */
  readonly missing: number
  /** KL divergence of the best of n from the policy, nats; null for methods that are no best of n. */
  readonly kl: number | null
  /** Why the value is null. */
  readonly reason: string | null
}

/** Groups of a subset, and the prompt that each belongs to. */
export interface GroupSample {
  readonly subset: string
  /** Which groups. */
  readonly rows: Int32Array
  /** Prompt of each of them. */
  readonly cluster: Int32Array
  readonly clusters: number
  readonly settings: BootstrapSettings
}

/** Sums over groups, by n and prompt: what means, differences and ratios of curves and their resamples are made of. */
interface CurveSums {
  /** Groups that have a value of every path at the k-th n, and those that have n completions. */
  readonly groups: readonly number[]
  readonly long: readonly number[]
  readonly clusters: readonly number[]
  readonly columns: readonly Float64Array[]
  /** Of the k-th n: the column of counts, and those of the sums of each path. */
  readonly at: readonly { readonly count: number; readonly sums: readonly number[] }[]
}

/**
 * @param paths that are needed together: a group counts at n where it has a value of each
 * @param least groups with fewer points of the grid than this are left out
 */
function curveSums(
  { rows, cluster, clusters }: GroupSample,
  { grid, start }: Pick<GroupPaths, 'grid' | 'start'>,
  paths: readonly Float64Array[],
  least = 0,
): CurveSums {
  const columns: Float64Array[] = []
  const at: { count: number; sums: number[] }[] = []
  const sums: CurveSums = { groups: [], long: [], clusters: [], columns, at }
  for (const k of grid.keys()) {
    const count = new Float64Array(clusters)
    const totals = paths.map(() => new Float64Array(clusters))
    let [groups, long] = [0, 0]
    for (const [i, g] of rows.entries()) {
      const place = start[g]! + k
      const points = start[g + 1]! - start[g]!
      if (k >= points || points < least) continue
      long++
      if (paths.some((path) => Number.isNaN(path[place]!))) continue
      groups++
      const c = cluster[i]!
      count[c] = count[c]! + 1
      for (const [p, path] of paths.entries()) totals[p]![c] = totals[p]![c]! + path[place]!
    }
    if (groups === 0) break
    // groups of one size have the same counts at every n
    const before = at.at(-1)?.count
    const same = before !== undefined && columns[before]!.every((value, c) => value === count[c])
    if (!same) columns.push(count)
    const first = columns.length
    columns.push(...totals)
    at.push({ count: same ? before : first - 1, sums: totals.map((_, p) => first + p) })
    ;(sums.groups as number[]).push(groups)
    ;(sums.long as number[]).push(long)
    ;(sums.clusters as number[]).push(count.reduce((some, value) => some + (value > 0 ? 1 : 0), 0))
  }
  return sums
}

/** The curve's estimates and its resamples at each n, from the means of the paths. */
export function resampledCurve(
  sample: GroupSample,
  paths: Pick<GroupPaths, 'grid' | 'start'>,
  values: readonly Float64Array[],
  of: (means: readonly number[]) => number = ([mean]) => mean!,
  least = 0,
) {
  const { settings, clusters } = sample
  const sums = curveSums(sample, paths, values, least)
  const { columns, at } = sums
  const resamples = clusters < 2 ? 0 : affordableResamples(settings.resamples, clusters * columns.length)
  const used = { ...settings, resamples }
  const means = values.map(() => 0)
  const { estimates, distributions } = bootstrapSums(
    columns,
    at.length,
    (totals, out) => {
      for (let k = 0; k < at.length; k++) {
        const { count, sums } = at[k]!
        const groups = totals[count]!
        for (let p = 0; p < sums.length; p++) means[p] = totals[sums[p]!]! / groups
        out[k] = of(means)
      }
    },
    resamples,
    randomOf(settings),
  )
  return { sums, estimates, distributions, settings: used }
}

/** ln n − (n − 1)/n (Beirami et al. 2024, arXiv:2401.01879: an upper bound). */
export const klBestOfN = (n: number): number => Math.log(n) - (n - 1) / n

/** How a curve of curves.csv is made from the paths. */
export interface CurveSpec {
  readonly method: string
  readonly values: readonly Float64Array[]
  readonly of?: (means: readonly number[]) => number
  /** A share: Wilson's interval at 0 and 1. */
  readonly share: boolean
  /** Has a KL divergence. */
  readonly bestOf: boolean
}

/** One curve with its bands; null where no group has a value. */
export function groupCurve(
  sample: GroupSample,
  paths: Pick<GroupPaths, 'grid' | 'start'>,
  { method, values, of, share, bestOf }: CurveSpec,
): GroupCurve | null {
  const { sums, estimates, distributions, settings } = resampledCurve(sample, paths, values, of)
  if (sums.at.length === 0) return null
  const points = sums.at.map((_, k): GroupCurvePoint => {
    const n = paths.grid[k]!
    const value = estimates[k]!
    const defined = Number.isFinite(value)
    const [groups, clusters] = [sums.groups[k]!, sums.clusters[k]!]
    const made = intervalOf(value, distributions[k]!, clusters, settings, share)
    return {
      n,
      value: defined ? value : null,
      low: defined ? (made.interval?.low ?? null) : null,
      high: defined ? (made.interval?.high ?? null) : null,
      ciMethod: defined ? made.method : null,
      groups,
      clusters,
      missing: sums.long[k]! - groups,
      kl: bestOf ? klBestOfN(n) : null,
      reason: defined ? null : 'nothing_to_gain',
    }
  })
  return { subset: sample.subset, method, points }
}

export const CURVE_COLUMNS = [
  'subset', 'method', 'n', 'value', 'ci_low', 'ci_high', 'ci_method', 'groups', 'clusters', 'missing', 'kl', 'reason',
] as const // biome-ignore format: one line says it

/** Rows of curves.csv. */
export const curveRows = (curves: readonly GroupCurve[]): (string | number | null)[][] =>
  curves.flatMap(
    ({ subset, method, points }) =>
    points.map((p) => [
      subset, method, p.n, p.value, p.low, p.high, p.ciMethod, p.groups, p.clusters, p.missing, p.kl, p.reason,
    ]), // biome-ignore format: in the order of the columns
  )

import type { ClusterDraws } from './cluster-draws.ts'
import type { GroupPaths } from './group-paths.ts'
import { intervalOf } from './intervals.ts'

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
  /** Resamples of the prompts. */
  readonly draws: ClusterDraws
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
 */
function curveSums(
  { rows, cluster, draws: { clusters } }: GroupSample,
  { grid, start }: Pick<GroupPaths, 'grid' | 'start'>,
  paths: readonly Float64Array[],
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
      if (k >= points) continue
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

/** Estimates and resamples at each n of whatever is a function of the means of some paths. */
export function resampledPaths(
  sample: GroupSample,
  paths: Pick<GroupPaths, 'grid' | 'start'>,
  values: readonly Float64Array[],
) {
  const { draws } = sample
  const sums = curveSums(sample, paths, values)
  const resampled = draws.totals(sums.columns)
  const whole = sums.columns.map((column) => Float64Array.of(column.reduce((a, b) => a + b, 0)))
  const means = values.map(() => 0)
  const curve = (of: CurveSpec['of']) => {
    const at = (totals: readonly Float64Array[], k: number, b: number): number => {
      const { count, sums: parts } = sums.at[k]!
      const groups = totals[count]![b]!
      for (let p = 0; p < parts.length; p++) means[p] = totals[parts[p]!]![b]! / groups
      return of(means)
    }
    return {
      estimates: Float64Array.from(sums.at, (_, k) => at(whole, k, 0)),
      distributions: sums.at.map((_, k) =>
        Float64Array.from({ length: draws.settings.resamples }, (_, b) => at(resampled, k, b)),
      ),
    }
  }
  return { sums, curve }
}

/** ln n − (n − 1)/n (Beirami et al. 2024, arXiv:2401.01879: an upper bound). */
export const klBestOfN = (n: number): number => Math.log(n) - (n - 1) / n

/** How a curve of curves.csv is made from the means of some paths. */
export interface CurveSpec {
  readonly method: string
  readonly of: (means: readonly number[]) => number
  /** A share: Wilson's interval at 0 and 1. */
  readonly share: boolean
  /** Has a KL divergence. */
  readonly bestOf: boolean
}

/** Curves with their bands, all of the same paths: a group counts at n where it has a value of each. None where no group has. */
export function groupCurves(
  sample: GroupSample,
  paths: Pick<GroupPaths, 'grid' | 'start'>,
  values: readonly Float64Array[],
  specs: readonly CurveSpec[],
): GroupCurve[] {
  const { sums, curve } = resampledPaths(sample, paths, values)
  if (sums.at.length === 0) return []
  return specs.map(({ method, of, share, bestOf }) => {
    const { estimates, distributions } = curve(of)
    const points = sums.at.map((_, k): GroupCurvePoint => {
      const n = paths.grid[k]!
      const value = estimates[k]!
      const defined = Number.isFinite(value)
      const [groups, clusters] = [sums.groups[k]!, sums.clusters[k]!]
      const made = intervalOf(value, distributions[k]!, clusters, sample.draws.settings, share)
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
  })
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

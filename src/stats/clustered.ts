import { indexClusters } from './bootstrap.ts'
import { allFinite, sum } from './descriptive.ts'
import { sameLength } from './rank.ts'
import { betaQuantile, studentTwoSided } from './special.ts'

/**
 * Cluster-robust standard error of a mean: SE² = C/(C − 1) · Σ_c (Σ_{i∈c} (x_i − x̄))² / n² (Liang & Zeger; inspect_ai's
 * `stderr(cluster=)`; statsmodels OLS on a constant with cov_type='cluster' has the same factor). null for fewer than two clusters.
 * @example clusterStandardError([1, 1, 0, 0], ['a', 'a', 'b', 'b']) // 0.5
 */
export function clusterStandardError(values: ArrayLike<number>, clusters: readonly (string | number)[]): number | null {
  sameLength(values, clusters)
  const { cluster, clusters: count } = indexClusters(clusters)
  if (count < 2 || !allFinite(values)) return null
  const n = values.length
  const mean = sum(values) / n
  const totals = new Float64Array(count)
  cluster.forEach((c, i) => {
    totals[c] = totals[c]! + values[i]! - mean
  })
  return Math.sqrt((count / (count - 1)) * sum(totals.map((t) => t * t))) / n
}

/** The t with P(|T| ≥ t) = 1 − level. */
export function studentQuantile(level: number, df: number): number {
  const x = betaQuantile(1 - level, df / 2, 0.5)
  return Math.sqrt((df * (1 - x)) / x)
}

export interface PairedT {
  readonly p: number
  readonly statistic: number
  readonly difference: number
  readonly low: number
  readonly high: number
  readonly df: number
}
/**
 * Student's paired t test of mean difference 0 (scipy.stats.ttest_rel) with its 95 % interval; null for fewer than two rows.
 * Differences that are all equal and not 0 have t = ±∞ and p = 0; all 0, null.
 */
export function pairedT(a: ArrayLike<number>, b: ArrayLike<number>): PairedT | null {
  sameLength(a, b)
  const d = Float64Array.from(a, (v, i) => v - b[i]!)
  const n = d.length
  if (n < 2 || !allFinite(d)) return null
  const difference = sum(d) / n
  const error = Math.sqrt(sum(d.map((v) => (v - difference) ** 2)) / (n - 1) / n)
  const statistic = difference / error
  if (Number.isNaN(statistic)) return null
  const half = studentQuantile(0.95, n - 1) * error
  return {
    p: studentTwoSided(statistic, n - 1),
    statistic,
    difference,
    low: difference - half,
    high: difference + half,
    df: n - 1,
  }
}

/**
 * Two one-sided tests of equivalence: is the mean difference within ±margin? (Schuirmann 1987; statsmodels ttost_paired.)
 * `p` = the larger of the two one-sided p-values; small means equivalent. The margin is fixed beforehand.
 * @param clusters rows of one cluster depend on each other: cluster-robust standard error, clusters − 1 degrees of freedom
 */
export function equivalenceTest(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  margin: number,
  clusters: readonly (string | number)[] | null = null,
): { readonly p: number; readonly difference: number } | null {
  sameLength(a, b)
  const d = Float64Array.from(a, (v, i) => v - b[i]!)
  const n = d.length
  if (n < 2 || !allFinite(d) || !(margin > 0)) return null
  const difference = sum(d) / n
  const robust = clusters === null ? null : clusterStandardError(d, clusters)
  if (clusters !== null && robust === null) return null
  const error = robust ?? Math.sqrt(sum(d.map((v) => (v - difference) ** 2)) / (n - 1) / n)
  const df = (clusters === null ? n : new Set(clusters).size) - 1
  // Differences that do not vary leave no doubt.
  if (error === 0) return { p: Math.abs(difference) < margin ? 0 : 1, difference }
  const oneSided = (shift: number, above: boolean): number => {
    const statistic = (difference - shift) / error
    const two = studentTwoSided(statistic, df)
    return statistic > 0 === above ? two / 2 : 1 - two / 2
  }
  return { p: Math.max(oneSided(-margin, true), oneSided(margin, false)), difference }
}

import { prng } from '../prng.ts'
import { indexClusters } from './bootstrap.ts'
import { allFinite, sum } from './descriptive.ts'
import { checkCount, checkOneOf } from './options.ts'
import { sameLength } from './rank.ts'
import { saddlepointTail, signedSumTail } from './signed-sum.ts'

export interface SignFlipOptions {
  /** Cluster (prompt) of each difference; the sign of a cluster's mean is flipped as one. Default: every difference alone. */
  readonly clusters?: readonly (string | number)[]
  /** mean of cluster means (default), or rows: every row counts the same, as in an accuracy over rows. */
  readonly weight?: 'clusters' | 'rows'
  /** Random sign patterns where there are more than 20 clusters whose values have no common unit. */
  readonly draws?: number
  readonly seed?: number
}
export interface SignFlip {
  /** Two-sided: the share of sign patterns whose mean is as far from 0 as the observed one. */
  readonly p: number
  /** Mean difference that is tested. */
  readonly statistic: number
  readonly clusters: number
  readonly exact: boolean
  /** Sign patterns that were listed or drawn; 0 where their distribution was summed or approximated. */
  readonly draws: number
  /**
   * exact: every pattern counts; drawn: (1 + hits)/(1 + draws); saddlepoint: its tail approximation, where fewer than 100 drawn
   * patterns go as far, so that p does not end at 1/(1 + draws), or drawing would take too long.
   */
  readonly method: 'exact' | 'drawn' | 'saddlepoint'
}
/** 2²⁰ patterns are enumerated in some milliseconds. */
const EXACT_CLUSTERS = 20
/** Patterns whose mean is equal but for rounding count as equal. */
const TOLERANCE = 1e-12
/** Fewer drawn patterns than this say little of a tail: their share is off by a tenth and more. */
const ENOUGH_HITS = 100
/** Signs that are drawn at most; the saddlepoint is good to 1 / n where n is large. */
const DRAWN_WORK = 2e9

/** Signed sums of all 2ᵏ patterns of the values. */
function signedSums(values: readonly number[]): Float64Array {
  let sums = Float64Array.of(0)
  for (const v of values) {
    const next = new Float64Array(sums.length * 2)
    sums.forEach((s, i) => {
      next[i] = s + v
      next[i + sums.length] = s - v
    })
    sums = next
  }
  return sums
}

/**
 * Sign-flip permutation test of mean difference 0: under the null each prompt's difference is as likely as its negative.
 * Exact up to 20 clusters that differ, and for any number whose values have a common unit (half accuracies); else 10,000 random patterns,
 * and where few of them go as far the saddlepoint approximation. null without a difference.
 * @example signFlipTest([0.3, -0.1, 0.5, 0.2, -0.4, 0.6, 0.1, 0.0]).p // 0.265625
 */
export function signFlipTest(differences: ArrayLike<number>, options: SignFlipOptions = {}): SignFlip | null {
  const { weight = 'clusters', draws = 10_000, seed = 0 } = options
  checkOneOf('weight', weight, ['clusters', 'rows'])
  checkCount('draws', draws)
  if (differences.length === 0 || !allFinite(differences)) return null
  const labels = options.clusters ?? Array.from({ length: differences.length }, (_, i) => i)
  sameLength(labels, differences)
  const { cluster, clusters } = indexClusters(labels)
  const totals = new Float64Array(clusters)
  const rows = new Float64Array(clusters)
  cluster.forEach((c, i) => {
    totals[c] = totals[c]! + differences[i]!
    rows[c] = rows[c]! + 1
  })
  const values = weight === 'rows' ? totals : totals.map((t, c) => t / rows[c]!)
  const denominator = weight === 'rows' ? differences.length : clusters
  const observed = sum(values)
  const limit = Math.abs(observed) - TOLERANCE * values.reduce((most, v) => Math.max(most, Math.abs(v)), 0) * clusters
  const statistic = observed / denominator
  const moving = values.filter((v) => v !== 0)
  const found = { statistic, clusters }
  if (limit <= 0) return { ...found, p: 1, exact: true, draws: 0, method: 'exact' }
  if (moving.length <= EXACT_CLUSTERS) {
    // Two half tables: every pattern's sum is one addition, so rounding does not build up.
    const half = moving.length >> 1
    const left = signedSums([...moving.subarray(0, half)])
    const right = signedSums([...moving.subarray(half)])
    let hits = 0
    for (const l of left) for (const r of right) if (Math.abs(l + r) >= limit) hits++
    const patterns = left.length * right.length
    return { ...found, p: hits / patterns, exact: true, draws: patterns, method: 'exact' }
  }
  const summed = signedSumTail(moving, Math.abs(observed))
  if (summed !== null) return { ...found, p: summed, exact: true, draws: 0, method: 'exact' }
  const hits = moving.length * draws > DRAWN_WORK ? 0 : drawnHits(moving, limit, draws, seed)
  if (hits < ENOUGH_HITS)
    return { ...found, p: saddlepointTail(moving, Math.abs(observed)), exact: false, draws: 0, method: 'saddlepoint' }
  return { ...found, p: (1 + hits) / (1 + draws), exact: false, draws, method: 'drawn' }
}

/** Random sign patterns whose sum is as far from 0 as the limit. */
function drawnHits(values: Float64Array, limit: number, draws: number, seed: number): number {
  const random = prng(seed)
  let hits = 0
  for (let d = 0; d < draws; d++) {
    let total = 0
    let bits = 0
    for (let c = 0; c < values.length; c++) {
      if (c % 32 === 0) bits = Math.floor(random() * 4294967296)
      total += bits & 1 ? values[c]! : -values[c]!
      bits >>>= 1
    }
    if (Math.abs(total) >= limit) hits++
  }
  return hits
}

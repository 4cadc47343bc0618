import { allFinite } from './descriptive.ts'
import { type BinaryLabels, zeroOne } from './labels.ts'
import { averageRanks, sameLength } from './rank.ts'
import { normalTwoSided, Z95 } from './special.ts'

export interface DeLong {
  readonly a: number
  readonly b: number
  /** a − b. */
  readonly difference: number
  readonly standardError: number
  readonly low: number
  readonly high: number
  /** Two-sided; 1 where the two scorers rank alike (difference and variance 0). */
  readonly p: number
}

/** Structural components of one scorer's AUROC: for each positive the share of negatives below it, and the reverse. */
function components(positive: Float64Array, negative: Float64Array): { v10: Float64Array; v01: Float64Array } {
  const [m, n] = [positive.length, negative.length]
  const all = new Float64Array(m + n)
  all.set(positive)
  all.set(negative, m)
  const together = averageRanks(all)
  const among1 = averageRanks(positive)
  const among0 = averageRanks(negative)
  return {
    v10: positive.map((_, i) => (together[i]! - among1[i]!) / n),
    v01: negative.map((_, j) => 1 - (together[m + j]! - among0[j]!) / m),
  }
}

function covariance(a: Float64Array, b: Float64Array): number {
  const [ma, mb] = [a.reduce((s, v) => s + v, 0) / a.length, b.reduce((s, v) => s + v, 0) / b.length]
  let total = 0
  for (let i = 0; i < a.length; i++) total += (a[i]! - ma) * (b[i]! - mb)
  return total / (a.length - 1)
}

/**
 * Compares the AUROCs of two scorers on the same rows. DeLong, DeLong & Clarke-Pearson 1988, by mid-ranks (Sun & Xu 2014).
 * For independent rows only: with several rows a prompt use the clustered bootstrap. Labels 0 and 1. null with fewer than two of a class or a score that is
 * not finite.
 */
export function delong(labels: BinaryLabels, a: ArrayLike<number>, b: ArrayLike<number>): DeLong | null {
  sameLength(labels, a)
  sameLength(labels, b)
  const y = zeroOne(labels)
  if (y === null || !allFinite(a) || !allFinite(b)) return null
  const split = (scores: ArrayLike<number>) => {
    const rows = Array.from(scores)
    return components(
      Float64Array.from(rows.filter((_, i) => y[i] === 1)),
      Float64Array.from(rows.filter((_, i) => y[i] === 0)),
    )
  }
  const [sa, sb] = [split(a), split(b)]
  const [m, n] = [sa.v10.length, sa.v01.length]
  if (m < 2 || n < 2) return null
  const aucA = sa.v10.reduce((s, v) => s + v, 0) / m
  const aucB = sb.v10.reduce((s, v) => s + v, 0) / m
  const spread = (key: 'v10' | 'v01', size: number): number =>
    (covariance(sa[key], sa[key]) + covariance(sb[key], sb[key]) - 2 * covariance(sa[key], sb[key])) / size
  const standardError = Math.sqrt(Math.max(0, spread('v10', m) + spread('v01', n)))
  const difference = aucA - aucB
  if (standardError === 0 && difference !== 0) return null
  return {
    a: aucA,
    b: aucB,
    difference,
    standardError,
    low: difference - Z95 * standardError,
    high: difference + Z95 * standardError,
    p: standardError === 0 ? 1 : normalTwoSided(difference / standardError),
  }
}

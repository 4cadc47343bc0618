import { allFinite, sum } from './descriptive.ts'
import { averageRanks, hasNaN, sameLength } from './rank.ts'
import { studentTwoSided } from './special.ts'

export interface CorrelationTest {
  readonly statistic: number
  /** Two-sided, Student's t with n − 2 degrees of freedom. */
  readonly p: number | null
}

const isConstant = (values: ArrayLike<number>): boolean => {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false
  return true
}

/** x − x̄, scaled to Euclidean norm 1 without overflow. */
function unit(values: ArrayLike<number>): Float64Array {
  const m = sum(values) / values.length
  const out = new Float64Array(values.length)
  let largest = 0
  for (let i = 0; i < out.length; i++) {
    out[i] = values[i]! - m
    largest = Math.max(largest, Math.abs(out[i]!))
  }
  let squares = 0
  for (let i = 0; i < out.length; i++) {
    const part = out[i]! / largest
    squares += part * part
  }
  const norm = largest * Math.sqrt(squares)
  for (let i = 0; i < out.length; i++) out[i] = out[i]! / norm
  return out
}

const clip = (r: number): number => Math.min(1, Math.max(-1, r))
const tTest = (r: number, df: number): number => studentTwoSided(r * Math.sqrt(df / ((1 - r) * (1 + r))), df)

/**
 * Pearson's r and its p (scipy.stats.pearsonr); null where n < 2, a value is not finite, or one side is constant.
 * For two points r is ±1 and p is 1.
 */
export function pearsonTest(x: ArrayLike<number>, y: ArrayLike<number>): CorrelationTest | null {
  sameLength(x, y)
  const n = x.length
  if (n < 2 || !allFinite(x) || !allFinite(y) || isConstant(x) || isConstant(y)) return null
  if (n === 2) return { statistic: Math.sign(x[1]! - x[0]!) * Math.sign(y[1]! - y[0]!), p: 1 }
  const a = unit(x)
  const b = unit(y)
  const statistic = clip(sum(a.map((v, i) => v * b[i]!)))
  return { statistic, p: tTest(statistic, n - 2) }
}

/** @example pearson([1, 2, 3], [1, 2, 4]) // 0.9819… */
export const pearson = (x: ArrayLike<number>, y: ArrayLike<number>): number | null =>
  pearsonTest(x, y)?.statistic ?? null

/**
 * Spearman's ρ: Pearson's r of average ranks, with the t approximation of p (scipy.stats.spearmanr); null as `pearsonTest`,
 * `p` null for two points. Infinite values have ranks and are allowed.
 */
export function spearmanTest(x: ArrayLike<number>, y: ArrayLike<number>): CorrelationTest | null {
  sameLength(x, y)
  return x.length < 2 || hasNaN(x) || hasNaN(y) ? null : rankTest(averageRanks(x), averageRanks(y))
}

/** Spearman's ρ of average ranks (`averageRanks`) that are at hand; null where n < 2, a rank is NaN, or one side is constant. */
export const spearmanOfRanks = (a: Float64Array, b: Float64Array): number | null =>
  a.length < 2 || hasNaN(a) || hasNaN(b) ? null : (rankTest(a, b)?.statistic ?? null)

function rankTest(a: Float64Array, b: Float64Array): CorrelationTest | null {
  const n = a.length
  const centre = (n + 1) / 2
  // Centred ranks are multiples of ½: these sums are exact. Then numpy.corrcoef's operations in its order: what rounding leaves
  // of ρ = ±1 decides the whole p-value.
  const scale = 1 / (n - 1)
  const moment = (p: Float64Array, q: Float64Array): number => {
    let total = 0
    for (let i = 0; i < n; i++) total += (p[i]! - centre) * (q[i]! - centre)
    return total * scale
  }
  const [xx, xy, yy] = [moment(a, a), moment(a, b), moment(b, b)]
  if (xx === 0 || yy === 0) return null
  const statistic = clip(xy / Math.sqrt(yy) / Math.sqrt(xx))
  return { statistic, p: n === 2 ? null : tTest(statistic, n - 2) }
}

/** @example spearman([1, 2, 3], [10, 30, 20]) // 0.5 */
export const spearman = (x: ArrayLike<number>, y: ArrayLike<number>): number | null =>
  spearmanTest(x, y)?.statistic ?? null

/**
 * Spearman correlation of x and y given covariates: Pearson's partial correlation of the ranks, from the inverse of their
 * correlation matrix (pingouin.partial_corr, method='spearman'). null where a series is constant or they are collinear.
 */
export function partialSpearman(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  covariates: readonly ArrayLike<number>[],
): number | null {
  for (const series of [y, ...covariates]) sameLength(x, series)
  const ranks = [x, y, ...covariates].map(averageRanks)
  const r = ranks.map((a) => ranks.map((b) => (a === b ? 1 : pearson(a, b))))
  if (r.flat().some((v) => v === null)) return null
  const inverse = invert(r as number[][])
  if (inverse === null) return null
  return clip(-inverse[0]![1]! / Math.sqrt(inverse[0]![0]! * inverse[1]![1]!))
}

/** Inverse of a square matrix by Gauss–Jordan with partial pivoting; null where it is singular to rounding. */
export function invert(matrix: readonly (readonly number[])[]): number[][] | null {
  const n = matrix.length
  const a = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  const scale = Math.max(...matrix.flat().map(Math.abs))
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i]![k]!) > Math.abs(a[pivot]![k]!)) pivot = i
    if (!(Math.abs(a[pivot]![k]!) > 1e-13 * scale)) return null
    ;[a[k], a[pivot]] = [a[pivot]!, a[k]!]
    const top = a[k]!
    const p = top[k]!
    for (let j = 0; j < 2 * n; j++) top[j] = top[j]! / p
    for (let i = 0; i < n; i++) {
      const f = a[i]![k]!
      if (i === k || f === 0) continue
      for (let j = 0; j < 2 * n; j++) a[i]![j] = a[i]![j]! - f * top[j]!
    }
  }
  return a.map((row) => row.slice(n))
}

import { sameLength } from './rank.ts'
import { chiSquareTail, normalQuantile } from './special.ts'

export interface ContingencyTest {
  readonly p: number
  readonly statistic: number
  readonly df: number
  /** √(χ² / (n · min(rows − 1, columns − 1))), 0 … 1. */
  readonly cramerV: number
  /** Standardised (adjusted) residuals: beyond ±2 a cell departs from independence. */
  readonly residuals: readonly (readonly number[])[]
  /** Cells with an expected count below 5: where many, the χ² p-value is rough. */
  readonly smallCells: number
}
/**
 * Pearson's χ² test of independence without continuity correction (scipy.stats.chi2_contingency, correction=False).
 * Rows and columns without a count are left out; null when fewer than two of either remain, or a
 * count is negative or not finite.
 */
export function chiSquareTest(table: readonly (readonly number[])[]): ContingencyTest | null {
  if (table.some((row) => row.some((v) => !(v >= 0 && v < Number.POSITIVE_INFINITY)))) return null
  const filled = table.filter((row) => row.some((v) => v > 0))
  const keep = (filled[0] ?? []).map((_, j) => filled.some((row) => row[j]! > 0))
  const counts = filled.map((row) => row.filter((_, j) => keep[j]))
  const rows = counts.map((row) => row.reduce((s, v) => s + v, 0))
  const columns = (counts[0] ?? []).map((_, j) => counts.reduce((s, row) => s + row[j]!, 0))
  if (rows.length < 2 || columns.length < 2) return null
  const n = rows.reduce((s, v) => s + v, 0)
  let statistic = 0
  let smallCells = 0
  const residuals = counts.map((row, i) =>
    row.map((observed, j) => {
      const expected = (rows[i]! * columns[j]!) / n
      statistic += (observed - expected) ** 2 / expected
      if (expected < 5) smallCells++
      return (observed - expected) / Math.sqrt(expected * (1 - rows[i]! / n) * (1 - columns[j]! / n))
    }),
  )
  const df = (rows.length - 1) * (columns.length - 1)
  const cramerV = Math.sqrt(statistic / (n * Math.min(rows.length - 1, columns.length - 1)))
  return { p: chiSquareTail(statistic, df), statistic, df, cramerV, residuals, smallCells }
}

/** [[a, b], [c, d]] of one stratum. */
export type TwoByTwo = readonly [readonly [number, number], readonly [number, number]]
export interface Stratified {
  /** Mantel–Haenszel pooled odds ratio; null where its denominator is 0. */
  readonly oddsRatio: number | null
  /** Cochran–Mantel–Haenszel χ² test of odds ratio 1, without continuity correction. */
  readonly statistic: number
  readonly p: number
}
/** Pooled association over strata (statsmodels StratifiedTable). null where no stratum has both rows and both columns. */
export function stratifiedTable(strata: readonly TwoByTwo[]): Stratified | null {
  let numerator = 0
  let denominator = 0
  let excess = 0
  let variance = 0
  for (const [[a, b], [c, d]] of strata) {
    const n = a + b + c + d
    if (n < 2) continue
    numerator += (a * d) / n
    denominator += (b * c) / n
    excess += a - ((a + b) * (a + c)) / n
    variance += ((a + b) * (c + d) * (a + c) * (b + d)) / (n * n * (n - 1))
  }
  if (variance === 0) return null
  const statistic = excess ** 2 / variance
  return { oddsRatio: denominator === 0 ? null : numerator / denominator, statistic, p: chiSquareTail(statistic, 1) }
}

/**
 * Cochran's Q for heterogeneity of estimates with given standard errors: Σ w (θ − θ̄_w)², w = 1/SE², χ² with k − 1 degrees of
 * freedom; I² = share of the variation beyond chance. null for fewer than two estimates or a standard error of 0.
 */
export function cochranQ(
  estimates: readonly number[],
  standardErrors: readonly number[],
): { readonly p: number; readonly statistic: number; readonly df: number; readonly iSquared: number } | null {
  sameLength(estimates, standardErrors)
  if (estimates.length < 2 || standardErrors.some((s) => !(s > 0))) return null
  const weights = standardErrors.map((s) => 1 / (s * s))
  const total = weights.reduce((s, w) => s + w, 0)
  const centre = weights.reduce((s, w, i) => s + w * estimates[i]!, 0) / total
  const statistic = weights.reduce((s, w, i) => s + w * (estimates[i]! - centre) ** 2, 0)
  const df = estimates.length - 1
  return { p: chiSquareTail(statistic, df), statistic, df, iSquared: statistic > df ? 1 - df / statistic : 0 }
}

/**
 * Smallest difference in paired accuracy that a two-sided McNemar test sees with the given power (Connor 1987, normal
 * approximation): solves δ√n = z_{1−α/2}√ψ + z_{power}√(ψ − δ²) for δ, ψ = share of discordant prompts.
 * null where even δ = ψ (all discordant one way) is not enough.
 */
export function minimumDetectableDifference(
  clusters: number,
  discordance: number,
  { alpha = 0.05, power = 0.8 }: { readonly alpha?: number; readonly power?: number } = {},
): number | null {
  if (!(clusters > 0) || !(discordance > 0 && discordance <= 1)) return null
  const [za, zb] = [normalQuantile(1 - alpha / 2), normalQuantile(power)]
  const shortfall = (delta: number): number =>
    za * Math.sqrt(discordance) + zb * Math.sqrt(Math.max(0, discordance - delta * delta)) - delta * Math.sqrt(clusters)
  if (shortfall(discordance) > 0) return null
  let [low, high] = [0, discordance]
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    if (shortfall(middle) > 0) low = middle
    else high = middle
  }
  return high
}

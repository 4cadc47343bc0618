import type { Interval } from './bootstrap.ts'
import { checkLevel } from './options.ts'
import { betaQuantile, normalQuantile } from './special.ts'

/** Counts of a proportion: 0 ≤ successes ≤ n, n above 0 and finite. */
const valid = (successes: number, n: number): boolean =>
  n > 0 && n < Number.POSITIVE_INFINITY && successes >= 0 && successes <= n

/**
 * Wilson's score interval of a proportion (Wilson 1927), two-sided; equals statsmodels `proportion_confint(method='wilson')`.
 * `n` need not be whole: an effective sample size is allowed. null for n ≤ 0.
 * @example wilson(37, 50) // { low: 0.604…, high: 0.841… }
 */
export function wilson(successes: number, n: number, level = 0.95): Interval | null {
  checkLevel(level)
  if (!valid(successes, n)) return null
  const z = -normalQuantile((1 - level) / 2)
  const p = successes / n
  const denominator = 1 + (z * z) / n
  const centre = (p + (z * z) / (2 * n)) / denominator
  const half = (z / denominator) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  // At 0 and n the bound is exactly 0 or 1; the formula leaves a rounding error there.
  return { low: successes === 0 ? 0 : centre - half, high: successes === n ? 1 : centre + half }
}

/**
 * Clopper–Pearson's exact interval of a proportion; equals statsmodels `proportion_confint(method='beta')`.
 * @example clopperPearson(0, 10) // { low: 0, high: 0.308… }
 */
export function clopperPearson(successes: number, n: number, level = 0.95): Interval | null {
  checkLevel(level)
  if (!valid(successes, n)) return null
  const tail = (1 - level) / 2
  return {
    low: successes === 0 ? 0 : betaQuantile(tail, successes, n - successes + 1),
    high: successes === n ? 1 : betaQuantile(1 - tail, successes + 1, n - successes),
  }
}

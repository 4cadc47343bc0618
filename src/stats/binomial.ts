import { checkOneOf } from './options.ts'
import { betaCdf, chiSquareTail, logChoose } from './special.ts'

/** P(X ≤ k) of Binomial(n, p). */
export const binomialCdf = (k: number, n: number, p: number): number =>
  k < 0 ? 0 : k >= n ? 1 : betaCdf(1 - p, n - k, k + 1)
/** P(X ≥ k). */
const binomialTail = (k: number, n: number, p: number): number => (k <= 0 ? 1 : k > n ? 0 : betaCdf(p, k, n - k + 1))
/** P(X = k). */
export function binomialPmf(k: number, n: number, p: number): number {
  if (k < 0 || k > n) return 0
  if (p === 0 || p === 1) return k === n * p ? 1 : 0
  return Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p))
}

/**
 * Exact two-sided binomial test: the chance of all outcomes no likelier than the observed one (scipy.stats.binomtest).
 * null unless k and n are whole, 0 ≤ k ≤ n, n ≥ 1 and 0 ≤ p ≤ 1.
 * @example binomialTest(0, 10) // { p: 0.001953125 }
 */
export function binomialTest(k: number, n: number, p = 0.5): { readonly p: number } | null {
  if (!Number.isInteger(k) || !Number.isInteger(n) || k < 0 || k > n || n < 1 || !(p >= 0 && p <= 1)) return null
  if (p === 0.5) return { p: Math.min(1, 2 * binomialCdf(Math.min(k, n - k), n, 0.5)) }
  const limit = binomialPmf(k, n, p) * (1 + 1e-7)
  const expected = n * p
  if (k === expected) return { p: 1 }
  // The pmf falls on both sides of its mode: search the other side for the first value no likelier than k.
  let [low, high] = k < expected ? [Math.ceil(expected), n + 1] : [-1, Math.floor(expected)]
  if (k < expected) {
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (binomialPmf(middle, n, p) <= limit) high = middle
      else low = middle + 1
    }
    return { p: Math.min(1, binomialCdf(k, n, p) + binomialTail(low, n, p)) }
  }
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (binomialPmf(middle, n, p) <= limit) low = middle
    else high = middle - 1
  }
  return { p: Math.min(1, binomialTail(k, n, p) + binomialCdf(low, n, p)) }
}

export type McNemarMethod = 'exact' | 'mid' | 'chi2' | 'chi2-corrected'
export interface McNemar {
  readonly p: number
  /** χ², or the smaller discordant count for the exact methods. */
  readonly statistic: number
}
/**
 * McNemar's test of two scorers' paired decisions, from the discordant counts b and c (statsmodels mcnemar; mid-p: Fagerland,
 * Lydersen & Laake 2013). Without a discordant pair: exact p is 1, the others are undefined (null).
 * @param method default exact; advised: exact below 25 discordant pairs, else mid
 * @example mcnemar(5, 3, { method: 'exact' }) // { p: 0.7265625, statistic: 3 }
 */
export function mcnemar(
  b: number,
  c: number,
  { method = 'exact' }: { readonly method?: McNemarMethod } = {},
): McNemar | null {
  checkOneOf('method', method, ['exact', 'mid', 'chi2', 'chi2-corrected'])
  const n = b + c
  const fewer = Math.min(b, c)
  if (!Number.isInteger(b) || !Number.isInteger(c) || fewer < 0) return null
  const exact = Math.min(1, 2 * binomialCdf(fewer, n, 0.5))
  if (method === 'exact') return { p: exact, statistic: fewer }
  if (n === 0) return null
  if (method === 'mid') {
    const here = binomialPmf(fewer, n, 0.5)
    return { p: b === c ? 1 - here / 2 : exact - here, statistic: fewer }
  }
  // The corrected statistic of b = c is (0 − 1)²/n, not 0: statsmodels' value, kept.
  const statistic = (Math.abs(b - c) - (method === 'chi2-corrected' ? 1 : 0)) ** 2 / n
  return { p: chiSquareTail(statistic, 1), statistic }
}

/** Effect sizes of a McNemar table: odds ratio b/c (null for c = 0), Cohen's g = max(b, c)/(b + c) − ½, and (b − c)/n. */
export function mcnemarEffect(
  b: number,
  c: number,
  n: number,
): { readonly oddsRatio: number | null; readonly cohenG: number | null; readonly riskDifference: number | null } {
  return {
    oddsRatio: c === 0 ? null : b / c,
    cohenG: b + c === 0 ? null : Math.max(b, c) / (b + c) - 0.5,
    riskDifference: n === 0 ? null : (b - c) / n,
  }
}

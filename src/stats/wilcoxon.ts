import { checkOneOf } from './options.ts'
import { averageRanks, hasNaN, sameLength, tieSizes } from './rank.ts'
import { normalCdf, normalTwoSided } from './special.ts'

export interface RankTest {
  readonly p: number
  readonly statistic: number
}

/**
 * Wilcoxon's signed-rank test of paired values, normal approximation with tie correction, two-sided
 * (scipy.stats.wilcoxon, method='approx', correction=False). `statistic` is the smaller rank sum.
 * @param zeros wilcox (default): equal pairs are dropped before ranking; pratt: ranked, then dropped
 * @returns null without a pair that differs
 */
export function wilcoxonSignedRank(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  { zeros = 'wilcox' }: { readonly zeros?: 'wilcox' | 'pratt' } = {},
): RankTest | null {
  checkOneOf('zeros', zeros, ['wilcox', 'pratt'])
  sameLength(a, b)
  let d = Float64Array.from(a, (v, i) => v - b[i]!)
  if (hasNaN(d)) return null
  const equal = d.reduce((n, v) => n + (v === 0 ? 1 : 0), 0)
  if (equal === d.length) return null
  if (zeros === 'wilcox') d = d.filter((v) => v !== 0)
  const dropped = zeros === 'pratt' ? equal : 0
  const size = d.map(Math.abs)
  const ranks = averageRanks(size)
  let plus = 0
  let minus = 0
  d.forEach((v, i) => {
    if (v > 0) plus += ranks[i]!
    else if (v < 0) minus += ranks[i]!
  })
  const n = d.length
  const expected = (n * (n + 1) - dropped * (dropped + 1)) / 4
  const ties = tieSizes(size.filter((v) => v !== 0)).reduce((t, c) => t + c * (c * c - 1), 0)
  const squares = n * (n + 1) * (2 * n + 1) - dropped * (dropped + 1) * (2 * dropped + 1)
  const spread = Math.sqrt((squares - ties / 2) / 24)
  return { p: normalTwoSided((plus - expected) / spread), statistic: Math.min(plus, minus) }
}

/**
 * Mann–Whitney U of two independent samples, normal approximation with tie and continuity correction, two-sided
 * (scipy.stats.mannwhitneyu, method='asymptotic'). `statistic` is U of the first sample: pairs with x > y, ties ½.
 * null where a sample is empty or holds NaN.
 * @example mannWhitneyU([0.5, 2], [-1, 0]) // { p: 0.245…, statistic: 4 }
 */
export function mannWhitneyU(x: ArrayLike<number>, y: ArrayLike<number>): RankTest | null {
  const [m, n] = [x.length, y.length]
  if (m === 0 || n === 0 || hasNaN(x) || hasNaN(y)) return null
  const all = Float64Array.from([...Array.from(x), ...Array.from(y)])
  const ranks = averageRanks(all)
  let rankSum = 0
  for (let i = 0; i < m; i++) rankSum += ranks[i]!
  const statistic = rankSum - (m * (m + 1)) / 2
  const total = m + n
  const ties = tieSizes(all).reduce((t, c) => t + (c * c * c - c), 0)
  const spread = Math.sqrt(((m * n) / 12) * (total + 1 - ties / (total * (total - 1))))
  const larger = Math.max(statistic, m * n - statistic)
  // All values equal: no spread, and the continuity correction makes p = 1.
  const z = spread === 0 ? Number.NEGATIVE_INFINITY : (larger - (m * n) / 2 - 0.5) / spread
  return { p: Math.min(1, 2 * normalCdf(-z)), statistic }
}

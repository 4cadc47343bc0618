import { hasNaN, sameLength, tieSizes } from './rank.ts'
import { sortOrder } from './sort-order.ts'
import { normalTwoSided } from './special.ts'

/** Counts of the n(n − 1)/2 unordered pairs of observations. */
export interface PairCounts {
  readonly n: number
  readonly pairs: number
  readonly concordant: number
  readonly discordant: number
  /** Pairs tied on x, on y, and on both (the last counted in the first two). */
  readonly xTies: number
  readonly yTies: number
  readonly bothTies: number
}

/**
 * Concordant and discordant pairs in O(n log n): Knight 1966, inversions of y counted by merge sort in the order of x.
 * @param sorted positions of y in ascending order, where they are at hand
 */
export function countPairs(x: ArrayLike<number>, y: ArrayLike<number>, sorted?: Int32Array): PairCounts {
  sameLength(x, y)
  const n = x.length
  if (n <= FEW) return countOneByOne(x, y)
  const byY = sorted ?? sortOrder(y)
  const order = sortOrder(x, byY)
  const pairsIn = (size: number): number => (size * size - size) / 2
  let bothTies = 0
  for (let i = 0, j = 0; i < n; i = j) {
    for (j = i + 1; j < n && x[order[j]!] === x[order[i]!] && y[order[j]!] === y[order[i]!]; j++);
    bothTies += pairsIn(j - i)
  }
  const pairs = pairsIn(n)
  const tied = (values: ArrayLike<number>, sorted: Int32Array): number => {
    let total = 0
    for (let i = 0, j = 0; i < n; i = j) {
      for (j = i + 1; j < n && values[sorted[j]!] === values[sorted[i]!]; j++);
      total += pairsIn(j - i)
    }
    return total
  }
  const [xTies, yTies] = [tied(x, order), tied(y, byY)]
  const inOrder = new Float64Array(n)
  for (let k = 0; k < n; k++) inOrder[k] = y[order[k]!]!
  const discordant = inversions(inOrder)
  return { n, pairs, concordant: pairs - xTies - yTies + bothTies - discordant, discordant, xTies, yTies, bothTies }
}

/** Up to so many values (the completions of one prompt, say) pairs are compared one by one. */
const FEW = 12

function countOneByOne(x: ArrayLike<number>, y: ArrayLike<number>): PairCounts {
  const n = x.length
  let [concordant, discordant, xTies, yTies, bothTies] = [0, 0, 0, 0, 0]
  for (let j = 1; j < n; j++)
    for (let i = 0; i < j; i++) {
      const sameX = x[i] === x[j]
      const sameY = y[i] === y[j]
      if (sameX) xTies++
      if (sameY) yTies++
      if (sameX && sameY) bothTies++
      else if (sameX || sameY) continue
      else if (x[i]! < x[j]! === y[i]! < y[j]!) concordant++
      else discordant++
    }
  return { n, pairs: (n * n - n) / 2, concordant, discordant, xTies, yTies, bothTies }
}

/** Number of i < j with values[i] > values[j]; bottom-up merge sort, sorts in place. */
function inversions(values: Float64Array): number {
  let from: Float64Array = values
  let to: Float64Array = new Float64Array(values.length)
  let count = 0
  for (let width = 1; width < values.length; width *= 2) {
    for (let low = 0; low < values.length; low += 2 * width) {
      const middle = Math.min(low + width, values.length)
      const high = Math.min(low + 2 * width, values.length)
      let l = low
      let r = middle
      for (let k = low; k < high; k++) {
        if (l < middle && (r >= high || from[l]! <= from[r]!)) to[k] = from[l++]!
        else {
          to[k] = from[r++]!
          count += middle - l
        }
      }
    }
    ;[from, to] = [to, from]
  }
  return count
}

/**
 * Kendall's τ-b = (C − D) / √((N − T_x)(N − T_y)); null where one side is constant or n < 2.
 * @example kendallTauB([1, 2, 3], [1, 3, 2]) // 1/3
 */
export function kendallTauB(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  sameLength(x, y)
  return x.length < 2 || hasNaN(x) || hasNaN(y) ? null : tauB(countPairs(x, y))
}

/** τ-b from the counts. */
export function tauB({ concordant, discordant, pairs, xTies, yTies }: PairCounts): number | null {
  if (pairs === 0 || xTies === pairs || yTies === pairs) return null
  const tau = (concordant - discordant) / Math.sqrt(pairs - xTies) / Math.sqrt(pairs - yTies)
  return Math.min(1, Math.max(-1, tau))
}

/**
 * τ-b and its two-sided asymptotic p with correction for ties (scipy.stats.kendalltau, method='asymptotic').
 * `p` is null for n = 2, where the variance is undefined.
 */
export function kendallTest(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
): { readonly statistic: number; readonly p: number | null } | null {
  sameLength(x, y)
  if (x.length < 2 || hasNaN(x) || hasNaN(y)) return null
  const counts = countPairs(x, y)
  const statistic = tauB(counts)
  if (statistic === null) return null
  const n = x.length
  if (n < 3) return { statistic, p: null }
  const moments = (sizes: readonly number[]) => ({
    cubic: sizes.reduce((t, c) => t + c * (c - 1) * (c - 2), 0),
    weighted: sizes.reduce((t, c) => t + c * (c - 1) * (2 * c + 5), 0),
  })
  const tx = moments(tieSizes(x))
  const ty = moments(tieSizes(y))
  const m = n * (n - 1)
  const variance =
    (m * (2 * n + 5) - tx.weighted - ty.weighted) / 18 +
    (2 * counts.xTies * counts.yTies) / m +
    (tx.cubic * ty.cubic) / (9 * m * (n - 2))
  return { statistic, p: normalTwoSided((counts.concordant - counts.discordant) / Math.sqrt(variance)) }
}

/** Stuart's τ-c = 2(C − D) / (n² (k − 1)/k), k = the smaller number of levels; null for fewer than two levels. */
export function kendallTauC(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  sameLength(x, y)
  if (x.length < 2 || hasNaN(x) || hasNaN(y)) return null
  const { n, concordant, discordant } = countPairs(x, y)
  const levels = Math.min(tieSizes(x).length, tieSizes(y).length)
  return levels < 2 ? null : (2 * (concordant - discordant)) / ((n * n * (levels - 1)) / levels)
}

/** Goodman and Kruskal's γ = (C − D) / (C + D); ties count for nothing. null without an untied pair. */
export function goodmanKruskalGamma(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  sameLength(x, y)
  if (x.length < 2 || hasNaN(x) || hasNaN(y)) return null
  const { concordant, discordant } = countPairs(x, y)
  return concordant + discordant === 0 ? null : (concordant - discordant) / (concordant + discordant)
}

/**
 * Somers' D(y|x) = (C − D) / (N − T_x): among pairs that differ in x. scipy.stats.somersd(x, y). null where a side is constant.
 * With x the verifier's reward and y the model's score it is 2·AUROC − 1, for two levels.
 */
export function somersD(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  sameLength(x, y)
  return x.length < 2 || hasNaN(x) || hasNaN(y) ? null : somersOf(countPairs(x, y))
}
/** Somers' D(y|x) from the counts. */
export const somersOf = ({ concordant, discordant, pairs, xTies, yTies }: PairCounts): number | null =>
  pairs === xTies || pairs === yTies ? null : (concordant - discordant) / (pairs - xTies)

import type { WeightedStatistic } from '../stats/bootstrap.ts'
import type { Weights } from '../stats/draws.ts'
import { dot } from '../stats/sums.ts'
import { clusterCount } from '../stats/tie-blocks.ts'

/**
 * Places at or above the q-quantile of n values that all differ (numpy's default, linear). What is equal at the border shares the places
 * that are left, so that n values never have more places than that, whatever their ties.
 * @example topPlaces(160, 0.9) // 16
 */
export const topPlaces = (n: number, q: number): number => n - Math.ceil(q * (n - 1) - 1e-9)

/** The highest scores: those that have a place whatever the order of equal ones, and the equal ones at the border. */
export interface Top {
  readonly places: number
  /** How many scores lie above the border. */
  readonly above: number
  /** The lowest score that has a place, or a share of one. */
  readonly border: number
  /** How many share the rest of the places; 0 where the border falls between two scores. */
  readonly sharing: number
}

/**
 * @param sorted ascending
 * @example topOf([1, 2, 2, 2, 3], 0.5) // 3 places: the 3 has one, the three 2s share two
 */
export function topOf(sorted: ArrayLike<number>, q: number): Top {
  const n = sorted.length
  const places = topPlaces(n, q)
  const border = sorted[n - places]!
  let end = n - places
  while (end < n && sorted[end] === border) end++
  let start = n - places
  while (start > 0 && sorted[start - 1] === border) start--
  const above = n - end
  return { places, above, border, sharing: above + end - start === places ? 0 : end - start }
}

/**
 * Mean of a value over the rows with the highest scores, under cluster weights: E[value | score at or above its q-quantile], a block of
 * equal scores at the border counted in the share of it that has places. At several quantiles, from one pass: the statistics must be
 * called in their order with the same weights.
 * @param values 1 where the row fails and else 0, say: the share that fails
 * @param order positions of the scores in descending order
 * @param quantiles descending
 */
export function weightedTopMeans(
  values: ArrayLike<number>,
  scores: ArrayLike<number>,
  order: Int32Array,
  cluster: Int32Array,
  quantiles: readonly number[],
): WeightedStatistic[] {
  const ranked = Float64Array.from(order, (row) => values[row]!)
  const clusterOf = Int32Array.from(order, (row) => cluster[row]!)
  /** 1 where the next row has another score. */
  const ends = Uint8Array.from(order, (row, k) =>
    k + 1 < order.length && scores[order[k + 1]!] === scores[row] ? 0 : 1,
  )
  const clusters = clusterCount(cluster)
  const sizes = new Float64Array(clusters)
  for (const c of cluster) sizes[c] = sizes[c]! + 1
  const means = new Float64Array(quantiles.length)
  const pass = (weights: Weights): void => {
    means.fill(Number.NaN)
    const n = dot(weights, sizes)
    if (n === 0) return
    let next = 0
    let places = topPlaces(n, quantiles[0]!)
    let [taken, sum, block, blockSum] = [0, 0, 0, 0]
    for (let k = 0; k < order.length; k++) {
      const w = weights[clusterOf[k]!]!
      block += w
      blockSum += w * ranked[k]!
      if (ends[k] === 0) continue
      while (taken + block >= places) {
        means[next] = (sum + (blockSum * (places - taken)) / block) / places
        if (++next === quantiles.length) return
        places = topPlaces(n, quantiles[next]!)
      }
      taken += block
      sum += blockSum
      block = 0
      blockSum = 0
    }
  }
  return quantiles.map((_, i) => (weights) => {
    if (i === 0) pass(weights)
    return means[i]!
  })
}

/**
 * Influence of each row on the mean of a value over the highest scores (as in stats/influence.ts). A row above the border adds its value
 * and moves the border, which takes in or leaves out what stands there: the mean value at the border is that of the n^⅔ rows around it,
 * or of the block of equal scores if that is larger.
 * @param order positions of the scores in ascending order
 * @param q quantile of the score
 */
export function topMeanInfluence(
  values: ArrayLike<number>,
  scores: ArrayLike<number>,
  order: Int32Array,
  q: number,
): Float64Array {
  const n = order.length
  const { places, above, border, sharing } = topOf(
    Float64Array.from(order, (row) => scores[row]!),
    q,
  )
  const half = Math.max(1, Math.ceil(n ** (2 / 3) / 2))
  const from = Math.max(0, Math.min(n - above - sharing, n - places - half))
  const to = Math.min(n, Math.max(n - above, n - places + half))
  let atBorder = 0
  for (let k = from; k < to; k++) atBorder += values[order[k]!]! / (to - from)
  const share = sharing === 0 ? 1 : (places - above) / sharing
  let mean = 0
  for (let k = n - above - sharing; k < n; k++) mean += ((k < n - above ? share : 1) * values[order[k]!]!) / places
  if (sharing === 0) for (let k = n - places; k < n - above; k++) mean += values[order[k]!]! / places
  const moved = (1 - q) * (atBorder - mean)
  const out = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    const inside = scores[i]! > border ? 1 : scores[i] === border ? share : 0
    out[i] = (inside * (values[i]! - atBorder) + moved) / places
  }
  return out
}

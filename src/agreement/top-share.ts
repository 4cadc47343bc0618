import type { WeightedStatistic } from '../stats/bootstrap.ts'

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
 * equal scores at the border counted in the share of it that has places.
 * @param values 1 where the row fails and else 0, say: the share that fails
 */
export function weightedTopMean(
  values: ArrayLike<number>,
  scores: ArrayLike<number>,
  cluster: Int32Array,
  q: number,
): WeightedStatistic {
  const order = Int32Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b)
  let clusters = 0
  for (const c of cluster) clusters = Math.max(clusters, c + 1)
  const sizes = new Float64Array(clusters)
  for (const c of cluster) sizes[c] = sizes[c]! + 1
  return (weights) => {
    let n = 0
    for (let c = 0; c < clusters; c++) n += weights[c]! * sizes[c]!
    if (n === 0) return Number.NaN
    const places = topPlaces(n, q)
    let [taken, sum, block, blockSum] = [0, 0, 0, 0]
    for (let k = 0; k < order.length; k++) {
      const row = order[k]!
      const w = weights[cluster[row]!]!
      block += w
      blockSum += w * values[row]!
      if (k + 1 < order.length && scores[order[k + 1]!] === scores[row]) continue
      if (taken + block >= places) return (sum + (blockSum * (places - taken)) / block) / places
      taken += block
      sum += blockSum
      ;[block, blockSum] = [0, 0]
    }
    return Number.NaN
  }
}

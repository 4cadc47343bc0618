import type { Sorted } from './sorted.ts'
import { Z95 } from './special.ts'

/**
 * Influence of each row on a rank statistic: its derivative under the row's weight, at weight 1 for all. The statistic of a resample of
 * many clusters is the plain one plus Σ (weight − 1) · influence, so that its standard error over resampled clusters has a closed form
 * (the infinitesimal jackknife; Efron & Tibshirani 1993, §21; for the AUROC Obuchowski 1997 up to the factor of the clusters). The
 * statistics are those of weighted.ts; each is computed in n log n, from rows that were sorted.
 */

/** Σ of the influences of each cluster's rows, squared and summed: SE² = C/(C − 1) · Σ_c (Σ_{i∈c} influence_i)². */
export function influenceError(influence: Float64Array, cluster: Int32Array, clusters: number): number {
  const totals = new Float64Array(clusters)
  for (let i = 0; i < influence.length; i++) totals[cluster[i]!] = totals[cluster[i]!]! + influence[i]!
  return clusterError(totals)
}
/** The same of influences that are by cluster already. */
export function clusterError(totals: Float64Array): number {
  let squares = 0
  for (const total of totals) squares += total * total
  return Math.sqrt((totals.length / (totals.length - 1)) * squares)
}
/** value ± z · error, at level 0.95. */
export const waldInterval = (value: number, error: number): { readonly low: number; readonly high: number } => ({
  low: value - Z95 * error,
  high: value + Z95 * error,
})

/** Clusters that have a row of another value than the most frequent one: what a statistic of the values rests on where few differ. */
export function variedClusters({ order, last }: Sorted, cluster: Int32Array, clusters: number): number {
  let [from, size] = [0, 0]
  for (let start = 0, k = 0; k < order.length; k++) {
    if (last[k] === 0) continue
    if (k + 1 - start > size) [from, size] = [start, k + 1 - start]
    start = k + 1
  }
  const varied = new Uint8Array(clusters)
  let count = 0
  for (let k = 0; k < order.length; k++) {
    if (k >= from && k < from + size) continue
    const c = cluster[order[k]!]!
    count += 1 - varied[c]!
    varied[c] = 1
  }
  return count
}

/** Of the AUROC W / (n₁ n₀): for a positive (#below + ½ #tied − W/n₁) / (n₁ n₀), for a negative the same from its side. */
export function aurocInfluence(labels: ArrayLike<number>, { order, last }: Sorted): Float64Array {
  const n = order.length
  let ups = 0
  for (let i = 0; i < n; i++) ups += labels[i] === 1 ? 1 : 0
  const downs = n - ups
  const out = new Float64Array(n)
  let [upsBelow, downsBelow, wins] = [0, 0, 0]
  for (let start = 0, k = 0; k < n; k++) {
    if (last[k] === 0) continue
    let blockUp = 0
    for (let r = start; r <= k; r++) blockUp += labels[order[r]!] === 1 ? 1 : 0
    const blockDown = k + 1 - start - blockUp
    for (let r = start; r <= k; r++)
      out[order[r]!] = labels[order[r]!] === 1 ? downsBelow + blockDown / 2 : ups - upsBelow - blockUp + blockUp / 2
    wins += blockUp * (downsBelow + blockDown / 2)
    upsBelow += blockUp
    downsBelow += blockDown
    start = k + 1
  }
  for (let i = 0; i < n; i++) out[i] = (out[i]! - wins / (labels[i] === 1 ? ups : downs)) / (ups * downs)
  return out
}

/** Of the average precision Σ_b u_b F_b / (S_b n₁), F and S the positives and rows at or above the score of block b, u_b its positives. */
export function averagePrecisionInfluence(labels: ArrayLike<number>, { order, last }: Sorted): Float64Array {
  const n = order.length
  const out = new Float64Array(n)
  const ends: number[] = []
  for (let k = 0; k < n; k++) if (last[k] === 1) ends.push(k)
  const precision = new Float64Array(ends.length)
  const up = new Float64Array(ends.length)
  let [found, seen, total] = [0, 0, 0]
  for (let b = ends.length - 1; b >= 0; b--) {
    const start = b === 0 ? 0 : ends[b - 1]! + 1
    for (let r = start; r <= ends[b]!; r++) up[b] = up[b]! + (labels[order[r]!] === 1 ? 1 : 0)
    found += up[b]!
    seen += ends[b]! + 1 - start
    precision[b] = found / seen
    total += up[b]! * precision[b]!
  }
  const ups = found
  // From the lowest block up: a row counts in F and S of its own block and of all below.
  let [asPositive, asRow] = [0, 0]
  let above = n
  for (let b = 0; b < ends.length; b++) {
    const start = b === 0 ? 0 : ends[b - 1]! + 1
    asPositive += up[b]! / above
    asRow += (up[b]! * precision[b]!) / above
    for (let r = start; r <= ends[b]!; r++) {
      const positive = labels[order[r]!] === 1
      out[order[r]!] = ((positive ? precision[b]! + asPositive - total / ups : 0) - asRow) / ups
    }
    above -= ends[b]! + 1 - start
  }
  return out
}

/** Of Kendall's τ-b and Somers' D(score | reward), from each row's concordant less discordant rows. */
export function kendallInfluence(
  byReward: Sorted,
  { order, last }: Sorted,
): { readonly tauB: Float64Array; readonly somersD: Float64Array } {
  const n = order.length
  const { level, alike } = levelsOf(byReward)
  const levels = alike.length
  const tree = new Float64Array(levels + 1)
  const upTo = (l: number): number => {
    let total = 0
    for (let i = l; i > 0; i -= i & -i) total += tree[i]!
    return total
  }
  const add = (l: number): void => {
    for (let i = l + 1; i <= levels; i += i & -i) tree[i] = tree[i]! + 1
  }
  const net = new Float64Array(n)
  const tied = new Float64Array(n)
  // Upwards the rows below, downwards the rows above: lower in both, or higher in both, is concordant.
  for (const sign of [1, -1]) {
    tree.fill(0)
    for (let done = 0, start = 0; done < n; ) {
      const at = (k: number): number => (sign === 1 ? k : n - 1 - k)
      let end = start
      // the last row of a block upwards; downwards the block goes on while the row before is not a last one
      while (sign === 1 ? last[end] === 0 : end + 1 < n && last[at(end + 1)] === 0) end++
      for (let k = start; k <= end; k++) {
        const row = order[at(k)]!
        const l = level[row]!
        const less = upTo(l)
        const more = done - upTo(l + 1)
        net[row] = net[row]! + sign * (less - more)
        tied[row] = end + 1 - start
      }
      for (let k = start; k <= end; k++) add(level[order[at(k)]!]!)
      done += end + 1 - start
      start = end + 1
    }
  }
  let [total, byX, byY] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    total += net[i]! / 2
    byX += (n - alike[level[i]!]!) / 2
    byY += (n - tied[i]!) / 2
  }
  const tau = total / Math.sqrt(byX) / Math.sqrt(byY)
  // in the places of what they are made from: of millions of rows two further columns are much
  const [tauB, somersD] = [tied, net]
  for (let i = 0; i < n; i++) {
    const more = net[i]!
    const x = (n - alike[level[i]!]!) / byX
    const y = (n - tied[i]!) / byY
    tauB[i] = more / Math.sqrt(byX) / Math.sqrt(byY) - (tau * (x + y)) / 2
    somersD[i] = more / byX - (total / byX) * x
  }
  return { tauB, somersD }
}

/** Of each value its place among the distinct ones, and how many values are at each. */
function levelsOf({ order, last }: Sorted): { readonly level: Int32Array; readonly alike: readonly number[] } {
  const level = new Int32Array(order.length)
  const alike: number[] = [0]
  for (let k = 0; k < order.length; k++) {
    level[order[k]!] = alike.length - 1
    alike[alike.length - 1] = alike[alike.length - 1]! + 1
    if (last[k] === 1 && k + 1 < order.length) alike.push(0)
  }
  return { level, alike }
}

/** Of Spearman's ρ = A / √(B C): each row moves the ranks of those above it, as well as the sums. */
export function spearmanInfluence(byX: Sorted, byY: Sorted): Float64Array {
  const n = byX.order.length
  const sides = [byX, byY] as const
  const [rx, ry] = sides.map(({ order, last }) => {
    const ranks = new Float64Array(n)
    for (let start = 0, k = 0; k < n; k++) {
      if (last[k] === 0) continue
      // centred: rank − (n + 1)/2
      for (let r = start; r <= k; r++) ranks[order[r]!] = (start + k + 1 - n) / 2
      start = k + 1
    }
    return ranks
  }) as [Float64Array, Float64Array]
  const dot = (p: Float64Array, q: Float64Array): number => {
    let total = 0
    for (let i = 0; i < n; i++) total += p[i]! * q[i]!
    return total
  }
  const [a, b, c] = [dot(rx, ry), dot(rx, rx), dot(ry, ry)]
  /** For each row Σ of `values` over the rows above it on a side, and half of its equals. */
  const scratch = new Float64Array(n)
  const above = (side: 0 | 1, values: Float64Array, out: Float64Array): Float64Array => {
    const { order, last } = sides[side]
    let total = 0
    for (let end = n - 1, k = n - 1; k >= 0; k--) {
      if (k > 0 && last[k - 1] === 0) continue
      let block = 0
      for (let r = k; r <= end; r++) block += values[order[r]!]!
      for (let r = k; r <= end; r++) out[order[r]!] = total + block / 2
      total += block
      end = k - 1
    }
    return out
  }
  const rho = a / Math.sqrt(b) / Math.sqrt(c)
  // One sum after the other, each in the place of what is no longer needed: of millions of rows seven columns are much.
  const spread = new Float64Array(n)
  const xx = above(0, rx, scratch)
  for (let i = 0; i < n; i++) spread[i] = (rx[i]! ** 2 + 2 * xx[i]!) / b
  const yy = above(1, ry, scratch)
  for (let i = 0; i < n; i++) spread[i] = spread[i]! + (ry[i]! ** 2 + 2 * yy[i]!) / c
  const product = above(0, ry, scratch)
  for (let i = 0; i < n; i++) product[i] = rx[i]! * ry[i]! + product[i]!
  const yx = above(1, rx, ry)
  for (let i = 0; i < n; i++) product[i] = product[i]! + yx[i]!
  for (let i = 0; i < n; i++) product[i] = product[i]! / Math.sqrt(b) / Math.sqrt(c) - (rho / 2) * spread[i]!
  return product
}

import type { WeightedStatistic } from './bootstrap.ts'
import { sortOrder } from './rank.ts'

/**
 * Rank statistics recomputed under cluster weights (how often a bootstrap resample holds each cluster), equal to the plain
 * statistic on the rows written out that often. Rows are sorted once; each call is linear in the rows and allocates nothing.
 * `cluster[i]` in [0, clusters); NaN = undefined for these weights.
 */

/** Rows in ascending order of a value, with the end of each block of equal values marked. */
interface Sorted {
  readonly order: Int32Array
  /** 1 where the next row has another value. */
  readonly last: Uint8Array
}
function sorted(values: ArrayLike<number>): Sorted {
  const order = sortOrder(values)
  const last = new Uint8Array(order.length)
  for (let k = 0; k < order.length; k++)
    last[k] = k + 1 === order.length || values[order[k + 1]!] !== values[order[k]!] ? 1 : 0
  return { order, last }
}
const permute = (values: ArrayLike<number>, order: Int32Array): Int32Array => Int32Array.from(order, (i) => values[i]!)

/** AUROC of scores for labels 0 and 1. */
export function weightedAuroc(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  cluster: Int32Array,
): WeightedStatistic {
  const { order, last } = sorted(scores)
  const of = permute(cluster, order)
  const positive = permute(labels, order)
  return (weights) => {
    let below = 0
    let wins = 0
    let ups = 0
    let blockUp = 0
    let blockDown = 0
    for (let k = 0; k < of.length; k++) {
      const w = weights[of[k]!]!
      if (positive[k] === 1) blockUp += w
      else blockDown += w
      if (last[k] === 0) continue
      wins += blockUp * (below + blockDown / 2)
      below += blockDown
      ups += blockUp
      blockUp = 0
      blockDown = 0
    }
    return wins / (ups * below)
  }
}

/** Average precision of scores for labels 0 and 1. */
export function weightedAveragePrecision(
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
  cluster: Int32Array,
): WeightedStatistic {
  const { order, last } = sorted(scores)
  const of = permute(cluster, order)
  const positive = permute(labels, order)
  return (weights) => {
    let found = 0
    let seen = 0
    let block = 0
    let total = 0
    for (let k = of.length - 1; k >= 0; k--) {
      const w = weights[of[k]!]!
      seen += w
      if (positive[k] === 1) block += w
      if (k > 0 && last[k - 1] === 0) continue
      found += block
      if (block > 0) total += block * (found / seen)
      block = 0
    }
    return total / found
  }
}

/** Values as levels 0, 1, … in ascending order. */
function levelsOf(values: ArrayLike<number>): { level: Int32Array; levels: number } {
  const { order, last } = sorted(values)
  const level = new Int32Array(values.length)
  let next = 0
  order.forEach((i, k) => {
    level[i] = next
    next += last[k]!
  })
  return { level, levels: next }
}

/** Kendall's τ-b and Somers' D(score | reward). */
export function weightedKendall(
  reward: ArrayLike<number>,
  score: ArrayLike<number>,
  cluster: Int32Array,
): { readonly tauB: WeightedStatistic; readonly somersD: WeightedStatistic; readonly levels: number } {
  const { order, last } = sorted(score)
  const of = permute(cluster, order)
  const { level: plain, levels } = levelsOf(reward)
  const level = permute(plain, order)
  const counts = new Float64Array(levels)
  // Fenwick tree over the levels: weight of the rows before, by level.
  const tree = new Float64Array(levels + 1)
  const below = (l: number): number => {
    let total = 0
    for (let i = l; i > 0; i -= i & -i) total += tree[i]!
    return total
  }
  const pairsIn = (w: number): number => (w * (w - 1)) / 2
  let net = 0
  let pairs = 0
  let scoreTies = 0
  let rewardTies = 0
  const count = (weights: Int32Array): void => {
    counts.fill(0)
    tree.fill(0)
    net = 0
    scoreTies = 0
    let seen = 0
    let block = 0
    let start = 0
    for (let k = 0; k < of.length; k++) {
      const w = weights[of[k]!]!
      if (w > 0) {
        const l = level[k]!
        const less = below(l)
        net += w * (less - (seen - less - counts[l]!))
        block += w
      }
      if (last[k] === 0) continue
      if (block > 0) {
        for (let r = start; r <= k; r++) {
          const v = weights[of[r]!]!
          if (v === 0) continue
          const l = level[r]!
          counts[l] = counts[l]! + v
          for (let i = l + 1; i <= levels; i += i & -i) tree[i] = tree[i]! + v
        }
        scoreTies += pairsIn(block)
        seen += block
      }
      block = 0
      start = k + 1
    }
    pairs = pairsIn(seen)
    rewardTies = 0
    for (let l = 0; l < levels; l++) rewardTies += pairsIn(counts[l]!)
  }
  return {
    levels,
    tauB: (weights) => {
      count(weights)
      return net / Math.sqrt(pairs - scoreTies) / Math.sqrt(pairs - rewardTies)
    },
    somersD: (weights) => {
      count(weights)
      return net / (pairs - rewardTies)
    },
  }
}

/** Spearman's ρ: Pearson's r of the average ranks among the weighted rows. */
export function weightedSpearman(x: ArrayLike<number>, y: ArrayLike<number>, cluster: Int32Array): WeightedStatistic {
  const sides = [sorted(x), sorted(y)].map(({ order, last }) => ({ order, last, of: permute(cluster, order) }))
  const ranks = sides.map(() => new Float64Array(cluster.length))
  const fill = (side: number, weights: Int32Array): number => {
    const { order, last, of } = sides[side]!
    const out = ranks[side]!
    let before = 0
    let block = 0
    let start = 0
    for (let k = 0; k < order.length; k++) {
      block += weights[of[k]!]!
      if (last[k] === 0) continue
      const rank = before + (block + 1) / 2
      for (let r = start; r <= k; r++) out[order[r]!] = rank
      before += block
      block = 0
      start = k + 1
    }
    return before
  }
  return (weights) => {
    const n = fill(0, weights)
    fill(1, weights)
    const centre = (n + 1) / 2
    const [rx, ry] = [ranks[0]!, ranks[1]!]
    let xy = 0
    let xx = 0
    let yy = 0
    for (let i = 0; i < cluster.length; i++) {
      const w = weights[cluster[i]!]!
      if (w === 0) continue
      const dx = rx[i]! - centre
      const dy = ry[i]! - centre
      xy += w * dx * dy
      xx += w * dx * dx
      yy += w * dy * dy
    }
    return xy / Math.sqrt(xx) / Math.sqrt(yy)
  }
}

/** Mean of a value over clusters in which it is defined (not NaN), each counting the same. */
export function weightedClusterMean(values: Float64Array): WeightedStatistic {
  return (weights) => {
    let total = 0
    let n = 0
    for (let c = 0; c < values.length; c++) {
      const v = values[c]!
      if (Number.isNaN(v)) continue
      const w = weights[c]!
      total += w * v
      n += w
    }
    return total / n
  }
}

import type { WeightedStatistic } from './bootstrap.ts'
import type { Weights } from './draws.ts'
import { sorted } from './sorted.ts'

/**
 * Rank statistics recomputed under cluster weights (how often a bootstrap resample holds each cluster), equal to the plain
 * statistic on the rows written out that often. Rows are sorted once; each call is linear in the rows and allocates nothing.
 * `cluster[i]` in [0, clusters); NaN = undefined for these weights.
 */

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
      const up = w * positive[k]!
      blockUp += up
      blockDown += w - up
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

/** Up to this many levels of reward are summed directly. */
const FEW_LEVELS = 8

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
  // What the last call counted. The loop itself works on locals: a variable that closures share is boxed at every write.
  const counted = { net: 0, pairs: 0, scoreTies: 0, rewardTies: 0 }
  const few = levels <= FEW_LEVELS
  // Few levels: counts below each level, kept by a loop of fixed length over a 0/1 table; quicker than the tree, no branches.
  const above = Float64Array.from({ length: few ? levels * levels : 0 }, (_, i) =>
    i % levels > Math.floor(i / levels) ? 1 : 0,
  )
  const cumulative = new Float64Array(levels)
  const lower = (l: number): number => (few ? cumulative[l]! : below(l))
  const insert = (l: number, w: number): void => {
    counts[l] = counts[l]! + w
    if (few) for (let j = 0; j < levels; j++) cumulative[j] = cumulative[j]! + w * above[l * levels + j]!
    else if (w > 0) for (let i = l + 1; i <= levels; i += i & -i) tree[i] = tree[i]! + w
  }
  const count = (weights: Weights): void => {
    counts.fill(0)
    cumulative.fill(0)
    tree.fill(0)
    let net = 0
    let scoreTies = 0
    let seen = 0
    let start = 0
    for (let k = 0; k < of.length; k++) {
      if (last[k] === 0) continue
      if (start === k) {
        // A score of its own, the usual case: compare and add in one go.
        const w = weights[of[k]!]!
        start = k + 1
        if (!few && w === 0) continue
        const l = level[k]!
        net += w * (2 * lower(l) - seen + counts[l]!)
        insert(l, w)
        scoreTies += (w * (w - 1)) / 2
        seen += w
        continue
      }
      // Rows start … k have one score: each is compared with the rows before, then all are added.
      let block = 0
      for (let r = start; r <= k; r++) {
        const w = weights[of[r]!]!
        if (w === 0) continue
        const l = level[r]!
        const less = lower(l)
        net += w * (2 * less - seen + counts[l]!)
        block += w
      }
      if (block > 0) {
        for (let r = start; r <= k; r++) {
          const v = weights[of[r]!]!
          if (v > 0) insert(level[r]!, v)
        }
        scoreTies += pairsIn(block)
        seen += block
      }
      start = k + 1
    }
    let rewardTies = 0
    for (let l = 0; l < levels; l++) rewardTies += pairsIn(counts[l]!)
    counted.net = net
    counted.pairs = pairsIn(seen)
    counted.scoreTies = scoreTies
    counted.rewardTies = rewardTies
  }
  return {
    levels,
    tauB: (weights) => {
      count(weights)
      const { net, pairs, scoreTies, rewardTies } = counted
      return net / Math.sqrt(pairs - scoreTies) / Math.sqrt(pairs - rewardTies)
    },
    somersD: (weights) => {
      count(weights)
      const { net, pairs, scoreTies, rewardTies } = counted
      return scoreTies === pairs ? Number.NaN : net / (pairs - rewardTies)
    },
  }
}

/** Spearman's ρ: Pearson's r of the average ranks among the weighted rows. */
export function weightedSpearman(x: ArrayLike<number>, y: ArrayLike<number>, cluster: Int32Array): WeightedStatistic {
  const sides = [sorted(x), sorted(y)].map(({ order, last }) => ({ order, last, of: permute(cluster, order) }))
  const ranks = sides.map(() => new Float64Array(cluster.length))
  const fill = (side: number, weights: Weights): number => {
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
  // zeros where it is not: a branch costs more
  const defined = Uint8Array.from(values, (v) => (Number.isNaN(v) ? 0 : 1))
  const filled = values.map((v) => (Number.isNaN(v) ? 0 : v))
  return (weights) => {
    let total = 0
    let n = 0
    for (let c = 0; c < filled.length; c++) {
      const w = weights[c]!
      total += w * filled[c]!
      n += w * defined[c]!
    }
    return total / n
  }
}

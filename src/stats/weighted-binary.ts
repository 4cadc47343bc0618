import type { WeightedStatistic } from './bootstrap.ts'
import type { Weights } from './draws.ts'
import type { Sorted } from './sorted.ts'
import { dot } from './sums.ts'
import { addUp, clusterCount, parted, weightedBlocks } from './tie-blocks.ts'

/** What one pass over a two-valued reward gives. */
export interface BinaryRanking {
  readonly auroc: WeightedStatistic
  readonly averagePrecision: WeightedStatistic
  readonly tauB: WeightedStatistic
  readonly somersD: WeightedStatistic
  readonly spearman: WeightedStatistic
}

/**
 * AUROC, average precision, τ-b, Somers' D and Spearman's ρ for labels 0 and 1 in one pass: with two levels all but average
 * precision are functions of W = #(pairs won) + ½ #(tied), the class sizes and the ties of the score. The pass is made when
 * `weights` were changed since the last call, which `auroc` marks: call it first for each resample.
 * @param by rows sorted by score
 */
export function weightedBinary(labels: ArrayLike<number>, by: Sorted, cluster: Int32Array): BinaryRanking {
  const { ones, others, ...among } = parted(by, (row) => labels[row] === 1)
  const classes: Classes = {
    ...among,
    positives: ones.map((row) => cluster[row]!),
    negatives: others.map((row) => cluster[row]!),
  }
  const ofCluster = new Float64Array(clusterCount(cluster))
  for (const c of classes.positives) ofCluster[c] = ofCluster[c]! + 1
  const blocks = weightedBlocks(by, cluster)
  /** Weight of the first 0, 1, … negatives. */
  const before = new Float64Array(others.length + 1)
  const counted: BinaryCounts = { ups: 0, downs: 0, wins: 0, precision: 0, scoreTies: 0, cubes: 0 }
  const pass = (weights: Weights): void => {
    addUp(classes.negatives, weights, before)
    countBinary(classes, before, weights, dot(weights, ofCluster), counted)
    const { squares, cubes } = blocks(weights)
    const n = counted.ups + counted.downs
    counted.scoreTies = (squares - n) / 2
    counted.cubes = cubes - n
  }
  const net = (): number => 2 * counted.wins - counted.ups * counted.downs
  return {
    auroc: (weights) => {
      pass(weights)
      return counted.wins / (counted.ups * counted.downs)
    },
    averagePrecision: () => counted.precision / counted.ups,
    tauB: () => {
      const { ups, downs, scoreTies } = counted
      const n = ups + downs
      return net() / Math.sqrt((n * (n - 1)) / 2 - scoreTies) / Math.sqrt(ups * downs)
    },
    somersD: () => {
      const n = counted.ups + counted.downs
      return counted.scoreTies === (n * (n - 1)) / 2 ? Number.NaN : net() / (counted.ups * counted.downs)
    },
    spearman: () => {
      // Σ (rank − mean)(label − mean) = net/2; Σ (label − mean)² = ups·downs/n; Σ (rank − mean)² = (n³ − n − Σ(t³ − t))/12
      const { ups, downs, cubes } = counted
      const n = ups + downs
      return net() / 2 / Math.sqrt((ups * downs) / n) / Math.sqrt((n * n * n - n - cubes) / 12)
    },
  }
}

/** Rows of either label in ascending order of the score. */
interface Classes {
  /** Cluster of each row. */
  readonly negatives: Int32Array
  readonly positives: Int32Array
  /** Of each positive: 1 where the next one has another score. */
  readonly last: Uint8Array
  /** Of each positive: how many negatives score lower, and how many no higher. */
  readonly below: Int32Array
  readonly upTo: Int32Array
}

interface BinaryCounts {
  ups: number
  downs: number
  wins: number
  precision: number
  /** Pairs tied on the score, and Σ (t³ − t) over its blocks. */
  scoreTies: number
  cubes: number
}

/** The pass of `weightedBinary`, over the positives. Its arrays are locals: of a closure's, each access would be checked anew. */
function countBinary(
  { negatives, positives, last, below, upTo }: Classes,
  before: Float64Array,
  weights: Weights,
  allUps: number,
  counted: BinaryCounts,
): void {
  const downs = before[negatives.length]!
  let ups = 0
  let wins = 0
  let precision = 0
  let block = 0
  for (let k = 0; k < positives.length; k++) {
    block += weights[positives[k]!]!
    if (last[k] === 0) continue
    const lower = before[below[k]!]!
    // No branch on the weights, which are as good as random: a mispredicted one costs more than adding zeros.
    wins += block * (lower + before[upTo[k]!]!)
    // Positives and rows at or above this score; none are left only where the block is empty.
    const left = allUps - ups
    precision += block * (left / Math.max(1, left + downs - lower))
    ups += block
    block = 0
  }
  counted.ups = ups
  counted.downs = downs
  counted.wins = wins / 2
  counted.precision = precision
}

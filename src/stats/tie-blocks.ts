import type { Weights } from './draws.ts'
import type { Sorted } from './sorted.ts'

/** Over the blocks of equal values, t the weight of a block's rows. */
export interface BlockSums {
  /** Σ t² */
  readonly squares: number
  /** Σ t³ */
  readonly cubes: number
}

/**
 * Sums over blocks of equal values under cluster weights. A row whose value no other has is a block of its own, of its cluster's weight: of
 * such rows their number in each cluster is enough. Σ t³ is exact up to a block of 208,063 rows (t³ < 2⁵³).
 */
export function weightedBlocks({ order, last }: Sorted, cluster: Int32Array): (weights: Weights) => BlockSums {
  const alone = new Float64Array(clusterCount(cluster))
  const isAlone = (k: number): boolean => last[k] === 1 && (k === 0 || last[k - 1] === 1)
  let rows = 0
  for (let k = 0; k < order.length; k++) {
    const c = cluster[order[k]!]!
    if (isAlone(k)) alone[c] = alone[c]! + 1
    else rows++
  }
  const tied = { of: new Int32Array(rows), last: new Uint8Array(rows) }
  for (let k = 0, at = 0; k < order.length; k++) {
    if (isAlone(k)) continue
    tied.of[at] = cluster[order[k]!]!
    tied.last[at++] = last[k]!
  }
  const sums = { squares: 0, cubes: 0 }
  return (weights) => {
    addAlone(alone, weights, sums)
    addTied(tied.of, tied.last, weights, sums)
    return sums
  }
}

function addAlone(alone: Float64Array, weights: Weights, sums: { squares: number; cubes: number }): void {
  let squares = 0
  let cubes = 0
  for (let c = 0; c < alone.length; c++) {
    const w = weights[c]!
    const square = w * w * alone[c]!
    squares += square
    cubes += square * w
  }
  sums.squares = squares
  sums.cubes = cubes
}

function addTied(of: Int32Array, last: Uint8Array, weights: Weights, sums: { squares: number; cubes: number }): void {
  let { squares, cubes } = sums
  let block = 0
  for (let k = 0; k < of.length; k++) {
    block += weights[of[k]!]!
    if (last[k] === 0) continue
    squares += block * block
    cubes += block * block * block
    block = 0
  }
  sums.squares = squares
  sums.cubes = cubes
}

/** Rows of two kinds, each in ascending order of a value, and where the ones stand among the others. */
interface Parted {
  readonly ones: Int32Array
  readonly others: Int32Array
  /** Of each of the ones: 1 where the next one has another value. */
  readonly last: Uint8Array
  /** Of each of the ones: how many others have a lower value, and how many no higher one. */
  readonly below: Int32Array
  readonly upTo: Int32Array
}

export function parted({ order, last }: Sorted, isOne: (row: number) => boolean): Parted {
  const ones = order.filter(isOne)
  const parts = {
    ones,
    others: order.filter((row) => !isOne(row)),
    last: new Uint8Array(ones.length),
    below: new Int32Array(ones.length),
    upTo: new Int32Array(ones.length),
  }
  let [at, lower] = [0, 0]
  for (let end = 0; end < order.length; ) {
    const first = at
    do if (isOne(order[end]!)) at++
    while (last[end++] === 0)
    parts.below.fill(lower, first, at)
    lower = end - at
    parts.upTo.fill(lower, first, at)
    if (at > first) parts.last[at - 1] = 1
  }
  return parts
}

/** How many clusters there are, of their numbers 0, 1, … */
export function clusterCount(cluster: Int32Array): number {
  let count = 0
  for (let i = 0; i < cluster.length; i++) count = Math.max(count, cluster[i]! + 1)
  return count
}

/** Running sums of the rows' weights, two at a time: additions that follow each other are what takes the time. */
export function addUp(of: Int32Array, weights: Weights, sums: Float64Array): void {
  let total = 0
  const even = of.length & ~1
  for (let k = 0; k < even; k += 2) {
    const first = weights[of[k]!]!
    const both = first + weights[of[k + 1]!]!
    sums[k + 1] = total + first
    total += both
    sums[k + 2] = total
  }
  if (even < of.length) sums[even + 1] = total + weights[of[even]!]!
}

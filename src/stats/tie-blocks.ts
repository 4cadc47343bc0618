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
export function weightedBlocks(
  { order, last }: Sorted,
  cluster: Int32Array,
  clusters: number,
): (weights: Weights) => BlockSums {
  const alone = new Float64Array(clusters)
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

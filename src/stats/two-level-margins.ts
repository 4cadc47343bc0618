import type { Weights } from './draws.ts'
import type { Sorted } from './sorted.ts'
import { addUp, parted, weightedBlocks } from './tie-blocks.ts'

/** What a pass over the rows (m, v) of weighted-margins.ts counts. */
export interface MarginCounts {
  rows: number
  /** Rows with v ≠ 0. */
  decided: number
  net: number
  decidedNet: number
  ownImages: number
  marginTies: number
  verifiedTies: number
}

/** Rows with v ≠ 0 in ascending order of |m|. */
interface Decided {
  /** Cluster of each row. */
  readonly of: Int32Array
  readonly sign: Int8Array
  /** 1 where the next one has another |m|. */
  readonly last: Uint8Array
  /** How many rows with v = 0 have a lower |m|, and how many no higher one. */
  readonly below: Int32Array
  readonly upTo: Int32Array
}

/**
 * The pass where all |v| ≠ 0 are equal.
 * @param by rows sorted by |m| @param sign of m·v @param decided whether v ≠ 0 @param zeros how many rows have m = 0
 */
export function twoLevels(
  by: Sorted,
  sign: (row: number) => number,
  decided: (row: number) => boolean,
  zeros: number,
  cluster: Int32Array,
  counted: MarginCounts,
): (weights: Weights) => void {
  const { ones, others, ...among } = parted(by, decided)
  const rows: Decided = { ...among, of: ones.map((row) => cluster[row]!), sign: Int8Array.from(ones, sign) }
  const open = others.map((row) => cluster[row]!)
  const noMargin = by.order.subarray(0, zeros).map((row) => cluster[row]!)
  const blocks = weightedBlocks(by, cluster)
  /** Weight of the first 0, 1, … rows with v = 0. */
  const before = new Float64Array(open.length + 1)
  return (weights) => {
    addUp(open, weights, before)
    countDecided(rows, before, weights, counted)
    const none = before[open.length]!
    const { decided } = counted
    let first = 0
    for (let k = 0; k < noMargin.length; k++) first += weights[noMargin[k]!]!
    counted.rows = decided + none
    counted.marginTies = blocks(weights).squares - counted.rows + first * first
    counted.verifiedTies = none * (2 * none - 1) + decided * (decided - 1)
  }
}

function countDecided(
  { of, sign, last, below, upTo }: Decided,
  before: Float64Array,
  weights: Weights,
  counted: MarginCounts,
): void {
  let decided = 0
  let twice = 0
  let open = 0
  let ownImages = 0
  let block = 0
  let signed = 0
  for (let k = 0; k < of.length; k++) {
    const w = weights[of[k]!]!
    block += w
    signed += w * sign[k]!
    if (last[k] === 0) continue
    // against decided rows: all below, and half of the block, less the row itself
    twice += signed * (2 * decided + block - 1)
    // against the others 2 for each below, and 1 for each in the block
    open += signed * (before[below[k]!]! + before[upTo[k]!]!)
    ownImages += signed
    decided += block
    block = 0
    signed = 0
  }
  counted.decided = decided
  counted.decidedNet = twice / 2
  counted.net = twice / 2 + open
  counted.ownImages = ownImages
}

import type { Sequence } from '../types.ts'
import type { Packed } from './packing.ts'
import { frequenciesFor, type Rope, turnsAs } from './rope.ts'

/**
 * The rotary tables of one run. Some models turn long sequences otherwise than short ones, and a run holds sequences of many
 * lengths: so a table has parts, one for each way to turn, and a token's row is its position in the part of its sequence. Every
 * sequence has the frequencies that it would have alone.
 */
export interface RopeRows {
  /** The row of every place, [batch, seq] flattened. Within a sequence they differ as its positions do. */
  readonly rows: Int32Array
  /** The parts in order; the first is that of short sequences. */
  readonly parts: readonly TablePart[]
}
interface TablePart {
  /** Length whose frequencies it has (rope.ts, `turnsAs`). */
  readonly turnsAs: number
  readonly rows: number
}

/**
 * @param read how many rows the head reads: those of sequences that share tokens of their completions may be more than there are places
 * @throws RangeError where a plan shares tokens between sequences that turn otherwise
 */
export function ropeRows(packed: Packed, chosen: readonly Sequence[], ropes: readonly Rope[], read: number): RopeRows {
  const kinds = chosen.map(({ ids, positionStart }) => turnsAs(ropes, positionStart + ids.length))
  // RotaryEmbedding wants as many rows as it turns places, too; of the last layer those that the head reads are turned alone
  const needed = new Map([[0, Math.max(packed.seq, read)]])
  chosen.forEach(({ ids, positionStart }, i) => {
    needed.set(kinds[i]!, Math.max(needed.get(kinds[i]!) ?? 0, positionStart + ids.length))
  })
  const parts = [...needed].map(([turnsAs, rows]) => ({
    turnsAs,
    rows: turnsAs === 0 ? 2 ** Math.ceil(Math.log2(Math.max(rows, 512))) : 512 * Math.ceil(rows / 512),
  }))
  if (parts.length === 1) return { rows: packed.positions, parts }
  return { rows: movedRows(packed, kinds, parts), parts }
}

function movedRows(packed: Packed, kinds: readonly number[], parts: readonly TablePart[]): Int32Array {
  const starts = new Map<number, number>()
  let start = 0
  for (const part of parts) {
    starts.set(part.turnsAs, start)
    start += part.rows
  }
  const rows = packed.positions.slice()
  const taken = new Int32Array(rows.length).fill(-1)
  packed.paths.forEach((path, i) => {
    for (const place of path) {
      // a carried token's key is turned already
      if (place < 0) continue
      if (taken[place] !== -1 && taken[place] !== kinds[i])
        throw new RangeError(`sequence ${i} of a batch shares tokens with one whose length turns otherwise`)
      taken[place] = kinds[i]!
      rows[place] = packed.positions[place]! + starts.get(kinds[i]!)!
    }
  })
  return rows
}

/** cos and sin of every part's positions, [Σ rows, rotaryDim / 2] each; the angle is rounded to float32 first, as in torch. */
export function ropeTables(
  rope: Rope,
  parts: readonly TablePart[],
): { readonly cos: Float32Array; readonly sin: Float32Array; readonly rows: number } {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const width = rope.inverseFrequencies.length
  const cos = new Float32Array(rows * width)
  const sin = new Float32Array(rows * width)
  let at = 0
  for (const part of parts) {
    const inverse = frequenciesFor(rope, part.turnsAs)
    for (let position = 0; position < part.rows; position++)
      for (let i = 0; i < width; i++, at++) {
        const angle = Math.fround(position * inverse[i]!)
        cos[at] = Math.fround(Math.cos(angle)) * rope.attentionFactor
        sin[at] = Math.fround(Math.sin(angle)) * rope.attentionFactor
      }
  }
  return { cos, sin, rows }
}

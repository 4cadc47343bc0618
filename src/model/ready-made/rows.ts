import type { Sequence } from '../../types.ts'

/** A batch as a ready-made graph takes it: a row for each text, padded on the right. */
export interface Rows {
  readonly batch: number
  readonly seq: number
  /** [batch, seq], flattened. */
  readonly ids: Int32Array
  readonly mask: Int32Array
  readonly types: Int32Array
  readonly positions: Int32Array
  /** Place in its row of each text's first id: 1 where a masked BOS stands before it. */
  readonly starts: readonly number[]
}

/**
 * Rows of texts. The first of two BOS, which transformers masks, was taken out of a text (`positionStart` 1). A graph that is told
 * positions gets the text as it is; any other counts by itself, so the BOS is put back and masked.
 */
export function rowsOf(
  texts: readonly Sequence[],
  options: {
    readonly padId: number
    readonly positions: boolean
    /** Positions begin at 0 where a first BOS is masked, too (OPT). */
    readonly countsAttended: boolean
  },
): Rows {
  const { padId, positions: told, countsAttended } = options
  const starts = texts.map(({ positionStart }) => (told ? 0 : positionStart))
  const seq = texts.reduce((most, { ids }, i) => Math.max(most, starts[i]! + ids.length), 0)
  const size = texts.length * seq
  const rows = {
    batch: texts.length,
    seq,
    ids: new Int32Array(size).fill(padId),
    mask: new Int32Array(size),
    types: new Int32Array(size),
    positions: new Int32Array(size),
    starts,
  }
  texts.forEach(({ ids, typeIds, positionStart }, i) => {
    const [first, start] = [i * seq, i * seq + starts[i]!]
    if (starts[i] === 1) rows.ids[first] = ids[0]!
    rows.ids.set(ids, start)
    rows.mask.fill(1, start, start + ids.length)
    if (typeIds !== null) rows.types.set(typeIds, start)
    // padding repeats the last position, so that none lies beyond the table
    for (let t = 0; t < seq; t++)
      rows.positions[first + t] = (countsAttended ? 0 : positionStart) + Math.min(t, ids.length - 1)
  })
  return rows
}

/**
 * [rows, 2]: text and place of every row that is read, and [rows, 1] the token that each predicts. A head reads its places; a causal
 * model predicts ids[t] from the place before, for t = reads[0] ….
 */
export function readRows(
  texts: readonly Sequence[],
  starts: readonly number[],
  causal: boolean,
): { readonly rows: Int32Array; readonly targets: Int32Array; readonly counts: readonly number[] } {
  const rows: number[] = []
  const targets: number[] = []
  const counts = texts.map(({ ids, reads }, i) => {
    if (!causal) {
      for (const place of reads) rows.push(i, starts[i]! + place)
      return reads.length
    }
    for (let t = reads[0]!; t < ids.length; t++) {
      rows.push(i, starts[i]! + t - 1)
      targets.push(ids[t]!)
    }
    return ids.length - reads[0]!
  })
  return { rows: Int32Array.from(rows), targets: Int32Array.from(targets), counts }
}

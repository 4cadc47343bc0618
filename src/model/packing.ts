import { ModelError } from '../errors.ts'
import type { Batch, Sequence } from '../types.ts'

/**
 * A batch as rows of tokens. A row holds trees in preorder: a sequence's tokens follow those of the sequence before it,
 * whose first `reused` tokens it shares.
 */
export interface Packed {
  /** Rows and row length; ids, token types and positions are [batch, seq], flattened, padded on the right with 0. */
  readonly batch: number
  readonly seq: number
  readonly ids: Int32Array
  readonly types: Int32Array
  readonly positions: Int32Array
  /** Tokens of each row. */
  readonly lengths: Int32Array
  /** For every sequence of the batch, the place in the flattened ids of each of its tokens. */
  readonly paths: readonly Int32Array[]
  /** For every place, the place in its row after the last token that continues it. */
  readonly subtreeEnd: Int32Array
}

/** How tokens take positions and rows take padding. */
export interface PackingRules {
  /** An id that takes no position, and has −1 (spec.ts, LearnedPositions). Default: none. */
  readonly without?: number | null
  /** Positions begin at 0 where a first BOS is masked too (spec.ts). Default false. */
  readonly countsAttended?: boolean
  /** Rows are padded to a multiple of so many tokens. Default 1. */
  readonly rowMultiple?: number
}

/** All sequences in one row, or a row for each sequence that shares nothing with the one before. */
export function packBatch(
  batch: Batch,
  sequences: readonly Sequence[],
  oneRow: boolean,
  rules: PackingRules = {},
): Packed {
  const chosen = batch.sequences.map((index) => sequences[index]!)
  const reused = batch.reused ?? chosen.map(() => 0)
  checkReused(chosen, reused)
  const rowOf: number[] = []
  const lengths: number[] = []
  chosen.forEach((sequence, i) => {
    if (i === 0 || (!oneRow && reused[i] === 0)) lengths.push(0)
    rowOf.push(lengths.length - 1)
    lengths[lengths.length - 1]! += sequence.ids.length - reused[i]!
  })
  const seq = roundedUp(Math.max(...lengths), rules.rowMultiple)
  const ids = new Int32Array(lengths.length * seq)
  const types = new Int32Array(lengths.length * seq)
  const positions = new Int32Array(lengths.length * seq)
  const paths: Int32Array[] = []
  const filled = lengths.map(() => 0)
  chosen.forEach((sequence, i) => {
    const row = rowOf[i]!
    const path = new Int32Array(sequence.ids.length)
    path.set((paths[i - 1] ?? path).subarray(0, reused[i]!))
    const taken = positionsOf(sequence, rules)
    for (let t = reused[i]!; t < path.length; t++) {
      const place = row * seq + filled[row]!++
      path[t] = place
      ids[place] = sequence.ids[t]!
      types[place] = sequence.typeIds?.[t] ?? 0
      positions[place] = taken[t]!
    }
    paths.push(path)
  })
  const subtreeEnd = subtreeEnds(paths, reused, rowOf, seq, ids.length)
  return { batch: lengths.length, seq, ids, types, positions, lengths: Int32Array.from(lengths), paths, subtreeEnd }
}

/** @example roundedUp(17, 8) // 24 */
export const roundedUp = (length: number, multiple = 1): number => multiple * Math.ceil(length / multiple)

/** The position of every token of a sequence; −1 of the id that takes none. */
export function positionsOf(
  { ids, positionStart }: Sequence,
  { without = null, countsAttended = false }: PackingRules,
): Int32Array {
  let position = countsAttended ? 0 : positionStart
  return ids.map((id) => (id === without ? -1 : position++))
}

/** A plan that belongs to other sequences would share what is not equal, in silence. */
export function checkReused(chosen: readonly Sequence[], reused: readonly number[]): void {
  chosen.forEach(({ ids, positionStart }, i) => {
    const before = chosen[i - 1]
    const same = (t: number): boolean =>
      ids[t] !== undefined && ids[t] === before?.ids[t] && positionStart === before.positionStart
    for (let t = 0; t < reused[i]!; t++)
      if (!same(t)) throw new RangeError(`sequence ${i} of a batch reuses ${reused[i]} tokens, but token ${t} differs`)
  })
}

/** A token's subtree ends where the first later sequence of its row begins that does not share the token. */
function subtreeEnds(
  paths: readonly Int32Array[],
  reused: readonly number[],
  rowOf: readonly number[],
  seq: number,
  places: number,
): Int32Array {
  const ends = new Int32Array(places).fill(seq)
  /** Places of the tokens, by depth, whose subtree has not ended. */
  let open: number[] = []
  paths.forEach((path, i) => {
    if (i > 0 && rowOf[i] !== rowOf[i - 1]) open = []
    const own = path.subarray(reused[i]!)
    if (own.length === 0) return
    for (const place of open.slice(reused[i]!)) ends[place] = own[0]! % seq
    open = [...open.slice(0, reused[i]!), ...own]
  })
  return ends
}

/** The blocks of queries of one packed row, for the `split` form. */
export interface Blocks {
  /** Half-open ranges of places. */
  readonly start: Int32Array
  readonly end: Int32Array
  /** Half-open ranges of `past`: the places that a block's queries see besides the block itself. */
  readonly pastStart: Int32Array
  readonly pastEnd: Int32Array
  readonly past: Int32Array
}

/** Splits every sequence's own tokens into blocks of about equal length, at most `blockTokens`. */
export function blocksOf(packed: Packed, reused: readonly number[], blockTokens: number): Blocks {
  const start: number[] = []
  const end: number[] = []
  const pastStart: number[] = []
  const pastEnd: number[] = []
  const past: number[] = []
  packed.paths.forEach((path, i) => {
    const from = reused[i]!
    const own = path.length - from
    const count = Math.ceil(own / blockTokens)
    for (let b = 0; b < count; b++) {
      const first = from + Math.floor((own * b) / count)
      const last = from + Math.floor((own * (b + 1)) / count)
      start.push(path[first]!)
      end.push(path[last - 1]! + 1)
      pastStart.push(past.length)
      for (let t = 0; t < first; t++) past.push(path[t]!)
      pastEnd.push(past.length)
    }
  })
  const [s, e, ps, pe, p] = [start, end, pastStart, pastEnd, past].map((values) => Int32Array.from(values))
  return { start: s!, end: e!, pastStart: ps!, pastEnd: pe!, past: p! }
}

/** What a head reads: places in the flattened ids, and for log-probs the token that each row predicts. */
export interface HeadRows {
  readonly rows: Int32Array
  readonly targets: Int32Array
  /** For every sequence of the batch, how many rows are its own. */
  readonly counts: readonly number[]
}

/** A reward head reads its places. */
export function scoreRows(packed: Packed, chosen: readonly Sequence[]): HeadRows {
  const rows = chosen.flatMap(({ reads }, i) => Array.from(reads, (place) => packed.paths[i]![place]!))
  return { rows: Int32Array.from(rows), targets: new Int32Array(0), counts: chosen.map(({ reads }) => reads.length) }
}

/** For every row, which sequence of the batch it belongs to. */
export const ownersOf = ({ counts }: HeadRows): Int32Array =>
  Int32Array.from(counts.flatMap((count, i) => new Array<number>(count).fill(i)))

/** The causal head predicts ids[t] from the token before, for t = reads[0] …; rows may lie in the shared prefix. */
export function logProbRows(packed: Packed, chosen: readonly Sequence[]): HeadRows {
  const counts = chosen.map(({ ids, reads }) => ids.length - reads[0]!)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const rows = new Int32Array(total)
  const targets = new Int32Array(total)
  let n = 0
  chosen.forEach((sequence, i) => {
    for (let t = sequence.reads[0]!; t < sequence.ids.length; t++, n++) {
      rows[n] = packed.paths[i]![t - 1]!
      targets[n] = sequence.ids[t]!
    }
  })
  return { rows, targets, counts }
}

/** Refuses what the graph would read out of bounds (a GPU does so in silence). */
export function checkBounds(
  chosen: readonly Sequence[],
  limits: {
    readonly where: string
    readonly vocab: number
    readonly positions: number | null
    readonly causal: boolean
    /** Rows of the table of token types; null: the model has none. */
    readonly types: number | null
    readonly first: number
  },
): void {
  for (const { ids, reads, positionStart, typeIds } of chosen) {
    const bad = ids.find((id) => id < 0 || id >= limits.vocab)
    if (bad !== undefined)
      throw new ModelError(
        `token id ${bad} is outside the model's vocabulary of ${limits.vocab}`,
        limits.where,
        'The tokenizer belongs to another model.',
      )
    if (limits.positions !== null && positionStart + ids.length > limits.positions)
      throw new ModelError(
        `a sequence reaches position ${positionStart + ids.length}, the model has ${limits.positions} learned positions`,
        limits.where,
        'Use --max-length.',
      )
    if (typeIds !== null && limits.causal)
      throw new ModelError('token types are for encoders; this is a decoder', limits.where)
    const badType = limits.types === null ? undefined : typeIds?.find((id) => id < 0 || id >= limits.types!)
    if (badType !== undefined)
      throw new ModelError(`token type ${badType}: the model has ${limits.types}`, limits.where)
    if (reads.length === 0 || reads.some((place) => place < limits.first || place >= ids.length))
      throw new RangeError(
        `a sequence of ${ids.length} tokens is read at ${reads.join(', ')}, expected ${limits.first} … ${ids.length - 1}`,
      )
  }
}

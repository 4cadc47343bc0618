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
  /**
   * For every sequence of the batch, the place in the flattened ids of each of its tokens. Of n carried tokens, which stand in no row, places are
   * −n … −1: their keys stand behind those of the rows (carried.ts).
   */
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
  checkReused(chosen, batch.reused ?? [])
  const reused = takenOver(batch)
  const carried = reused[0]!
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
    const before = paths[i - 1] ?? path
    path.set(i === 0 ? Int32Array.from({ length: carried }, (_, t) => t - carried) : before.subarray(0, reused[i]!))
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

/** How many leading tokens of each sequence of a batch are computed already: for the sequence before it, or in the batch before. */
export const takenOver = ({ sequences, reused, carried = 0 }: Batch): number[] =>
  sequences.map((_, i) => (i === 0 ? carried : (reused?.[i] ?? 0)))

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
    for (let t = 0; t < (reused[i] ?? 0); t++)
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
    open = [...path]
  })
  return ends
}

/** The blocks of queries of one packed row, for the form `split` (split-attention.ts). */
export interface Blocks {
  /**
   * [count, 8]: half-open ranges of places (the queries) and of `keys`, whose last are the queries themselves; rows and columns where
   * the block's part of a mask [longest, before + longest] begins, and where it ends.
   */
  readonly table: Int32Array
  readonly count: number
  /** The places of every sequence, in order. */
  readonly keys: Int32Array
  /** The most queries of a block, and the most keys before a block's own. */
  readonly longest: number
  readonly before: number
}

/** Queries first … last − 1 of a sequence's tokens, which stand one after the other from `place` on. */
interface Run {
  readonly sequence: number
  readonly first: number
  readonly last: number
  readonly place: number
}

/** Splits every sequence's own tokens into blocks of about equal length, at most `blockTokens`. @param reused as `takenOver` */
export function blocksOf(packed: Packed, reused: readonly number[], blockTokens: number): Blocks {
  const own = packed.paths.flatMap((path, sequence): Run[] => {
    const first = reused[sequence]!
    return path.length > first ? [{ sequence, first, last: path.length, place: path[first]! }] : []
  })
  return blocksOfRuns(packed, own, blockTokens)
}

/** The same of the rows that a head reads; places are their indices. */
export function rowBlocksOf(packed: Packed, { tokens }: HeadRows, blockTokens: number): Blocks {
  const runs: Run[] = []
  let place = 0
  for (const [sequence, read] of tokens.entries())
    for (let first = 0, last = 1; last <= read.length; last++) {
      if (last < read.length && read[last] === read[last - 1]! + 1) continue
      runs.push({ sequence, first: read[first]!, last: read[last - 1]! + 1, place })
      place += last - first
      first = last
    }
  return blocksOfRuns(packed, runs, blockTokens)
}

function blocksOfRuns({ paths }: Packed, runs: readonly Run[], blockTokens: number): Blocks {
  const blocks = runs.flatMap(({ sequence, first: from, last: to, place }) => {
    const count = Math.ceil((to - from) / blockTokens)
    return Array.from({ length: count }, (_, b): Run => {
      const first = from + Math.floor(((to - from) * b) / count)
      const last = from + Math.floor(((to - from) * (b + 1)) / count)
      return { sequence, first, last, place: place + first - from }
    })
  })
  const used = [...new Set(runs.map(({ sequence }) => sequence))]
  const keys = new Int32Array(used.reduce((sum, sequence) => sum + paths[sequence]!.length, 0))
  const starts = new Map<number, number>()
  let filled = 0
  for (const sequence of used) {
    keys.set(paths[sequence]!, filled)
    starts.set(sequence, filled)
    filled += paths[sequence]!.length
  }
  const longest = blocks.reduce((most, { first, last }) => Math.max(most, last - first), 0)
  const before = blocks.reduce((most, { first }) => Math.max(most, first), 0)
  const table = new Int32Array(8 * blocks.length)
  for (const [b, { sequence, first, last, place }] of blocks.entries()) {
    const [start, count] = [starts.get(sequence)!, last - first]
    table.set([place, place + count, start, start + last, 0, before - first, count, before + count], 8 * b)
  }
  return { table, count: blocks.length, keys, longest, before }
}

/** What a head reads: places in the flattened ids, and for log-probs the token that each row predicts. */
export interface HeadRows {
  readonly rows: Int32Array
  readonly targets: Int32Array
  /** For every sequence of the batch, how many rows are its own. */
  readonly counts: readonly number[]
  /** For every sequence, which of its tokens the rows are. */
  readonly tokens: readonly Int32Array[]
}

/** A reward head reads its places. */
export function scoreRows(packed: Packed, chosen: readonly Sequence[]): HeadRows {
  const rows = chosen.flatMap(({ reads }, i) => Array.from(reads, (place) => packed.paths[i]![place]!))
  const tokens = chosen.map(({ reads }) => reads)
  return { rows: Int32Array.from(rows), targets: new Int32Array(0), counts: tokens.map(({ length }) => length), tokens }
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
  const tokens = chosen.map(({ reads }, i) => Int32Array.from({ length: counts[i]! }, (_, n) => reads[0]! - 1 + n))
  let n = 0
  chosen.forEach((sequence, i) => {
    for (const t of tokens[i]!) {
      rows[n] = packed.paths[i]![t]!
      targets[n++] = sequence.ids[t + 1]!
    }
  })
  return { rows, targets, counts, tokens }
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

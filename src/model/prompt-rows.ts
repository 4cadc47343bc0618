import type { Batch, Sequence } from '../types.ts'
import { checkReused, type Packed, type PackingRules, positionsOf, roundedUp } from './packing.ts'

/**
 * A batch for the form `prompts`: all places in one row, the prompts' first, then those of the completions one after the other, without
 * padding. Attention alone sees the completions as rows.
 */
export interface PromptRows {
  readonly packed: Packed
  /** [rows, length] of the prompts. */
  readonly prompts: readonly [number, number]
  /** Places behind the prompts. */
  readonly own: number
  /** For attention: which of those places stands where, [completions, width], padded on the right with 0; and where each of them stands there. */
  readonly grid: Int32Array
  readonly width: number
  readonly fromGrid: Int32Array
  /** For every row of a completion, the row of its prompt. */
  readonly promptOf: Int32Array
}

/** Tokens `from` … `to` of a sequence. */
interface RowPart {
  readonly sequence: number
  readonly from: number
  readonly to: number
}

/**
 * Lays a batch out for the form `prompts`: the first `batch.prefix` tokens of each group are a prompt's row, what is left of each sequence is a
 * completion's. Where a batch has no such prefix, each sequence is a prompt's row as a whole, padded on the right, and the one completion that
 * the graph wants at the least is padding.
 */
export function packPrompts(batch: Batch, sequences: readonly Sequence[], rules: PackingRules = {}): PromptRows {
  const chosen = batch.sequences.map((index) => sequences[index]!)
  const reused = batch.reused ?? chosen.map(() => 0)
  checkReused(chosen, reused)
  const prefix = promptLength(batch, chosen, reused)
  const prompts: RowPart[] = []
  const completions: RowPart[] = []
  const promptOf: number[] = []
  chosen.forEach(({ ids: { length } }, sequence) => {
    if (prefix === 0 || reused[sequence] === 0) prompts.push({ sequence, from: 0, to: prefix === 0 ? length : prefix })
    if (prefix > 0) {
      promptOf.push(prompts.length - 1)
      completions.push({ sequence, from: prefix, to: length })
    }
  })
  if (prefix === 0) promptOf.push(0)
  const longest = (rows: readonly RowPart[]): number =>
    rows.reduce((most, { from, to }) => Math.max(most, to - from), 1)
  const promptSeq = prefix === 0 ? roundedUp(longest(prompts), rules.rowMultiple) : prefix
  const own = completions.reduce((sum, { from, to }) => sum + to - from, prefix === 0 ? 1 : 0)
  const behind = prompts.length * promptSeq
  const ids = new Int32Array(behind + own)
  const positions = new Int32Array(behind + own)
  const paths = chosen.map(({ ids: { length } }) => new Int32Array(length))
  const fill = ({ sequence, from, to }: RowPart, first: number): void => {
    const taken = positionsOf(chosen[sequence]!, rules)
    for (let t = from; t < to; t++) {
      const place = first + t - from
      ids[place] = chosen[sequence]!.ids[t]!
      positions[place] = taken[t]!
      paths[sequence]![t] = place
    }
  }
  for (const [row, part] of prompts.entries()) fill(part, row * promptSeq)
  const width = roundedUp(longest(completions), rules.rowMultiple)
  const grid = new Int32Array(promptOf.length * width)
  const fromGrid = new Int32Array(own)
  let done = 0
  for (const [row, part] of completions.entries()) {
    fill(part, behind + done)
    const first = promptOf[row]! * promptSeq
    for (let t = 0; t < prefix; t++) paths[part.sequence]![t] = first + t
    for (let t = 0; t < part.to - part.from; t++, done++) {
      grid[row * width + t] = done
      fromGrid[done] = row * width + t
    }
  }
  const packed: Packed = {
    batch: 1,
    seq: behind + own,
    ids,
    types: new Int32Array(behind + own),
    positions,
    lengths: Int32Array.of(behind + own),
    paths,
    subtreeEnd: new Int32Array(0),
  }
  return {
    packed,
    prompts: [prompts.length, promptSeq],
    own,
    grid,
    width,
    fromGrid,
    promptOf: Int32Array.from(promptOf),
  }
}

/** What of `batch.prefix` can be a prompt's row: every sequence shares it with its group and has tokens behind it. 0: nothing. */
function promptLength({ prefix, layout }: Batch, chosen: readonly Sequence[], reused: readonly number[]): number {
  const fits =
    layout === 'shared' &&
    chosen.every(({ ids }) => ids.length > prefix) &&
    reused.every((tokens) => tokens >= prefix || tokens === 0)
  return fits ? prefix : 0
}

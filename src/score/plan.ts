import type { Batch, Batching, Sequence } from '../types.ts'
import { carriedBytes, scoreBytes } from './plan-memory.ts'
import { type PromptGroup, planPrompts } from './plan-prompts.ts'
import { planTrie } from './plan-trie.ts'
import { preorder, sharedPrefix } from './shared-prefix.ts'

export interface PlanOptions {
  /** `shared` computes a prefix that sequences have in common once; `padded` gives every sequence its own row. */
  readonly layout: Batch['layout']
  /**
   * Whether the runner puts all sequences of a batch in one row without padding, and carries keys and values from batch to batch (the CPU's form). Then
   * every prefix is shared, the template's own too (plan-trie.ts); else only within a group, a row each, padded to the longest.
   */
  readonly packed: boolean
  /** As in Batching: prompts of one length are rows of their own. Default false. */
  readonly prompts?: boolean
  /** Rows are padded to a multiple of so many tokens. Default 1. */
  readonly rowMultiple?: number
  /** Upper bound of the tokens that one run computes, padding included. One longer sequence runs alone. */
  readonly batchTokens: number
  /** Upper bound of the sequences of one run. */
  readonly batchSize: number
}

/**
 * What suits a device. On the CPU more than 1,024 tokens per run gain nothing, and where rows are padded more than 512 lose
 * (src/model/README.md). A GPU wants work, but runs of 32,768 tokens were slower than of 8,192, whose rows are nearer in length.
 */
export function planOptionsFor({
  device,
  causal,
  rows = false,
  packed,
  prompts = false,
  rowMultiple = 1,
}: Batching): PlanOptions {
  const layout = causal && !rows ? 'shared' : 'padded'
  const shape = { layout, packed, ...(prompts && { prompts }), ...(rowMultiple > 1 && { rowMultiple }) } as const
  return device === 'cpu'
    ? { ...shape, batchTokens: layout === 'shared' ? 1024 : 512, batchSize: 256 }
    : { ...shape, batchTokens: 8192, batchSize: 512 }
}

/**
 * The batches of a run, largest first, so that what does not fit in memory fails in the first minute. Deterministic:
 * equal sequences in the same order give the same plan. Every sequence is in exactly one batch.
 */
export function planBatches(sequences: readonly Sequence[], options: PlanOptions): Batch[] {
  if (options.layout === 'shared' && options.packed) return planTrie(sequences, options)
  if (options.prompts === true && options.layout === 'shared') return planGroups(sequences, options)
  const chunks = options.layout === 'shared' ? treesOf(sequences, options) : rowsOf(sequences)
  chunks.sort((a, b) => b.tokens - a.tokens || a.sequences[0]! - b.sequences[0]!)
  const batches: Batch[] = []
  let open: Chunk[] = []
  let size = 0
  const close = (): void => {
    if (open.length > 0) batches.push(batchOf(open, sequences, options))
    open = []
    size = 0
  }
  for (const chunk of chunks) {
    const tokens = tokensOf([...open, chunk], options)
    if (size + chunk.sequences.length > options.batchSize || tokens > options.batchTokens) close()
    size += chunk.sequences.length
    open.push(chunk)
  }
  close()
  return batches
}

/** Sequences that stay together: a row, or the part of a tree that fits a batch. */
interface Chunk {
  readonly sequences: readonly number[]
  /** Distinct tokens. */
  readonly tokens: number
}

const rowsOf = (sequences: readonly Sequence[]): Chunk[] =>
  sequences.map((sequence, index) => ({ sequences: [index], tokens: sequence.ids.length }))

/** The groups, each in preorder; sequences that turn otherwise are groups of their own. */
function groupsOf(sequences: readonly Sequence[]): number[][] {
  const groups = new Map<string, number[]>()
  sequences.forEach(({ group, turnsAs = 0 }, index) => {
    const name = `${group} ${turnsAs}`
    const members = groups.get(name)
    if (members) members.push(index)
    else groups.set(name, [index])
  })
  return [...groups.values()].map((members) => preorder(members, sequences))
}

/** Every group as a tree of prefixes, cut where it would exceed a batch. */
function treesOf(sequences: readonly Sequence[], { batchTokens, batchSize, rowMultiple = 1 }: PlanOptions): Chunk[] {
  const most = rowMultiple * Math.floor(batchTokens / rowMultiple)
  return groupsOf(sequences).flatMap((members) => {
    const chunks: Chunk[] = []
    let open: number[] = []
    let tokens = 0
    for (const index of members) {
      const before = open.at(-1)
      const length = sequences[index]!.ids.length
      const own = length - (before === undefined ? 0 : sharedPrefix(sequences[before]!, sequences[index]!))
      if (before !== undefined && (tokens + own > most || open.length === batchSize)) {
        chunks.push({ sequences: open, tokens })
        open = []
        tokens = 0
      }
      tokens += open.length === 0 ? length : own
      open.push(index)
    }
    return [...chunks, { sequences: open, tokens }]
  })
}

function batchOf(chunks: readonly Chunk[], sequences: readonly Sequence[], options: PlanOptions): Batch {
  const indices = chunks.flatMap((chunk) => chunk.sequences)
  if (options.layout === 'padded')
    return { layout: 'padded', sequences: indices, prefix: 0, tokens: tokensOf(chunks, options) }
  const starts = new Set(chunks.map((chunk) => chunk.sequences[0]!))
  const reused = indices.map((index, i) =>
    i === 0 || starts.has(index) ? 0 : sharedPrefix(sequences[indices[i - 1]!]!, sequences[index]!),
  )
  return {
    layout: 'shared',
    sequences: indices,
    prefix: reused.length > 1 ? Math.min(...reused.slice(1)) : 0,
    reused,
    tokens: tokensOf(chunks, options),
  }
}

/** Batches for the form `prompts`; sequences that are alone, or share no token with their group, are rows as a whole, by length. */
function planGroups(sequences: readonly Sequence[], options: PlanOptions): Batch[] {
  const alone: number[] = []
  const groups: PromptGroup[] = []
  for (const members of groupsOf(sequences)) {
    const shortest = Math.min(...members.map((index) => sequences[index]!.ids.length))
    const prefix = members.reduce((least, index, i) => {
      const before = members[i - 1]
      return before === undefined ? least : Math.min(least, sharedPrefix(sequences[before]!, sequences[index]!))
    }, shortest - 1)
    if (prefix < 1 || members.length === 1) alone.push(...members)
    else groups.push({ sequences: members, prefix })
  }
  const whole = alone.length === 0 ? [] : planRows(alone, sequences, options)
  const batches = [...planPrompts(groups, sequences, options), ...whole]
  return batches.sort((a, b) => b.tokens - a.tokens || a.sequences[0]! - b.sequences[0]!)
}

/** Some of the sequences, a row each. */
function planRows(chosen: readonly number[], sequences: readonly Sequence[], options: PlanOptions): Batch[] {
  const own = chosen.map((index) => sequences[index]!)
  return planBatches(own, { ...options, layout: 'padded' }).map((batch) => ({
    ...batch,
    sequences: batch.sequences.map((i) => chosen[i]!),
  }))
}

/** Tokens that a run of these chunks computes: a row each, as long as the longest; of `prompts` one more (prompt-rows.ts). */
function tokensOf(
  chunks: readonly Chunk[],
  { packed, prompts = false, rowMultiple = 1 }: Pick<PlanOptions, 'packed' | 'prompts' | 'rowMultiple'>,
): number {
  if (packed) return chunks.reduce((sum, { tokens }) => sum + tokens, 0)
  const longest = chunks.reduce((most, { tokens }) => Math.max(most, tokens), 0)
  return chunks.length * rowMultiple * Math.ceil(longest / rowMultiple) + (prompts ? 1 : 0)
}

/** What a model's memory depends on (model/open.ts fills it). */
export interface ModelSize {
  readonly hidden: number
  /** Width of the MLP. */
  readonly inner: number
  readonly heads: number
  /** Columns of logits that are alive at once; 0 for a classification head. */
  readonly logits: number
  /** Bytes of the weights as the device holds them. */
  readonly weightBytes: number
  /** Bytes of a number of the hidden states. Default 4. */
  readonly numberBytes?: number
  /** Numbers of a token's keys and values in all layers, where they are carried from batch to batch, in float32. Default 0. */
  readonly carried?: number
  /**
   * What attention keeps of a row of seq tokens: `rows` the scores, heads · seq²; `mask` one mask, seq²; `block` the scores of a block of queries and
   * their shares, 2 · heads · 128 · seq, of one row at a time; `none`. Default `rows`.
   */
  readonly scores?: 'rows' | 'mask' | 'block' | 'none'
}

/**
 * Estimated peak memory of a plan, in bytes: the weights, and of its hungriest batch the activations that live at once
 * (stream, norm, q, k, v, output: 6 × hidden; gate, up, product: 3 × inner), the attention weights, the logits, and the keys and values that it takes over and leaves.
 */
export function estimatePeakBytes(batches: readonly Batch[], sequences: readonly Sequence[], size: ModelSize): number {
  const activations = batches.map((batch) => {
    const chosen = batch.sequences.map((index) => sequences[index]!)
    const longest = chosen.reduce((most, { ids }) => Math.max(most, ids.length), 0)
    const scored = size.logits === 0 ? 0 : chosen.reduce((sum, { ids, reads }) => sum + ids.length - reads[0]!, 0)
    const numbers = batch.tokens * (6 * size.hidden + 3 * size.inner) + 2 * scored * size.logits
    const handed = carriedBytes((batch.carried ?? 0) + (batch.kept ?? 0), size)
    return numbers * (size.numberBytes ?? 4) + scoreBytes(batch.tokens, longest, size) + handed
  })
  return size.weightBytes + activations.reduce((most, bytes) => Math.max(most, bytes), 0)
}

import { createHash } from 'node:crypto'
import { UsageError } from '../errors.ts'
import { plain, promptCluster } from '../plain-text.ts'
import type { Row, RowFailure } from '../types.ts'
import { isFailure } from './failure.ts'
import { estimateTokens } from './token-estimate.ts'

/** Shard `index` (from 1) of `count`. */
export interface Shard {
  readonly index: number
  readonly count: number
}

/** @example parseShard('2/8') // { index: 2, count: 8 } */
export function parseShard(text: string): Shard {
  const match = /^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(text.trim())
  const index = Number(match?.[1])
  const count = Number(match?.[2])
  if (match === null || index > count)
    throw new UsageError(`"${text}" is not a shard i/n with 1 ≤ i ≤ n`, '--shard', 'For example --shard 1/4.')
  return { index, count }
}

/** Which rows each of the shards of a run has. Every process that reads the same rows comes to the same one by itself. */
export interface Cut {
  readonly count: number
  /** Name of this cut: 32 hex digits over the rule, the number of shards and what they weigh. */
  readonly id: string
  /** Estimated tokens of each shard. */
  readonly loads: readonly number[]
  /** Shard of a row, from 1. Rows with the same prompt are in the same shard. */
  shardOf(row: Pick<Row, 'prompt'>): number
  /** Shard of a record that is no row, from 1: of its id, else of its place. */
  shardOfFailure(failure: Pick<RowFailure, 'id' | 'where'>): number
}

/** How the rows are cut, for the manifest; what stands in `Cut.id` with it. */
export const CUT_RULE =
  'rows of one prompt together, the longest prompts first to the shard with the fewest tokens; tokens estimated from the text'

/** Prompts are weighed in so many buckets of their hashes, so that memory is 20 MB however many there are. */
const BUCKETS = 1 << 20
/** Tokens of a prompt and of a completion beside their texts: the template's own (headers, end of turn). */
const PROMPT_TOKENS = 8
const COMPLETION_TOKENS = 3

/**
 * Cuts rows into shards of about equal cost: prompts by their hash into buckets, the heaviest bucket first to the shard that is lightest
 * then (longest processing time first, Graham 1969: the heaviest shard is at most 4/3 − 1/(3n) of the best cut's that keeps buckets whole).
 * Rows that share a prompt stay together, so that its tokens are computed once. Time: rows, and B log B for 2^20 buckets. Memory: 20 MB.
 *
 * The cost is in tokens, estimated without a tokenizer (token-estimate.ts): a prompt once, each different completion of a row once. To tokenise
 * every row in every shard would cost minutes per million completions in each of them. What attention adds to long texts is left out: it
 * depends on the model, 2·layers·hidden·length beside 24·layers·hidden² operations a token, a tenth at a length of 1.2 times the hidden width.
 * @param rows all rows of the run
 */
export async function cutRows(rows: AsyncIterable<Row | RowFailure>, count: number): Promise<Cut> {
  const costs = new Float64Array(BUCKETS)
  /** Of each bucket the prompt that was seen last: rows of one prompt mostly stand together. */
  const last = new Uint32Array(BUCKETS)
  for await (const row of rows) {
    if (isFailure(row)) continue
    const hash = promptCluster(row.prompt)
    const bucket = bucketOf(hash)
    const prompt = Number.parseInt(hash.slice(8, 16), 16)
    costs[bucket]! += costOf(row, costs[bucket] === 0 || last[bucket] !== prompt)
    last[bucket] = prompt
  }
  const shards = new Uint32Array(BUCKETS)
  const loads = new Array<number>(count).fill(0)
  const heap = new LightestFirst(loads)
  for (const bucket of heaviestFirst(costs)) {
    const shard = heap.lightest
    shards[bucket] = shard
    heap.add(costs[bucket]!)
  }
  return {
    count,
    id: createHash('sha256').update(`${CUT_RULE}\0${count}\0`).update(costs).digest('hex').slice(0, 32),
    loads,
    shardOf: ({ prompt }) => shards[bucketOf(promptCluster(prompt))]! + 1,
    shardOfFailure: ({ id, where }) => (hashOf(id ?? where) % count) + 1,
  }
}

/** Estimated tokens of the heaviest shard over the mean of all; null without a token. */
export function unevenness({ loads }: Pick<Cut, 'loads'>): number | null {
  let [sum, most] = [0, 0]
  for (const load of loads) {
    sum += load
    most = Math.max(most, load)
  }
  return sum === 0 ? null : (most * loads.length) / sum
}

/** @param first whether the prompt of the row was not counted yet */
function costOf({ prompt, completions }: Row, first: boolean): number {
  const texts = new Set(completions.map(({ text }) => plain(text)))
  let tokens = first ? PROMPT_TOKENS + estimateTokens(plain(prompt)) : 0
  for (const text of texts) tokens += COMPLETION_TOKENS + estimateTokens(text)
  return tokens
}

/** The first 20 bits of a prompt's hash. */
const bucketOf = (hash: string): number => Number.parseInt(hash.slice(0, 5), 16)
const hashOf = (text: string): number => createHash('sha256').update(text).digest().readUIntBE(0, 6)

/** Buckets that hold a prompt; of equal ones the lower number first. */
function heaviestFirst(costs: Float64Array): Uint32Array {
  const used = new Uint32Array(costs.length)
  let n = 0
  for (let bucket = 0; bucket < costs.length; bucket++) if (costs[bucket]! > 0) used[n++] = bucket
  return used.subarray(0, n).sort((a, b) => costs[b]! - costs[a]! || a - b)
}

/** A heap of shards by load; of equal ones the lower number first. */
class LightestFirst {
  readonly #loads: number[]
  readonly #heap: number[]

  constructor(loads: number[]) {
    this.#loads = loads
    this.#heap = loads.map((_, shard) => shard)
  }
  get lightest(): number {
    return this.#heap[0]!
  }
  /** Adds to the lightest, and sinks it. */
  add(cost: number): void {
    const heap = this.#heap
    const shard = heap[0]!
    this.#loads[shard]! += cost
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let least = at
      if (left < heap.length && this.#before(heap[left]!, heap[least]!)) least = left
      if (right < heap.length && this.#before(heap[right]!, heap[least]!)) least = right
      if (least === at) return
      ;[heap[at], heap[least]] = [heap[least]!, heap[at]!]
      at = least
    }
  }
  #before(a: number, b: number): boolean {
    return this.#loads[a]! < this.#loads[b]! || (this.#loads[a] === this.#loads[b] && a < b)
  }
}

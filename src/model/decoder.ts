import * as ort from 'onnxruntime-node'
import { ModelError } from '../errors.ts'
import type { Decoder, DecodingTable, NextToken, Prefix, RunnerInfo } from '../types.ts'
import type { CachedLayer } from './cache.ts'
import { checkFinite } from './finite.ts'
import type { OpenModel } from './open.ts'
import { int64, type OpenSessionOptions, openSession, PositionTables, runOn } from './ort-session.ts'
import { turnsAs } from './rope.ts'
import type { GraphSession } from './threaded.ts'

/** ◆ A model on ONNX Runtime as a Decoder: continues texts. session.ts measures them. */

export interface DecoderOptions extends OpenSessionOptions {
  /** Tokens of a prompt that are computed at once; a longer one is computed piece by piece, each behind those before. */
  readonly pieceTokens?: number
}

/** Attention holds a number for every head, new token and key: 8,192 tokens at once would take 2.4 GB of SmolLM2-135M, pieces of 512 take 150 MB. */
const PIECE_TOKENS = 512

/** Starts a model that was opened with `generates`. */
export async function startDecoder(model: OpenModel, options: DecoderOptions = {}): Promise<Decoder> {
  const { cache } = model.built
  if (cache === null) throw new RangeError('a graph that measures texts is started by startSession')
  const { session, info } = await openSession(model, options)
  return new OrtDecoder(info, model, session, cache, options.pieceTokens ?? PIECE_TOKENS)
}

/** New tokens of the rows of a table, and what the table keeps of them. */
interface Run {
  /** New tokens of every row, [rows, seq], padded on the right. */
  readonly ids: Int32Array
  readonly seq: number
  /** Of every row: its new tokens, and those before them. */
  readonly counts: readonly number[]
  readonly pasts: readonly number[]
  /** Of every row, which frequencies its text turns by (rope.ts, `turnsAs`). */
  readonly turns: readonly number[]
  /** Of every layer, keys and values [rows, kvHeads, room, headDim]. */
  readonly keys: readonly Float32Array[]
  readonly values: readonly Float32Array[]
  readonly room: number
}

/** A text that stands before others. */
type Before = Pick<Prefix, 'length' | 'keys' | 'values'>

interface Computed {
  readonly next: NextToken[]
  /** Of every layer, [rows, kvHeads, seq, headDim]: the new tokens'. */
  readonly keys: readonly Float32Array[]
  readonly values: readonly Float32Array[]
}

class OrtDecoder implements Decoder {
  readonly bytesPerToken: number
  readonly #tables: PositionTables
  readonly #wanted: readonly string[]

  constructor(
    readonly info: RunnerInfo,
    readonly model: OpenModel,
    readonly session: GraphSession,
    readonly layers: readonly CachedLayer[],
    readonly pieceTokens: number,
  ) {
    this.#tables = new PositionTables(model.built)
    this.#wanted = ['logits', 'log_sum_exp', ...layers.flatMap((_, l) => [`key_${l}`, `value_${l}`])]
    this.bytesPerToken = layers.reduce((sum, layer) => sum + 2 * 4 * layer.kvHeads * layer.headDim, 0)
  }

  async prefill(prompts: readonly Int32Array[], before?: Prefix): Promise<Prefix[]> {
    if (prompts.some(({ length }) => length === 0)) throw new RangeError('an empty text cannot be continued')
    const short = prompts.filter(({ length }) => length <= this.pieceTokens)
    const first = before ?? this.#nothing
    if (first.length > 0 && prompts.some(({ length }) => !this.keeps(first.length, first.length + length)))
      throw new RangeError('frequencies change with the length: the text before is to be computed anew')
    const together = short.length === 0 ? [] : await this.#prefillTogether(short, first)
    const prefixes: Prefix[] = []
    for (const prompt of prompts)
      prefixes.push(prompt.length > this.pieceTokens ? await this.#prefillInPieces(prompt, first) : together.shift()!)
    return prefixes
  }

  /** What stands before a text that nothing stands before. */
  get #nothing(): Before {
    const none = this.layers.map(() => new Float32Array(0))
    return { length: 0, keys: none, values: none }
  }

  /** One text, piece by piece. */
  async #prefillInPieces(prompt: Int32Array, first: Before): Promise<Prefix> {
    const length = first.length + prompt.length
    let { keys, values } = first
    let next: NextToken | null = null
    for (let done = 0; done < prompt.length; done += this.pieceTokens) {
      const ids = prompt.slice(done, done + this.pieceTokens)
      const past = { keys, values, room: first.length + done, pasts: [first.length + done] }
      const piece = await this.compute({
        ...past,
        ids,
        seq: ids.length,
        counts: [ids.length],
        turns: [this.turnsAt(length)],
      })
      const grown = (old: readonly Float32Array[], added: readonly Float32Array[]): Float32Array[] =>
        this.layers.map((layer, l) => behind(layer, old[l]!, added[l]!))
      keys = grown(keys, piece.keys)
      values = grown(values, piece.values)
      next = piece.next[0]!
    }
    return { length, next: ownNext(next!), keys, values }
  }

  async #prefillTogether(prompts: readonly Int32Array[], first: Before): Promise<Prefix[]> {
    const counts = prompts.map(({ length }) => length)
    const seq = Math.max(...counts)
    const ids = new Int32Array(prompts.length * seq)
    prompts.forEach((prompt, b) => {
      ids.set(prompt, b * seq)
    })
    const { next, keys, values } = await this.compute({
      ids,
      seq,
      counts,
      pasts: counts.map(() => first.length),
      turns: counts.map((count) => this.turnsAt(first.length + count)),
      keys: first.keys.map((all) => repeated(all, counts.length)),
      values: first.values.map((all) => repeated(all, counts.length)),
      room: first.length,
    })
    return counts.map((count, b) => {
      const own = (before: readonly Float32Array[], all: readonly Float32Array[]): Float32Array[] =>
        this.layers.map((layer, l) => behind(layer, before[l]!, rowOf(all[l]!, layer, b, seq, count)))
      return {
        length: first.length + count,
        next: ownNext(next[b]!),
        keys: own(first.keys, keys),
        values: own(first.values, values),
      }
    })
  }

  table(mostRows = Number.POSITIVE_INFINITY): DecodingTable {
    return new Table(this, mostRows)
  }

  keeps(from: number, to: number): boolean {
    return this.turnsAt(from) === this.turnsAt(to)
  }

  turnsAt(length: number): number {
    return turnsAs(this.model.built.ropes, length)
  }

  async checkWeights(): Promise<void> {
    await checkFinite(this.model.checkpoint, this.model.built.tensors)
  }

  async release(): Promise<void> {
    await this.session.release()
  }

  async compute(run: Run): Promise<Computed> {
    const { ids, seq, counts, pasts, room } = run
    this.#checkBounds(run)
    const rows = counts.length
    const feeds: Record<string, ort.Tensor> = {
      ids: int64(ids, [rows, seq]),
      rows: int64(Int32Array.from(counts, (count, b) => b * seq + count - 1)),
      past_lengths: int64(Int32Array.from(pasts)),
      ...this.#positionFeeds(run),
    }
    this.layers.forEach(({ kvHeads, headDim }, l) => {
      const dims = [rows, kvHeads, room, headDim]
      const size = rows * kvHeads * room * headDim
      feeds[`past_key_${l}`] = new ort.Tensor('float32', run.keys[l]!.subarray(0, size), dims)
      feeds[`past_value_${l}`] = new ort.Tensor('float32', run.values[l]!.subarray(0, size), dims)
    })
    const outputs = await runOn(this.info.device, this.session, feeds, this.#wanted)
    const dataOf = (name: string): Float32Array => outputs[name]!.data as Float32Array
    const [logits, sums, vocab] = [dataOf('logits'), dataOf('log_sum_exp'), this.info.vocabSize]
    return {
      next: counts.map((_, b) => ({ logits: logits.subarray(b * vocab, (b + 1) * vocab), logSumExp: sums[b]! })),
      keys: this.layers.map((_, l) => dataOf(`key_${l}`)),
      values: this.layers.map((_, l) => dataOf(`value_${l}`)),
    }
  }

  /** Positions, as rows of tables that have a part for each way to turn (rope-tables.ts). */
  #positionFeeds({ seq, counts, pasts, turns }: Run): Record<string, ort.Tensor> {
    // padding behind a row has positions, too
    const ends = pasts.map((past) => past + seq)
    const parts = [...new Set([0, ...turns])].map((turn) => {
      const longest = Math.max(seq, ...ends.filter((_, b) => turns[b] === turn || turn === 0))
      return { turnsAs: turn, rows: 512 * Math.ceil(longest / 512) }
    })
    const starts = new Map<number, number>()
    let start = 0
    for (const { turnsAs, rows } of parts) {
      starts.set(turnsAs, start)
      start += rows
    }
    const last = this.model.built.spec.embedding.positions?.rows ?? Number.POSITIVE_INFINITY
    const positions = new Int32Array(counts.length * seq)
    counts.forEach((_, b) => {
      for (let t = 0; t < seq; t++)
        positions[b * seq + t] = Math.min(pasts[b]! + t, last - 1) + (parts.length === 1 ? 0 : starts.get(turns[b]!)!)
    })
    return { positions: int64(positions, [counts.length, seq]), ...this.#tables.feeds(parts) }
  }

  /** Refuses what the graph would read out of bounds (a GPU does so in silence). */
  #checkBounds({ ids, counts, pasts }: Run): void {
    const { checkpoint, built } = this.model
    const { vocab, embedding } = built.spec
    const bad = ids.find((id) => id < 0 || id >= vocab)
    if (bad !== undefined)
      throw new ModelError(
        `token id ${bad} is outside the model's vocabulary of ${vocab}`,
        checkpoint.dir,
        'The tokenizer belongs to another model.',
      )
    const longest = Math.max(...counts.map((count, b) => count + pasts[b]!))
    if (embedding.positions !== null && longest > embedding.positions.rows)
      throw new ModelError(
        `a text reaches position ${longest}, the model has ${embedding.positions.rows} learned positions`,
        checkpoint.dir,
      )
  }
}

/** One after the other, `count` times. */
function repeated(all: Float32Array, count: number): Float32Array {
  if (count === 1 || all.length === 0) return all
  const many = new Float32Array(count * all.length)
  for (let i = 0; i < count; i++) many.set(all, i * all.length)
  return many
}

/** Outputs of a run are views of it; a prefix outlives the run. */
const ownNext = ({ logits, logSumExp }: NextToken): NextToken => ({ logits: logits.slice(), logSumExp })

/** The first `length` tokens of a row of [rows, kvHeads, seq, headDim], as [kvHeads, length, headDim]. */
function rowOf(
  all: Float32Array,
  { kvHeads, headDim }: CachedLayer,
  row: number,
  seq: number,
  length: number,
): Float32Array {
  const size = kvHeads * seq * headDim
  if (length === seq) return all.slice(row * size, (row + 1) * size)
  const own = new Float32Array(kvHeads * length * headDim)
  for (let h = 0; h < kvHeads; h++) {
    const from = row * size + h * seq * headDim
    own.set(all.subarray(from, from + length * headDim), h * length * headDim)
  }
  return own
}

/** [kvHeads, n, headDim] with [kvHeads, m, headDim] behind it, head by head. */
function behind({ kvHeads }: CachedLayer, first: Float32Array, second: Float32Array): Float32Array {
  if (first.length === 0) return second
  const [n, m] = [first.length / kvHeads, second.length / kvHeads]
  const both = new Float32Array(first.length + second.length)
  for (let h = 0; h < kvHeads; h++) {
    both.set(first.subarray(h * n, (h + 1) * n), h * (n + m))
    both.set(second.subarray(h * m, (h + 1) * m), h * (n + m) + n)
  }
  return both
}

/** Tokens by which the room of every row grows. */
const ROOM_STEP = 64

/**
 * The cache of all rows, in one piece for every layer, [capacity, kvHeads, room, headDim]: the first `size` rows are what a run is given. Room
 * is as long as the longest row wants, in steps; it grows by copying, and shrinks when it is less than half used.
 */
class Table implements DecodingTable {
  readonly #lengths: number[] = []
  #capacity = 0
  #room = 0
  #keys: Float32Array[]
  #values: Float32Array[]

  constructor(
    readonly decoder: OrtDecoder,
    readonly mostRows: number,
  ) {
    this.#keys = decoder.layers.map(() => new Float32Array(0))
    this.#values = decoder.layers.map(() => new Float32Array(0))
  }

  get size(): number {
    return this.#lengths.length
  }

  add(prefix: Prefix): number {
    const row = this.#lengths.push(prefix.length) - 1
    this.#fit(row)
    this.decoder.layers.forEach((layer, l) => {
      this.#put(this.#keys[l]!, layer, row, 0, prefix.keys[l]!, prefix.length)
      this.#put(this.#values[l]!, layer, row, 0, prefix.values[l]!, prefix.length)
    })
    return row
  }

  remove(row: number): void {
    const last = this.#lengths.pop()
    if (last === undefined || row > this.size) throw new RangeError(`there is no row ${row}`)
    if (row < this.size) {
      this.#lengths[row] = last
      this.decoder.layers.forEach(({ kvHeads, headDim }, l) => {
        const size = kvHeads * this.#room * headDim
        for (const cache of [this.#keys[l]!, this.#values[l]!])
          cache.copyWithin(row * size, this.size * size, (this.size + 1) * size)
      })
    }
    this.#fit(this.size)
  }

  async step(tokens: Int32Array): Promise<NextToken[]> {
    if (tokens.length !== this.size) throw new RangeError(`${tokens.length} tokens for ${this.size} rows`)
    const { layers } = this.decoder
    this.#fit(this.size)
    const { next, keys, values } = await this.decoder.compute({
      ids: tokens,
      seq: 1,
      counts: this.#lengths.map(() => 1),
      pasts: this.#lengths,
      turns: this.#lengths.map((length) => this.decoder.turnsAt(length + 1)),
      keys: this.#keys,
      values: this.#values,
      room: this.#room,
    })
    layers.forEach((layer, l) => {
      const size = layer.kvHeads * layer.headDim
      this.#lengths.forEach((length, row) => {
        this.#put(this.#keys[l]!, layer, row, length, keys[l]!.subarray(row * size, (row + 1) * size), 1)
        this.#put(this.#values[l]!, layer, row, length, values[l]!.subarray(row * size, (row + 1) * size), 1)
      })
    })
    this.#lengths.forEach((length, row) => {
      this.#lengths[row] = length + 1
    })
    return next
  }

  /** Writes tokens [kvHeads, count, headDim] into a row, from a place on. */
  #put(
    cache: Float32Array,
    { kvHeads, headDim }: CachedLayer,
    row: number,
    place: number,
    tokens: Float32Array,
    count: number,
  ): void {
    const width = count * headDim
    for (let h = 0; h < kvHeads; h++)
      cache.set(tokens.subarray(h * width, (h + 1) * width), ((row * kvHeads + h) * this.#room + place) * headDim)
  }

  /** Makes room for one more token in every row. @param kept rows that have something in them */
  #fit(kept: number): void {
    const wanted = ROOM_STEP * Math.ceil((Math.max(0, ...this.#lengths) + 1) / ROOM_STEP)
    const rows = this.size
    const fits = rows <= this.#capacity && wanted <= this.#room && (2 * wanted > this.#room || rows === 0)
    if (fits) return
    const capacity =
      rows <= this.#capacity ? this.#capacity : Math.max(rows, Math.min(this.mostRows, 2 * this.#capacity))
    const [before, after] = [this.#room, wanted]
    this.decoder.layers.forEach(({ kvHeads, headDim }, l) => {
      const moved = (old: Float32Array): Float32Array => {
        const cache = new Float32Array(capacity * kvHeads * after * headDim)
        const width = Math.min(before, after) * headDim
        for (let i = 0; i < Math.min(kept, rows) * kvHeads; i++)
          cache.set(old.subarray(i * before * headDim, i * before * headDim + width), i * after * headDim)
        return cache
      }
      this.#keys[l] = moved(this.#keys[l]!)
      this.#values[l] = moved(this.#values[l]!)
    })
    this.#capacity = capacity
    this.#room = wanted
  }
}

import type * as ort from 'onnxruntime-node'
import { UsageError } from '../errors.ts'
import type { Batch, Runner, RunnerInfo, Sequence } from '../types.ts'
import { keptOutputs } from './carried.ts'
import { checkFinite } from './finite.ts'
import { rawNames } from './heads/head.ts'
import { type Carry, NO_RUN, NOTHING_KEPT } from './held-session.ts'
import type { OpenModel } from './open.ts'
import { int64, noRows, type OpenSessionOptions, openSession, PositionTables, runOn } from './ort-session.ts'
import {
  type Blocks,
  blocksOf,
  checkBounds,
  type HeadRows,
  logProbRows,
  ownersOf,
  type Packed,
  packBatch,
  rowBlocksOf,
  scoreRows,
  takenOver,
} from './packing.ts'
import { type PromptRows, packPrompts } from './prompt-rows.ts'
import { distanceRows } from './relative.ts'
import { turnsAs } from './rope.ts'
import { ropeRows } from './rope-tables.ts'
import type { GraphSession } from './threaded.ts'

/** ◆ A model on ONNX Runtime as a Runner: measures whole texts. decoder.ts continues them. */

export interface SessionOptions extends OpenSessionOptions {
  /** Queries of a block of the `split` form. */
  readonly blockTokens?: number
  /** Whether `run` gives the head's raw outputs, too. Default false. */
  readonly rawOutputs?: boolean
}

/** Measured on 135M (README.md): shorter blocks waste less of the square, longer ones cost fewer loop turns. */
const BLOCK_TOKENS = 128

/**
 * Starts a model on its device. The graph is in memory, the weights are mapped where they lie. Nothing is written, but for weights in few
 * bits (quantised/file.ts).
 */
export async function startSession(model: OpenModel, options: SessionOptions = {}): Promise<Runner> {
  const { built } = model
  if (model.attention === 'cache') throw new RangeError('a graph that continues texts is started by startDecoder')
  const { session, info } = await openSession(model, options)
  const rawOutputs = options.rawOutputs === true ? { rawOutputs: rawNames(built.head) } : {}
  return new OrtRunner({ ...info, ...rawOutputs }, model, session, options.blockTokens ?? BLOCK_TOKENS)
}

/** Of which tokens a run keeps keys and values: those of a sequence, from the first on. */
interface KeptPath {
  readonly run: number
  readonly ids: Int32Array
  readonly positionStart: number
  readonly turnsAs: number
}

class OrtRunner implements Runner {
  readonly #tables: PositionTables
  /** Feeds of a graph that takes nothing over, by input; empty where it cannot. */
  readonly #nothingCarried: Readonly<Record<string, ort.Tensor>>
  readonly #keptOutputs: ReadonlyMap<string, string>
  #kept: KeptPath | null = null
  #lastKept = 0
  /** Whether the last layer has inputs of its own for the head's rows (body.ts). */
  readonly #rowsAsk: boolean

  constructor(
    readonly info: RunnerInfo,
    readonly model: OpenModel,
    readonly session: GraphSession,
    readonly blockTokens: number,
  ) {
    this.#tables = new PositionTables(model.built)
    const layers = model.built.carried ?? []
    this.#keptOutputs = keptOutputs(layers.length)
    this.#nothingCarried = Object.fromEntries(
      [...this.#keptOutputs.keys()].map((input, i) => {
        const { kvHeads, headDim } = layers[i >> 1]!
        return [input, noRows(kvHeads * headDim)]
      }),
    )
    this.#rowsAsk = model.built.model.graph.inputs.some(({ name }) => name === 'row_blocks')
  }

  /**
   * Head: every label of every sequence, then its raw outputs where they are asked for; of a process head the label of every step.
   * Log-prob: that of each token of the completion. In the batch's order.
   */
  async run(batch: Batch, sequences: readonly Sequence[]): Promise<Float32Array[]> {
    const from = this.#keptFor(batch, sequences)
    try {
      return await this.#run({ ...batch, carried: from === null ? 0 : (batch.carried ?? 0) }, sequences, from)
    } catch (error) {
      if ((error as Error).message !== NOTHING_KEPT) throw error
      return this.#run({ ...batch, carried: 0 }, sequences, null)
    }
  }

  /** What is taken over; null where the batch carries nothing, or what it carries is not what was kept last. */
  #keptFor({ carried = 0, again, sequences: [index] }: Batch, sequences: readonly Sequence[]): Carry['from'] {
    const tokens = again?.needed ?? carried
    if (carried > 0 && tokens === 0) return { run: NO_RUN, tokens, zeros: carried }
    if (carried === 0 || this.#kept === null) return null
    const { run, ids, positionStart, turnsAs } = this.#kept
    const first = sequences[index!]!
    const equal =
      tokens <= ids.length &&
      first.positionStart === positionStart &&
      this.#turnsAs(first) === turnsAs &&
      ids.subarray(0, tokens).every((id, t) => id === first.ids[t])
    return equal ? { run, tokens, zeros: carried - tokens } : null
  }

  /** Remembers what a run keeps of its last path. Of tokens that are all carried nothing is kept anew. */
  #keep(path: Int32Array, last: Sequence): number | null {
    if (path.length === 0 || path.at(-1)! < 0) return null
    const run = ++this.#lastKept
    const { ids, positionStart } = last
    this.#kept = { run, ids: ids.slice(0, path.length), positionStart, turnsAs: this.#turnsAs(last) }
    return run
  }

  #turnsAs({ ids, positionStart }: Sequence): number {
    return turnsAs(this.model.built.ropes, positionStart + ids.length)
  }

  async #run(batch: Batch, sequences: readonly Sequence[], from: Carry['from']): Promise<Float32Array[]> {
    const chosen = batch.sequences.map((index) => sequences[index]!)
    const { attention, built, checkpoint } = this.model
    const { spec } = built
    const { rowsPerOutput } = built.head
    const logProb = this.info.kind === 'logProb'
    checkBounds(chosen, {
      where: checkpoint.dir,
      vocab: spec.vocab,
      positions: spec.embedding.positions?.rows ?? null,
      causal: spec.causal,
      types: spec.embedding.types?.rows ?? null,
      first: logProb ? 1 : 0,
    })
    if (attention === 'gqa' && batch.layout === 'shared')
      throw new UsageError('has no mask and takes padded batches only', '--attention gqa', 'Use --layout padded.')
    const { positions, types } = spec.embedding
    const rules = {
      without: positions?.without ?? null,
      countsAttended: spec.countsAttended ?? false,
      rowMultiple: this.model.batching.rowMultiple ?? 1,
    }
    const prompts = attention === 'prompts' ? packPrompts(batch, sequences, rules) : null
    const packed = prompts?.packed ?? packBatch(batch, sequences, attention === 'split', rules)
    const head = logProb ? logProbRows(packed, chosen) : scoreRows(packed, chosen)
    if (head.rows.some((place) => place < 0)) throw new RangeError('a head reads a token that is carried')
    const raw = this.info.rawOutputs === undefined ? [] : (built.head.raw ?? [])
    const wanted = logProb
      ? [{ name: 'log_probs', count: 1 }]
      : [
          { name: 'scores', count: this.info.labels.length },
          ...raw.map(({ name, count }) => ({ name: `raw_${name}`, count })),
        ]
    const rotary = ropeRows(packed, chosen, built.ropes, head.rows.length)
    const feeds = {
      ids: int64(packed.ids, [packed.batch, packed.seq]),
      positions: int64(rotary.rows, [packed.batch, packed.seq]),
      ...(types && { types: int64(packed.types, [packed.batch, packed.seq]) }),
      rows: int64(head.rows),
      ...(rowsPerOutput === 'all' && { owners: int64(ownersOf(head)) }),
      ...(logProb && { targets: int64(head.targets) }),
      ...(prompts === null ? this.#attentionFeeds(packed, batch, head) : promptFeeds(prompts)),
      ...this.#tables.feeds(rotary.parts),
      ...(!spec.causal && spec.relative && distanceFeeds(distanceRows(spec.relative, packed.seq))),
    }
    const names = wanted.map(({ name }) => name)
    const carry =
      built.carried === null
        ? undefined
        : { from, as: this.#keep(keptPath(packed, batch), chosen.at(-1)!), outputs: this.#keptOutputs }
    const outputs = await runOn(this.info.device, this.session, feeds, names, carry)
    let done = 0
    return head.counts.map((count) => {
      const first = done
      done += rowsPerOutput === 'all' ? 1 : count / rowsPerOutput
      const parts = wanted.map(({ name, count: width }) =>
        (outputs[name]!.data as Float32Array).subarray(first * width, done * width),
      )
      return Float32Array.from(parts.length === 1 ? parts[0]! : parts.flatMap((part) => [...part]))
    })
  }

  get busyMs(): (() => number) | undefined {
    return this.session.busyMs
  }

  async checkWeights(): Promise<void> {
    await checkFinite(this.model.checkpoint, this.model.built.tensors)
  }

  async release(): Promise<void> {
    await this.session.release()
  }

  #attentionFeeds(packed: Packed, batch: Batch, head: HeadRows): Record<string, ort.Tensor> {
    const { attention } = this.model
    if (attention === 'gqa') return {}
    if (!this.model.batching.causal) return { lengths: int64(packed.lengths) }
    if (attention !== 'split') return { subtree_end: int64(packed.subtreeEnd, [packed.batch, packed.seq]) }
    const all = {
      ...blockFeeds(blocksOf(packed, takenOver(batch), this.blockTokens)),
      kept: int64(keptPath(packed, batch)),
      ...this.#nothingCarried,
    }
    if (!this.#rowsAsk) return all
    return { ...all, ...blockFeeds(rowBlocksOf(packed, head, this.blockTokens), 'row_') }
  }
}

/** Places of the tokens that a batch keeps: the first of its last sequence. */
const keptPath = ({ paths }: Packed, { kept = 0 }: Batch): Int32Array => paths.at(-1)!.subarray(0, kept)

const distanceFeeds = ({ queryRows, keyRows }: ReturnType<typeof distanceRows>): Record<string, ort.Tensor> => ({
  query_rows: int64(queryRows),
  key_rows: int64(keyRows),
})

const promptFeeds = (rows: PromptRows): Record<string, ort.Tensor> => ({
  row_tokens: int64(Int32Array.of(rows.prompts[0] * rows.prompts[1], rows.own)),
  prompt_rows: int64(Int32Array.from(rows.prompts)),
  grid: int64(rows.grid, [rows.promptOf.length, rows.width]),
  from_grid: int64(rows.fromGrid),
  prompt_of: int64(rows.promptOf),
})

function blockFeeds({ table, count, keys, longest, before }: Blocks, prefix = ''): Record<string, ort.Tensor> {
  return {
    [`${prefix}blocks`]: int64(table, [count, table.length / count]),
    [`${prefix}keys`]: int64(keys),
    [`${prefix}block_extent`]: int64(Int32Array.of(longest, before)),
  }
}

import { dirname, relative, sep } from 'node:path'
import * as ort from 'onnxruntime-node'
import { DeviceError, ModelError, UsageError } from '../errors.ts'
import { checkPinned, pinnedPackage } from '../package.ts'
import type { Batch, Runner, RunnerInfo, Sequence } from '../types.ts'
import { alibiTable } from './alibi.ts'
import type { FileHash } from './checkpoint.ts'
import { checkFinite } from './finite.ts'
import { rawNames } from './heads/head.ts'
import { encodeModel } from './onnx.ts'
import type { OpenModel } from './open.ts'
import {
  type Blocks,
  blocksOf,
  checkBounds,
  logProbRows,
  ownersOf,
  type Packed,
  packBatch,
  scoreRows,
} from './packing.ts'
import { PROVIDERS } from './providers.ts'
import { quantisedFile } from './quantised/file.ts'
import { QUANTISED_FILE } from './quantised/layout.ts'
import { distanceRows } from './relative.ts'
import { type RopeRows, ropeRows, ropeTables } from './rope-tables.ts'

/** ◆ ONNX Runtime as a Runner: the only file that knows it, and the only one with 64-bit integers. */

export interface SessionOptions {
  /** Threads inside an operator; default: ONNX Runtime's, one a physical core. */
  readonly threads?: number
  /** Queries of a block of the `split` form. */
  readonly blockTokens?: number
  /** Whether `run` gives the head's raw outputs, too. Default false. */
  readonly rawOutputs?: boolean
  /** What the checkpoint's files were when they were hashed; for weights in few bits, which are kept under these hashes. */
  readonly hashes?: readonly FileHash[]
  /** Told what takes long: weights in few bits are made once. */
  readonly say?: (line: string) => void
}

/** Measured on 135M (README.md): shorter blocks waste less of the square, longer ones cost fewer loop turns. */
const BLOCK_TOKENS = 128

/**
 * Starts a model on its device. The graph is in memory, the weights are mapped where they lie. Nothing is written, but for weights in few
 * bits (quantised/file.ts).
 */
export async function startSession(model: OpenModel, options: SessionOptions = {}): Promise<Runner> {
  checkPinned(pinnedPackage('onnxruntime-node'))
  const started = performance.now()
  const { kind, device, dtype, built, description } = model
  if (model.attention === 'split' && device === 'cuda')
    throw new UsageError(
      "ends in an illegal memory access in CUDA's Loop",
      '--attention split',
      'Use attention, plain or gqa on a GPU.',
    )
  const session = await openSession(model, options)
  const info: RunnerInfo = {
    kind,
    architecture: description.architecture,
    labels: description.labels,
    device,
    provider: PROVIDERS[device],
    dtype,
    maxPositions: description.maxPositions,
    padTokenId: description.padTokenId,
    vocabSize: description.vocabSize,
    parameters: description.parameters,
    weightBytes: description.weightBytes,
    quantisation: description.quantisation,
    openMs: performance.now() - started,
    ignoredTensors: description.ignoredTensors,
    graphSha256: built.sha256,
    ...(options.rawOutputs === true && { rawOutputs: rawNames(built.head) }),
  }
  return new OrtRunner(info, model, session, options.blockTokens ?? BLOCK_TOKENS)
}

class OrtRunner implements Runner {
  /** The rotary tables of the run before, by their parts. */
  #tables: { readonly name: string; readonly feeds: Record<string, ort.Tensor> } | null = null

  constructor(
    readonly info: RunnerInfo,
    readonly model: OpenModel,
    readonly session: ort.InferenceSession,
    readonly blockTokens: number,
  ) {}

  /**
   * Head: every label of every sequence, then its raw outputs where they are asked for; of a process head the label of every step.
   * Log-prob: that of each token of the completion. In the batch's order.
   */
  async run(batch: Batch, sequences: readonly Sequence[]): Promise<Float32Array[]> {
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
    const packed = packBatch(
      batch,
      sequences,
      attention === 'split',
      positions?.without ?? null,
      spec.countsAttended ?? false,
    )
    const head = logProb ? logProbRows(packed, chosen) : scoreRows(packed, chosen)
    const raw = this.info.rawOutputs === undefined ? [] : (built.head.raw ?? [])
    const wanted = logProb
      ? [{ name: 'log_probs', count: 1 }]
      : [
          { name: 'scores', count: this.info.labels.length },
          ...raw.map(({ name, count }) => ({ name: `raw_${name}`, count })),
        ]
    const rotary = ropeRows(packed, chosen, built.ropes)
    const feeds = {
      ids: int64(packed.ids, [packed.batch, packed.seq]),
      positions: int64(rotary.rows, [packed.batch, packed.seq]),
      ...(types && { types: int64(packed.types, [packed.batch, packed.seq]) }),
      rows: int64(head.rows),
      ...(rowsPerOutput === 'all' && { owners: int64(ownersOf(head)) }),
      ...(logProb && { targets: int64(head.targets) }),
      ...this.#attentionFeeds(packed, batch),
      ...this.#tableFeeds(rotary),
      ...(!spec.causal && spec.relative && distanceFeeds(distanceRows(spec.relative, packed.seq))),
    }
    const outputs = await this.#session(
      feeds,
      wanted.map(({ name }) => name),
    )
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

  async #session(
    feeds: Record<string, ort.Tensor>,
    outputs: readonly string[],
  ): Promise<ort.InferenceSession.ReturnType> {
    try {
      return await this.session.run(feeds, outputs)
    } catch (cause) {
      throw new DeviceError(
        `ONNX Runtime failed on ${feeds.ids!.dims.join(' × ')} tokens: ${(cause as Error).message.slice(0, 600)}`,
        `--device ${this.info.device}`,
        'If memory ran out, lower --batch-tokens.',
        { cause },
      )
    }
  }

  async checkWeights(): Promise<void> {
    await checkFinite(this.model.checkpoint, this.model.built.tensors)
  }

  async release(): Promise<void> {
    await this.session.release()
  }

  #attentionFeeds(packed: Packed, batch: Batch): Record<string, ort.Tensor> {
    const { attention } = this.model
    if (attention === 'gqa') return {}
    if (!this.model.batching.causal) return { lengths: int64(packed.lengths) }
    if (attention !== 'split') return { subtree_end: int64(packed.subtreeEnd, [packed.batch, packed.seq]) }
    const reused = batch.reused ?? batch.sequences.map(() => 0)
    return blockFeeds(blocksOf(packed, reused, this.blockTokens))
  }

  /** Tables as long as the run needs, by position. */
  #tableFeeds({ parts }: RopeRows): Record<string, ort.Tensor> {
    const name = JSON.stringify(parts)
    if (this.#tables?.name === name) return this.#tables.feeds
    const feeds: Record<string, ort.Tensor> = {}
    this.model.built.ropes.forEach((rope, i) => {
      const { cos, sin, rows } = ropeTables(rope, parts)
      const dims = [rows, rope.inverseFrequencies.length]
      feeds[`cos_${i}`] = new ort.Tensor('float32', cos, dims)
      feeds[`sin_${i}`] = new ort.Tensor('float32', sin, dims)
    })
    const heads = this.model.built.alibiHeads
    const { rows } = parts[0]!
    if (heads !== null) feeds.alibi = new ort.Tensor('float32', alibiTable(heads, rows), [rows, heads])
    this.#tables = { name, feeds }
    return feeds
  }
}

const distanceFeeds = ({ queryRows, keyRows }: ReturnType<typeof distanceRows>): Record<string, ort.Tensor> => ({
  query_rows: int64(queryRows),
  key_rows: int64(keyRows),
})

function blockFeeds({ start, end, pastStart, pastEnd, past }: Blocks): Record<string, ort.Tensor> {
  const column = [start.length, 1]
  const keys = start.map((first, i) => end[i]! - first + pastEnd[i]! - pastStart[i]!)
  return {
    block_start: int64(start, column),
    block_end: int64(end, column),
    block_past_start: int64(pastStart, column),
    block_past_end: int64(pastEnd, column),
    block_keys: new ort.Tensor('int32', keys, column),
    block_last_key: new ort.Tensor(
      'int32',
      keys.map((count) => count - 1),
      column,
    ),
    past: int64(past),
  }
}

/** Int32 → int64 by words (ONNX Runtime's platforms are little-endian); BigInt for every element would be slow. */
export function int64(values: Int32Array, dims: readonly number[] = [values.length]): ort.Tensor {
  const words = new Int32Array(2 * values.length)
  for (let i = 0; i < values.length; i++) {
    words[2 * i] = values[i]!
    words[2 * i + 1] = values[i]! < 0 ? -1 : 0
  }
  return new ort.Tensor('int64', new BigInt64Array(words.buffer), dims)
}

async function openSession(
  { built, checkpoint, device, deviceId }: OpenModel,
  { threads, ...source }: SessionOptions,
): Promise<ort.InferenceSession> {
  const { quantised } = built
  const made = quantised === null ? null : await quantisedFile(quantised, { ...source, checkpoint })
  const root = commonFolder(made === null ? built.files : [...built.files, made], checkpoint.dir)
  const locationOf = (file: string): string => relative(root, file).split(sep).join('/')
  const bytes = encodeModel(built.model, (file) => locationOf(file === QUANTISED_FILE ? made! : file))
  const provider = device === 'cuda' ? { name: 'cuda' as const, deviceId: deviceId ?? 0 } : device
  try {
    return await ort.InferenceSession.create(bytes, {
      executionProviders: [provider],
      logSeverityLevel: 3,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      extra: {
        session: {
          model_external_initializers_file_folder_path: root,
          // else FP8 weights are multiplied out in every run
          ...(checkpoint.float8 && { disable_quant_qdq: '1' }),
        },
      },
    })
  } catch (cause) {
    const message = `ONNX Runtime cannot open the model on ${device}: ${(cause as Error).message.slice(0, 600)}`
    throw device === 'cpu'
      ? new ModelError(message, checkpoint.dir, null, { cause })
      : new DeviceError(message, `--device ${device}`, null, { cause })
  }
}

/** The deepest folder above all files: ONNX Runtime resolves locations against one folder and lets none leave it. */
export function commonFolder(files: readonly string[], where: string): string {
  for (let folder = dirname(files[0]!); ; folder = dirname(folder)) {
    if (files.every((file) => file.startsWith(folder.endsWith(sep) ? folder : folder + sep))) return folder
    if (folder === dirname(folder))
      throw new ModelError(
        `its files lie on several drives: ${files.join(', ')}`,
        where,
        'Put them on one. CHEMHERM_QUANTISED_DIR names the folder of quantised weights.',
      )
  }
}

import { dirname, relative, sep } from 'node:path'
import * as ort from 'onnxruntime-node'
import { DeviceError, ModelError, UsageError } from '../errors.ts'
import { checkPinned, pinnedPackage } from '../package.ts'
import type { Batch, Runner, RunnerInfo, Sequence } from '../types.ts'
import type { AttentionForm } from './attention.ts'
import { type BuiltModel, buildModel, type HeadKind } from './build.ts'
import type { Checkpoint } from './checkpoint.ts'
import { checkFinite } from './finite.ts'
import { type ElementType, encodeModel } from './onnx.ts'
import { type Blocks, blocksOf, checkBounds, logProbRows, type Packed, packBatch, scoreRows } from './packing.ts'
import { ropeTables } from './rope.ts'

/** ◆ ONNX Runtime as a Runner: the only file that knows it, and the only one with 64-bit integers. */

export type Device = 'cpu' | 'cuda' | 'webgpu'
export type DtypeChoice = 'auto' | 'fp32' | 'fp16' | 'bf16' | 'q8'

export interface RunnerOptions {
  readonly head: HeadKind
  readonly device: Device
  readonly deviceId?: number
  readonly dtype: DtypeChoice
  /** Threads inside an operator; default: ONNX Runtime's, one a physical core. */
  readonly threads?: number
  /** Default: `DEFAULT_ATTENTION`. */
  readonly attention?: AttentionForm
  /** Queries of a block of the `split` form. */
  readonly blockTokens?: number
}

/** Measured on 135M (README.md): shorter blocks waste less of the square, longer ones cost fewer loop turns. */
const BLOCK_TOKENS = 128

/** The CPU's form is measured (README.md); the others are the safest guess and were not run on a GPU yet. */
const DEFAULT_ATTENTION: Readonly<Record<Device, AttentionForm>> = { cpu: 'split', cuda: 'attention', webgpu: 'plain' }

const PROVIDERS: Readonly<Record<Device, string>> = {
  cpu: 'CPUExecutionProvider',
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
}

/** Opens a checkpoint on a device. Nothing is written: the graph is made in memory, the weights are mapped where they lie. */
export async function openRunner(checkpoint: Checkpoint, options: RunnerOptions): Promise<Runner> {
  return openRunnerAs(checkpoint, options, computeType(checkpoint, options))
}

/** The same in a given type, sensible or not: tests compute float16 on the CPU with it. */
export async function openRunnerAs(
  checkpoint: Checkpoint,
  options: Omit<RunnerOptions, 'dtype'>,
  type: ElementType,
): Promise<Runner> {
  checkPinned(pinnedPackage('onnxruntime-node'))
  const started = performance.now()
  const attention = options.attention ?? DEFAULT_ATTENTION[options.device]
  const built = buildModel(checkpoint, { head: options.head, attention, type })
  const session = await openSession(built, checkpoint, options)
  const { spec } = built
  const info: RunnerInfo = {
    kind: options.head === 'score' ? 'head' : 'logProb',
    architecture: spec.architecture,
    labels: built.labels,
    device: options.device,
    provider: PROVIDERS[options.device],
    dtype: dtypeName(type),
    maxPositions: spec.maxPositions,
    padTokenId: spec.padTokenId,
    vocabSize: spec.vocab,
    parameters: built.parameters,
    weightBytes: built.weightBytes,
    openMs: performance.now() - started,
    ignoredTensors: built.ignoredTensors,
    graphSha256: built.sha256,
  }
  return new OrtRunner(info, built, checkpoint, session, attention, options.blockTokens ?? BLOCK_TOKENS)
}

class OrtRunner implements Runner {
  readonly #tables = new Map<number, Record<string, ort.Tensor>>()

  constructor(
    readonly info: RunnerInfo,
    readonly built: BuiltModel,
    readonly checkpoint: Checkpoint,
    readonly session: ort.InferenceSession,
    readonly attention: AttentionForm,
    readonly blockTokens: number,
  ) {}

  /** Head: every label of every sequence. Log-prob: that of each token from `at` on. In the batch's order. */
  async run(batch: Batch, sequences: readonly Sequence[]): Promise<Float32Array[]> {
    const chosen = batch.sequences.map((index) => sequences[index]!)
    const { spec } = this.built
    const causal = this.info.kind === 'logProb'
    checkBounds(chosen, {
      where: this.checkpoint.dir,
      vocab: spec.vocab,
      positions: spec.embedding.positions?.rows ?? null,
      first: causal ? 1 : 0,
    })
    if (this.attention === 'gqa' && batch.layout === 'shared')
      throw new UsageError('has no mask and takes padded batches only', '--attention gqa', 'Use --layout padded.')
    const packed = packBatch(batch, sequences, this.attention === 'split')
    const head = causal ? logProbRows(packed, chosen) : scoreRows(packed, chosen)
    const outputs = await this.#session({
      ids: int64(packed.ids, [packed.batch, packed.seq]),
      positions: int64(packed.positions, [packed.batch, packed.seq]),
      rows: int64(head.rows),
      ...(causal && { targets: int64(head.targets) }),
      ...this.#attentionFeeds(packed, batch),
      ...this.#ropeFeeds(packed),
    })
    const flat = outputs[causal ? 'log_probs' : 'scores']!.data as Float32Array
    const width = causal ? 1 : this.info.labels.length
    let done = 0
    return head.counts.map((count) => {
      const first = done
      done += count * width
      return flat.slice(first, done)
    })
  }

  async #session(feeds: Record<string, ort.Tensor>): Promise<ort.InferenceSession.ReturnType> {
    try {
      return await this.session.run(feeds)
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
    await checkFinite(this.checkpoint, this.built.tensors)
  }

  async release(): Promise<void> {
    await this.session.release()
  }

  #attentionFeeds(packed: Packed, batch: Batch): Record<string, ort.Tensor> {
    if (this.attention === 'gqa') return {}
    if (this.attention !== 'split') return { subtree_end: int64(packed.subtreeEnd, [packed.batch, packed.seq]) }
    const reused = batch.reused ?? batch.sequences.map(() => 0)
    return blockFeeds(blocksOf(packed, reused, this.blockTokens))
  }

  /** Tables as long as the run needs: RotaryEmbedding wants a row for every place, and positions may start later. */
  #ropeFeeds({ seq, positions }: Packed): Record<string, ort.Tensor> {
    const needed = Math.max(seq, positions.reduce((a, b) => Math.max(a, b), 0) + 1)
    const size = 2 ** Math.ceil(Math.log2(Math.max(needed, 512)))
    const known = this.#tables.get(size)
    if (known !== undefined) return known
    const feeds: Record<string, ort.Tensor> = {}
    this.built.ropes.forEach((rope, i) => {
      const { cos, sin } = ropeTables(rope, size)
      const dims = [size, rope.inverseFrequencies.length]
      feeds[`cos_${i}`] = new ort.Tensor('float32', cos, dims)
      feeds[`sin_${i}`] = new ort.Tensor('float32', sin, dims)
    })
    this.#tables.clear()
    this.#tables.set(size, feeds)
    return feeds
  }
}

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
function int64(values: Int32Array, dims: readonly number[] = [values.length]): ort.Tensor {
  const words = new Int32Array(2 * values.length)
  for (let i = 0; i < values.length; i++) {
    words[2 * i] = values[i]!
    words[2 * i + 1] = values[i]! < 0 ? -1 : 0
  }
  return new ort.Tensor('int64', new BigInt64Array(words.buffer), dims)
}

async function openSession(
  built: BuiltModel,
  checkpoint: Checkpoint,
  { device, deviceId, threads }: Omit<RunnerOptions, 'dtype'>,
): Promise<ort.InferenceSession> {
  const root = commonFolder(built.files)
  const bytes = encodeModel(built.model, (file) => relative(root, file).split(sep).join('/'))
  const provider = device === 'cuda' ? { name: 'cuda' as const, deviceId: deviceId ?? 0 } : device
  try {
    return await ort.InferenceSession.create(bytes, {
      executionProviders: [provider],
      logSeverityLevel: 3,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      extra: { session: { model_external_initializers_file_folder_path: root } },
    })
  } catch (cause) {
    const message = `ONNX Runtime cannot open the model on ${device}: ${(cause as Error).message.slice(0, 600)}`
    throw device === 'cpu'
      ? new ModelError(message, checkpoint.dir, null, { cause })
      : new DeviceError(message, `--device ${device}`, null, { cause })
  }
}

/** The deepest folder above all files: ONNX Runtime resolves locations against one folder and lets none leave it. */
function commonFolder(files: readonly string[]): string {
  let folder = dirname(files[0]!)
  while (!files.every((file) => file.startsWith(folder.endsWith(sep) ? folder : folder + sep))) folder = dirname(folder)
  return folder
}

const dtypeName = (type: ElementType): RunnerInfo['dtype'] =>
  type === 'float16' ? 'fp16' : type === 'bfloat16' ? 'bf16' : 'fp32'

/** The type to compute with. `auto` is float32 on the CPU and the checkpoint's own type on a GPU. */
function computeType(checkpoint: Checkpoint, { device, dtype }: RunnerOptions): ElementType {
  if (dtype === 'q8')
    throw new UsageError('int8 is not available yet', '--dtype q8', 'Use --dtype fp32, or auto on a GPU.')
  if (dtype === 'fp32') return 'float'
  if (device === 'cpu') {
    if (dtype === 'auto') return 'float'
    throw new UsageError(
      dtype === 'bf16'
        ? 'ONNX Runtime has no bfloat16 matrix product for the CPU'
        : 'ONNX Runtime computes float16 on the CPU at 0.8 times the speed of float32, and less exactly',
      `--dtype ${dtype}`,
      'Use --dtype fp32: half-precision checkpoints are widened exactly when they are opened.',
    )
  }
  if (dtype === 'fp16') return 'float16'
  if (dtype === 'bf16') {
    if (device === 'webgpu') throw new UsageError('WebGPU has no bfloat16', '--dtype bf16', 'Use --dtype fp16 or fp32.')
    return 'bfloat16'
  }
  const halves = [...checkpoint.tensors.values()].map(({ dtype }) => dtype)
  if (halves.includes('BF16')) return device === 'webgpu' ? 'float' : 'bfloat16'
  return halves.includes('F16') ? 'float16' : 'float'
}

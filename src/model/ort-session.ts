import '../no-telemetry.ts'
import { dirname, relative, sep } from 'node:path'
import * as ort from 'onnxruntime-node'
import { DeviceError, ModelError } from '../errors.ts'
import { checkPinned, pinnedPackage } from '../package.ts'
import type { RunnerInfo } from '../types.ts'
import { alibiTable } from './alibi.ts'
import type { BuiltModel } from './build.ts'
import type { FileHash } from './checkpoint.ts'
import { type Carry, HeldSession, NOTHING_KEPT } from './held-session.ts'
import { encodeModel } from './onnx.ts'
import type { OpenModel } from './open.ts'
import { memoryTrouble, runFailure } from './out-of-memory.ts'
import { PROVIDERS } from './providers.ts'
import { quantisedFile } from './quantised/file.ts'
import { QUANTISED_FILE } from './quantised/layout.ts'
import { type RopeRows, ropeTables } from './rope-tables.ts'
import { type GraphSession, modelThread, threadedSession } from './threaded.ts'

/** ◆ A graph of ours on ONNX Runtime: how it is opened and run. The only file with 64-bit integers. */

export interface OpenSessionOptions {
  /** Threads inside an operator; default: ONNX Runtime's, one a physical core. */
  readonly threads?: number
  /** Whether threads burn their core while they wait for work. Default false: scripts/bench/threads.ts. */
  readonly spinning?: boolean
  /** Whether the session lives in a thread of its own, so that its runs do not block this one (threaded.ts). Default false. */
  readonly ownThread?: boolean
  /** What the checkpoint's files were when they were hashed; for weights in few bits, which are kept under these hashes. */
  readonly hashes?: readonly FileHash[]
  /** Told what takes long: weights in few bits are made once. */
  readonly say?: (line: string) => void
}

const WEIGHTS_TOO_LARGE =
  'The weights do not fit in memory: --dtype q8 or q4 takes less, on a GPU bf16 or fp16 beside fp32; or end what else uses this memory.'

/** Opens a model's graph on its device, and says what it is. */
export async function openSession(
  model: OpenModel,
  options: OpenSessionOptions,
): Promise<{ readonly session: GraphSession; readonly info: RunnerInfo }> {
  checkPinned(pinnedPackage('onnxruntime-node'))
  const started = performance.now()
  const session = await createSession(model, options)
  const { kind, device, dtype, built, description } = model
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
  }
  return { session, info }
}

async function createSession(
  { built, checkpoint, device, deviceId }: OpenModel,
  { threads, spinning, ownThread = false, ...source }: OpenSessionOptions,
): Promise<GraphSession> {
  const { quantised } = built
  const made = quantised === null ? null : await quantisedFile(quantised, { ...source, checkpoint })
  const root = commonFolder(made === null ? built.files : [...built.files, made], checkpoint.dir)
  const locationOf = (file: string): string => relative(root, file).split(sep).join('/')
  const bytes = encodeModel(built.model, (file) => locationOf(file === QUANTISED_FILE ? made! : file))
  const provider = device === 'cuda' ? { name: 'cuda' as const, deviceId: deviceId ?? 0 } : device
  try {
    return await sessionOf(bytes, ownThread && device !== 'webgpu', {
      executionProviders: [provider],
      logSeverityLevel: 3,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      extra: {
        session: {
          model_external_initializers_file_folder_path: root,
          ...waiting(spinning),
          // else FP8 weights are multiplied out in every run
          ...(checkpoint.float8 && { disable_quant_qdq: '1' }),
        },
      },
    })
  } catch (cause) {
    const message = `ONNX Runtime cannot open the model on ${device}: ${(cause as Error).message.slice(0, 600)}`
    const hint = memoryTrouble(message) === null ? null : WEIGHTS_TOO_LARGE
    throw device === 'cpu'
      ? new ModelError(message, checkpoint.dir, hint, { cause })
      : new DeviceError(message, `--device ${device}`, hint, { cause })
  }
}

/** A session of this thread, or of one of its own. */
export async function sessionOf(
  model: Uint8Array | string,
  ownThread: boolean,
  options: ort.InferenceSession.SessionOptions,
): Promise<GraphSession> {
  if (ownThread && modelThread.own) return threadedSession(model, options)
  const session = await (typeof model === 'string'
    ? ort.InferenceSession.create(model, options)
    : ort.InferenceSession.create(model, options))
  return new HeldSession(session, ort.Tensor)
}

/**
 * How a session's threads wait for each other, as entries of ONNX Runtime's `session.*`: asleep. By its own default they spin, which on a machine
 * with other work takes a third to half as much processor time again, and the cores from verification.
 */
export const waiting = (spinning = false): { readonly intra_op: { readonly allow_spinning: '0' | '1' } } => ({
  intra_op: { allow_spinning: spinning ? '1' : '0' },
})

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

/** One run of a graph. @throws DeviceError with what ONNX Runtime says; Error with NOTHING_KEPT as its message */
export async function runOn(
  device: RunnerInfo['device'],
  session: GraphSession,
  feeds: Record<string, ort.Tensor>,
  outputs: readonly string[],
  carry?: Carry,
): ReturnType<GraphSession['run']> {
  try {
    return await session.run(feeds, outputs, carry)
  } catch (cause) {
    if ((cause as Error).message === NOTHING_KEPT) throw cause
    throw runFailure(cause as Error, `ONNX Runtime failed on ${feeds.ids!.dims.join(' × ')} tokens`, device)
  }
}

/** What positions are turned and shifted by: the graph's tables, as long as a run needs; made anew where a run needs others than the one before. */
export class PositionTables {
  #made: { readonly name: string; readonly feeds: Record<string, ort.Tensor> } | null = null

  constructor(readonly built: BuiltModel) {}

  feeds(parts: RopeRows['parts']): Record<string, ort.Tensor> {
    const name = JSON.stringify(parts)
    if (this.#made?.name === name) return this.#made.feeds
    const feeds: Record<string, ort.Tensor> = {}
    this.built.ropes.forEach((rope, i) => {
      const { cos, sin, rows } = ropeTables(rope, parts)
      const dims = [rows, rope.inverseFrequencies.length]
      feeds[`cos_${i}`] = new ort.Tensor('float32', cos, dims)
      feeds[`sin_${i}`] = new ort.Tensor('float32', sin, dims)
    })
    const heads = this.built.alibiHeads
    const { rows } = parts[0]!
    if (heads !== null) feeds.alibi = new ort.Tensor('float32', alibiTable(heads, rows), [rows, heads])
    this.#made = { name, feeds }
    return feeds
  }
}

/** A float32 tensor [0, width]. */
export const noRows = (width: number): ort.Tensor => new ort.Tensor('float32', new Float32Array(0), [0, width])

/** Int32 → int64 by words (ONNX Runtime's platforms are little-endian); BigInt for every element would be slow. */
export function int64(values: Int32Array, dims: readonly number[] = [values.length]): ort.Tensor {
  const words = new Int32Array(2 * values.length)
  for (let i = 0; i < values.length; i++) {
    words[2 * i] = values[i]!
    words[2 * i + 1] = values[i]! < 0 ? -1 : 0
  }
  return new ort.Tensor('int64', new BigInt64Array(words.buffer), dims)
}

import '../../no-telemetry.ts'
import * as ort from 'onnxruntime-node'
import { DeviceError, ModelError } from '../../errors.ts'
import { checkPinned, pinnedPackage } from '../../package.ts'
import type { Batch, Runner, RunnerInfo, Sequence, Unscored } from '../../types.ts'
import { sha256OfFile } from '../checkpoint.ts'
import { int64, sessionOf, waiting } from '../ort-session.ts'
import { runFailure } from '../out-of-memory.ts'
import { checkBounds } from '../packing.ts'
import { PROVIDERS } from '../providers.ts'
import type { SessionOptions } from '../session.ts'
import type { GraphSession } from '../threaded.ts'
import type { OpenReadyMade } from './open.ts'
import { type Behaviour, placeOf, probe, sameNumbers } from './probe.ts'
import { type Rows, readRows, rowsOf } from './rows.ts'
import type { Input } from './signature.ts'

/** ◆ A ready-made export on ONNX Runtime, as a Runner. */

/** Starts an export on its device and finds out by a few short runs how it may be fed. */
export async function startReadyMade(
  model: OpenReadyMade,
  { threads, ownThread = false }: Pick<SessionOptions, 'threads' | 'ownThread'> = {},
): Promise<Runner> {
  checkPinned(pinnedPackage('onnxruntime-node'))
  const started = performance.now()
  const session = await openSession(model, threads, ownThread)
  try {
    const { description, signature, facts, kind, file } = model
    const behaviour = await probe((texts) => runTexts(session, model, texts), {
      where: file.name,
      vocab: facts.vocab,
      padTokenId: facts.padTokenId,
      dtype: model.dtype,
      causal: kind === 'logProb',
      pooled: signature.output.kind === 'scores' && !facts.encoder,
      rows: signature.rows,
    })
    const info: RunnerInfo = {
      kind,
      architecture: description.architecture,
      labels: description.labels,
      device: model.device,
      provider: PROVIDERS[model.device],
      dtype: model.dtype,
      maxPositions: description.maxPositions,
      padTokenId: description.padTokenId,
      vocabSize: description.vocabSize,
      parameters: description.parameters,
      weightBytes: description.weightBytes,
      openMs: performance.now() - started,
      quantisation: null,
      ignoredTensors: [],
      graphSha256: await sha256OfFile(file.path),
      notes: notesOf(model, behaviour),
      found: { batches: behaviour.batches, pooling: behaviour.rule },
    }
    return new ReadyMadeRunner(info, model, session, behaviour)
  } catch (error) {
    await session.release()
    throw error
  }
}

/** What the runs showed that costs time, or concerns texts of some kinds alone. */
function notesOf({ file: { name }, dtype, signature, device }: OpenReadyMade, { batches, rule }: Behaviour): string[] {
  return [
    ...(batches === 'padded'
      ? []
      : signature.rows === 1
        ? [`${name} takes one text at a time`]
        : [
            `${name}: ${batches === 'equal lengths' ? 'padding moves what it gives, so only texts of equal length run together' : `a text gives other numbers beside others${dtype.startsWith('q8') ? ' (activations are quantised over the whole batch)' : ''}, so each runs alone`}`,
          ]),
    ...(rule === 'before the first pad'
      ? [
          `${name} reads the token before the first pad id, as transformers did until 2025; a text where --pooling reads another is not scored`,
        ]
      : []),
    ...(device === 'cpu' ? [] : [`${name}: what has no kernel for ${device} is computed on the CPU by ONNX Runtime`]),
  ]
}

class ReadyMadeRunner implements Runner {
  #batches: Behaviour['batches']
  /** Whether a text of the data was run alone, too, and gave the same. */
  #seen = false
  #moved = false

  constructor(
    readonly opened: RunnerInfo,
    readonly model: OpenReadyMade,
    readonly session: GraphSession,
    readonly behaviour: Behaviour,
  ) {
    this.#batches = behaviour.batches
  }

  get info(): RunnerInfo {
    if (!this.#moved) return this.opened
    const moved = `${this.model.file.name}: a text of the data gives other numbers beside others than alone, so each runs alone`
    return {
      ...this.opened,
      notes: [...(this.opened.notes ?? []), moved],
      found: { ...this.opened.found!, batches: this.#batches },
    }
  }

  /** A head inside the export reads where it reads, whatever was asked for. */
  unreadable({ ids, reads }: Sequence): Unscored | null {
    const { rule } = this.behaviour
    if (rule === null) return null
    const place = placeOf(rule, ids, this.model.facts.padTokenId)
    if (place === reads[0]) return null
    return {
      reason: 'pooled_otherwise',
      message: `the head is inside ${this.model.file.name} and reads token ${place} of ${ids.length} (${rule}), not ${reads[0]}`,
    }
  }

  async run(batch: Batch, sequences: readonly Sequence[]): Promise<Float32Array[]> {
    const chosen = batch.sequences.map((index) => sequences[index]!)
    const { facts, kind, checkpoint, signature, file } = this.model
    checkBounds(chosen, {
      where: checkpoint.dir,
      vocab: facts.vocab,
      positions: facts.learnedPositions ? facts.maxPositions : null,
      causal: false,
      types: facts.tokenTypes > 1 ? facts.tokenTypes : null,
      first: kind === 'logProb' ? 1 : 0,
    })
    const typed = chosen.some(({ typeIds }) => typeIds?.some((type) => type !== 0))
    if (typed && facts.tokenTypes > 1 && !signature.inputs.some(({ role }) => role === 'types'))
      throw new ModelError(
        `takes no "token_type_ids", and ${facts.architecture} tells the two texts of a pair apart by them`,
        file.name,
        'Export it with token_type_ids.',
      )
    const results = await this.#run(chosen)
    if (this.#seen || this.#batches === 'one by one' || chosen.length === 1) return results
    this.#seen = true
    if (await this.#sameAlone(chosen, results)) return results
    this.#batches = 'one by one'
    this.#moved = true
    return this.#run(chosen)
  }

  async #run(texts: readonly Sequence[]): Promise<Float32Array[]> {
    const results: Float32Array[] = []
    for (const run of runsOf(texts, this.#batches)) {
      const outputs = await runTexts(
        this.session,
        this.model,
        run.map((i) => texts[i]!),
      )
      for (const [n, i] of run.entries()) results[i] = outputs[n]!
    }
    return results
  }

  /** The probe's texts are short: the shortest of the first batch, which has most padding, is run alone, too. */
  async #sameAlone(texts: readonly Sequence[], results: readonly Float32Array[]): Promise<boolean> {
    const shortest = texts.reduce((least, { ids }, i) => (ids.length < texts[least]!.ids.length ? i : least), 0)
    const [alone] = await runTexts(this.session, this.model, [texts[shortest]!])
    return !alone!.every(Number.isFinite) || sameNumbers(alone!, results[shortest]!, this.model.dtype)
  }

  async release(): Promise<void> {
    await this.session.release()
  }
}

/** The texts that may stand in one run, by their numbers. */
function runsOf(texts: readonly Sequence[], batches: Behaviour['batches']): number[][] {
  const all = texts.map((_, i) => i)
  if (batches === 'padded') return [all]
  if (batches === 'one by one') return all.map((i) => [i])
  const runs = new Map<number, number[]>()
  for (const i of all) {
    const { ids, positionStart } = texts[i]!
    const length = ids.length + positionStart
    const run = runs.get(length)
    if (run === undefined) runs.set(length, [i])
    else run.push(i)
  }
  return [...runs.values()]
}

/** One run of the session: the numbers of every text, in order. */
async function runTexts(
  session: GraphSession,
  model: OpenReadyMade,
  texts: readonly Sequence[],
): Promise<Float32Array[]> {
  const { facts, signature, reading, kind, file, description } = model
  const rows = rowsOf(texts, {
    padId: facts.padTokenId ?? 0,
    positions: signature.inputs.some(({ role }) => role === 'positions'),
    countsAttended: facts.countsAttended,
  })
  const feeds: Record<string, ort.Tensor> = {}
  for (const input of signature.inputs) feeds[input.name] = feedOf(input, rows)
  const read = readRows(texts, rows.starts, kind === 'logProb')
  if (reading.rows !== null) feeds[reading.rows] = int64(read.rows, [read.rows.length / 2, 2])
  if (reading.targets !== null) feeds[reading.targets] = int64(read.targets, [read.targets.length, 1])
  const { data, dims } = await runSession(session, feeds, reading.output, model)
  const pooled = reading.rows === null
  const width = kind === 'logProb' ? 1 : description.labels.length
  const expected = pooled ? texts.length : read.rows.length / 2
  if (dims.length !== 2 || dims[0] !== expected || dims[1] !== width)
    throw new ModelError(
      `gives "${signature.output.name}" of [${dims.join(', ')}], expected [${expected}, ${width}]`,
      file.name,
      kind === 'head' ? `config.json names ${width} labels.` : null,
    )
  let done = 0
  return texts.map((_, i) => {
    const first = done
    done += (pooled ? 1 : read.counts[i]!) * width
    return data.slice(first, done)
  })
}

async function runSession(
  session: GraphSession,
  feeds: Record<string, ort.Tensor>,
  output: string,
  { device, file }: OpenReadyMade,
): Promise<{ data: Float32Array; dims: readonly number[] }> {
  try {
    const { [output]: tensor } = await session.run(feeds, [output])
    return { data: tensor!.data as Float32Array, dims: tensor!.dims }
  } catch (cause) {
    throw runFailure(
      cause as Error,
      `ONNX Runtime failed in ${file.name} on ${feeds.input_ids!.dims.join(' × ')} tokens`,
      device,
    )
  }
}

function feedOf({ role, type, past }: Input, rows: Rows): ort.Tensor {
  const dims = [rows.batch, rows.seq]
  const whole = (values: Int32Array): ort.Tensor =>
    type === 'int32' ? new ort.Tensor('int32', values, dims) : int64(values, dims)
  switch (role) {
    case 'ids':
      return whole(rows.ids)
    case 'mask':
      return whole(rows.mask)
    case 'types':
      return whole(rows.types)
    case 'positions':
      return whole(rows.positions)
    case 'past':
      return emptyPast(type, [rows.batch, past![0], 0, past![1]])
    case 'first-run':
      return new ort.Tensor('bool', Uint8Array.of(0), [1])
    case 'all-logits':
      return type === 'int32' ? new ort.Tensor('int32', Int32Array.of(0), []) : int64(Int32Array.of(0), [])
  }
}

/** No element, so only the type matters. */
function emptyPast(type: string, dims: readonly number[]): ort.Tensor {
  if (type === 'float16') return new ort.Tensor('float16', new Uint16Array(0), dims)
  if (type === 'double') return new ort.Tensor('float64', new Float64Array(0), dims)
  return new ort.Tensor('float32', new Float32Array(0), dims)
}

async function openSession(
  model: OpenReadyMade,
  threads: number | undefined,
  ownThread: boolean,
): Promise<GraphSession> {
  const { reading, weightsFolder, device, deviceId, file, checkpoint } = model
  const provider = device === 'cuda' ? { name: 'cuda' as const, deviceId: deviceId ?? 0 } : device
  try {
    const source = reading.source()
    const options: ort.InferenceSession.SessionOptions = {
      executionProviders: [provider],
      logSeverityLevel: 3,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      extra: { session: { model_external_initializers_file_folder_path: weightsFolder, ...waiting() } },
    }
    return await sessionOf(source, ownThread && device !== 'webgpu', options)
  } catch (cause) {
    const message = `ONNX Runtime cannot open ${file.name} on ${device}: ${(cause as Error).message.slice(0, 600)}`
    throw device === 'cpu'
      ? new ModelError(message, checkpoint.dir, null, { cause })
      : new DeviceError(message, `--device ${device}`, null, { cause })
  }
}

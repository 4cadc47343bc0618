import { existsSync, realpathSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { ModelError } from '../../errors.ts'
import type { Batching, FileDtype, MeasurementKind } from '../../types.ts'
import { INDEX_FILE, SINGLE_FILE } from '../../weight-files.ts'
import { type Checkpoint, openCheckpoint, readJsonObject } from '../checkpoint.ts'
import type { DtypeChoice } from '../dtype.ts'
import { type HeadUse, PLAIN_TEXT } from '../heads/head.ts'
import { headOf } from '../heads/index.ts'
import type { ModelDescription, OpenModel } from '../open.ts'
import { commonFolder } from '../ort-session.ts'
import type { Device } from '../providers.ts'
import { bitsOf } from './element-type.ts'
import { type Facts, factsOf, labelsOf, startsAfterPad } from './families.ts'
import { type OnnxFile, openOnnxFile } from './file.ts'
import { dtypeOfFile } from './numbers.ts'
import { type Reading, readingOf } from './reading.ts'
import { checkAsked, type Signature, signatureOf } from './signature.ts'

/** A ready-made export for one use on one device, understood and not started yet: session.ts starts it. */
export interface OpenReadyMade {
  /** config.json and the files that the scores come from; no tensors of its own. */
  readonly checkpoint: Checkpoint
  readonly kind: MeasurementKind
  readonly device: Device
  readonly deviceId: number | null
  readonly dtype: FileDtype
  readonly batching: Batching
  readonly head: HeadUse
  readonly facts: Facts
  readonly file: OnnxFile
  readonly signature: Signature
  /** How it is read. */
  readonly reading: Reading
  /** The folder below which its weights lie. */
  readonly weightsFolder: string
  readonly description: ModelDescription
}

export interface ReadyMadeOptions {
  readonly kind: MeasurementKind
  readonly device: Device
  readonly deviceId: number | null
  readonly dtype: DtypeChoice
}

export const isReadyMade = (model: OpenModel | OpenReadyMade): model is OpenReadyMade => 'signature' in model

/** Opens `name` (a path in the folder) beside the folder's config.json. Every refusal of a file shows here, before anything runs. */
export function openReadyMade(dir: string, name: string, options: ReadyMadeOptions): OpenReadyMade {
  const { kind, device, deviceId, dtype: asked } = options
  const file = openOnnxFile(dir, name)
  const config = configOf(dir, file)
  const facts = factsOf(config)
  const found = dtypeOfFile(file.model)
  checkAsked(asked, found, name)
  const dtype = asked === 'tf32' ? 'tf32' : found
  const signature = signatureOf(file, kind)
  checkInputs(signature, facts, kind, name)
  const root = commonFolder(
    [file, ...file.external].map(({ path }) => path),
    dir,
  )
  const paths = new Map(
    file.external.map(({ location, path }) => [location, relative(root, path).split(sep).join('/')]),
  )
  const head = headTensors(dir, signature)
  const reading = readingOf(file, signature, head, (location) => paths.get(location)!)
  const checkpoint = withHead(config, head)
  const description = described(checkpoint, file, facts, signature, reading, found)
  return {
    checkpoint,
    kind,
    device,
    deviceId,
    dtype,
    batching: { device, causal: !facts.encoder, rows: true, packed: false },
    head: {
      name: { scores: 'in the export', logits: 'log-prob', hidden: 'score' }[signature.output.kind],
      kind,
      labels: description.labels,
      text: PLAIN_TEXT,
      reads: facts.encoder ? () => Int32Array.of(0) : null,
    },
    facts,
    file,
    signature,
    reading,
    weightsFolder: root,
    description,
  }
}

/** The folder's configuration, and as its files those that the scores come from. */
function configOf(dir: string, file: OnnxFile): Checkpoint {
  if (!existsSync(join(dir, 'config.json'))) throw new ModelError('has no config.json beside the export', dir)
  const config = join(dir, 'config.json')
  return {
    dir,
    config: readJsonObject(config),
    tensors: new Map(),
    files: [realpathSync(config), file.path, ...file.external.map(({ path }) => path)],
    fileNames: ['config.json', file.name, ...file.external.map(({ name }) => name)],
    pickledHeads: [],
    notes: [],
    adapter: null,
  }
}

/** Of an export that ends in hidden states: the checkpoint that has its head. */
function headTensors(dir: string, { output }: Signature): Checkpoint | null {
  if (output.kind !== 'hidden') return null
  if (![SINGLE_FILE, INDEX_FILE].some((name) => existsSync(join(dir, name)))) return null
  const checkpoint = openCheckpoint(dir)
  const { name } = headOf(checkpoint, 'head', () => {})
  if (name !== 'score')
    throw new ModelError(
      `has a head (${name}) that cannot be added to "${output.name}"`,
      dir,
      'Export it with its head, or leave --graph onnx out.',
    )
  return checkpoint
}

/** Weights that a head is taken from count among the files that the scores come from. */
const withHead = (config: Checkpoint, head: Checkpoint | null): Checkpoint =>
  head === null
    ? config
    : {
        ...config,
        files: [...config.files, ...head.files.slice(1)],
        fileNames: [...config.fileNames, ...head.fileNames.slice(1)],
      }

function checkInputs({ inputs, output }: Signature, facts: Facts, kind: MeasurementKind, name: string): void {
  const has = (role: string): boolean => inputs.some((input) => input.role === role)
  if (facts.encoder && kind === 'logProb')
    throw new ModelError(
      `is of an encoder (${facts.architecture}): what it gives for a token depends on the text after it, so there are no log-probabilities of a completion`,
      name,
    )
  if (facts.encoder && output.kind === 'hidden')
    throw new ModelError(
      `gives "${output.name}" alone; the pooler and the head of an encoder (${facts.architecture}) are not added to it`,
      name,
      'Export it for text-classification.',
    )
  if (has('positions') && startsAfterPad(facts))
    throw new ModelError(
      `takes "position_ids", which ${facts.architecture} counts from behind its pad id: not supported`,
      name,
      'Export it without position_ids.',
    )
}

function described(
  checkpoint: Checkpoint,
  file: OnnxFile,
  facts: Facts,
  { output }: Signature,
  { width }: Reading,
  dtype: FileDtype,
): ModelDescription {
  const { config } = checkpoint
  const number = (...keys: readonly string[]): number => {
    const value = keys.map((key) => config[key]).find((one) => typeof one === 'number')
    return (value as number | undefined) ?? 0
  }
  const hidden = number('hidden_size', 'n_embd', 'd_model', 'dim')
  const files = [file.path, ...file.external.map(({ path }) => path)]
  const weightBytes = files.reduce((sum, path) => sum + statSync(path).size, 0)
  const counted = file.model.tensors.filter(({ type }) => (bitsOf(type) ?? 0) >= 16 && type !== 6 && type !== 7)
  const plain = ['fp32', 'fp16', 'bf16', 'fp64'].includes(dtype)
  return {
    architecture: facts.architecture,
    labels: output.kind === 'logits' ? [] : labelsOf(checkpoint, width),
    maxPositions: facts.maxPositions,
    learnedPositions: facts.learnedPositions,
    positionRows: facts.learnedPositions ? facts.maxPositions : null,
    tokenTypes: facts.tokenTypes,
    padTokenId: facts.padTokenId,
    vocabSize: facts.vocab,
    layers: facts.layers,
    parameters: plain
      ? counted.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 1), 0)
      : null,
    weightBytes,
    // those of the file are its own affair: `dtype` and the manifest's `graph` say so
    quantisation: null,
    ignoredTensors: [],
    size: {
      hidden,
      inner: number('intermediate_size', 'n_inner', 'ffn_dim', 'hidden_dim') || 4 * hidden,
      heads: number('num_attention_heads', 'n_head', 'n_heads') || 1,
      logits: output.kind === 'logits' ? facts.vocab : 0,
      weightBytes,
    },
  }
}

/** What a file is, for the manifest. */
export function fileRecord({ file, signature, dtype, reading }: OpenReadyMade): Record<string, unknown> {
  const { model } = file
  return {
    kind: 'onnx',
    file: file.name,
    external_data: file.external.map(({ name }) => name),
    ir_version: model.irVersion,
    opset: Object.fromEntries(
      [...model.opsets].map(([domain, version]) => [domain === '' ? 'ai.onnx' : domain, version]),
    ),
    producer: model.producer === '' ? null : model.producer,
    inputs: signature.inputs.map(({ name }) => name),
    output: signature.output.name,
    outputs_not_read: signature.unread,
    nodes_added: reading.added,
    dtype,
  }
}

/** For the screen. @example 'onnx/model.onnx as it is: fp32, opset 18, by pytorch 2.5.1' */
export const fileWords = ({ file, dtype }: OpenReadyMade): string =>
  `${file.name} as it is: ${dtype}, opset ${file.model.opsets.get('') ?? '?'}${file.model.producer === '' ? '' : `, by ${file.model.producer.slice(0, 60)}`}`

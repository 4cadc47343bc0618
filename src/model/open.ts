import { UsageError } from '../errors.ts'
import { given } from '../given.ts'
import type { Batching, Dtype, MeasurementKind, Quantisation } from '../types.ts'
import { modelSpec } from './archs/index.ts'
import { attentionForms, type GraphForm } from './attention.ts'
import type { AttentionForm } from './attention-forms.ts'
import { type BuiltModel, buildModel } from './build.ts'
import type { Checkpoint } from './checkpoint.ts'
import { chooseDtype, type DtypeChoice, ELEMENT_TYPES } from './dtype.ts'
import type { Head, HeadUse } from './heads/head.ts'
import type { Device } from './providers.ts'
import type { QuantisedLayout } from './quantised/layout.ts'
import { type Scheme, schemeName, schemeOf } from './quantised/scheme.ts'
import type { Mlp, ModelSpec } from './spec.ts'
import type { IgnoredTensor } from './weights.ts'

/** A checkpoint for one use on one device: its graph is built, nothing runs yet. session.ts starts it from this record. */
export interface OpenModel {
  readonly checkpoint: Checkpoint
  readonly kind: MeasurementKind
  readonly device: Device
  readonly deviceId: number | null
  readonly dtype: Dtype
  readonly attention: GraphForm
  readonly batching: Batching
  readonly head: HeadUse
  readonly built: BuiltModel
  readonly description: ModelDescription
}

/** What a model is, for tokenising, for --dry-run, for messages and for the manifest. */
export interface ModelDescription {
  readonly architecture: string
  /** Names of the head's outputs; none for log-probabilities. */
  readonly labels: readonly string[]
  readonly maxPositions: number
  /** Positions beyond the maximum do not exist; rotary ones merely were never trained. */
  readonly learnedPositions: boolean
  /** Rows of learned positions; null for rotary ones. */
  readonly positionRows: number | null
  /** Rows of the table of token types; 0 where there is none. */
  readonly tokenTypes: number
  readonly padTokenId: number | null
  readonly vocabSize: number
  readonly layers: number
  /** null where they are packed, so that they cannot be counted. */
  readonly parameters: number | null
  /** Bytes of the tensors on disk. */
  readonly weightBytes: number
  readonly quantisation: Quantisation | null
  readonly ignoredTensors: readonly IgnoredTensor[]
  /** For estimatePeakBytes (score/plan.ts): the weights in the type that is computed in, or in few bits beside what of the rest is mapped. */
  readonly size: {
    readonly hidden: number
    readonly inner: number
    readonly heads: number
    readonly logits: number
    readonly weightBytes: number
    readonly numberBytes?: number
    readonly carried?: number
    readonly scores?: 'rows' | 'mask' | 'block' | 'none'
  }
}

export interface OpenOptions {
  readonly kind: MeasurementKind
  readonly device: Device
  readonly deviceId?: number | null
  readonly dtype: DtypeChoice
  /** Default: `defaultAttention`. */
  readonly attention?: AttentionForm
  /** A head that must be asked for. Default: the one that the checkpoint is known by. */
  readonly head?: Head
  /** For startDecoder: the graph continues texts. Default: it measures them. */
  readonly generates?: boolean
}

/** The CPU's and CUDA's forms are measured (README.md); WebGPU's is the safest guess. */
const DEFAULT_ATTENTION: Readonly<Record<Device, AttentionForm>> = { cpu: 'split', cuda: 'attention', webgpu: 'plain' }

/**
 * With a mask CUDA's memory-efficient attention wants a key length that is a multiple of 4, the mask's rows aligned; else ONNX Runtime takes the
 * path that keeps all scores, heads · seq² numbers. 8 also suits the tensor cores.
 */
const CUDA_ROW_MULTIPLE = 8

const defaultAttention = (device: Device, { causal }: ModelSpec): AttentionForm =>
  device === 'cpu' && !causal ? 'attention' : DEFAULT_ATTENTION[device]

/** Understands a checkpoint: dtype, head and graph are decided here, and every refusal of a checkpoint shows, within milliseconds. */
export function openModel(checkpoint: Checkpoint, options: OpenOptions): OpenModel {
  // an adapter's own type says nothing of the model's
  const stored = [...checkpoint.tensors.values()]
    .filter(({ file }) => file !== checkpoint.adapter?.file)
    .map(({ dtype }) => dtype)
  return openModelIn(checkpoint, options, chooseDtype(options.dtype, options.device, stored))
}

/** The same in a given dtype and scheme, sensible on the device or not: tests compute float16 on the CPU with it. */
export function openModelIn(
  checkpoint: Checkpoint,
  { kind, device, deviceId = null, attention, head, generates = false }: Omit<OpenOptions, 'dtype'>,
  dtype: Dtype,
  scheme: Scheme | null = schemeOf(dtype),
): OpenModel {
  const spec = modelSpec(checkpoint)
  const form: GraphForm = generates ? 'cache' : (attention ?? defaultAttention(device, spec))
  if (form !== 'cache' && !attentionForms(spec).includes(form))
    throw new UsageError(
      spec.causal
        ? `knows no sliding window, and this model has one (model_type ${spec.architecture})`
        : `cannot be the attention of an encoder (model_type ${spec.architecture})`,
      `--attention ${form}`,
      `Use ${attentionForms(spec).join(' or ')}.`,
    )
  checkOnDevice(form, device)
  const built = buildModel(checkpoint, spec, {
    kind,
    attention: form,
    type: ELEMENT_TYPES[dtype],
    scheme,
    ...given<Pick<OpenOptions, 'head'>>({ head }),
  })
  const batching = {
    device,
    causal: spec.causal,
    packed: form === 'split',
    ...(form === 'gqa' && { rows: true }),
    ...(form === 'prompts' && { prompts: true }),
    ...(device === 'cuda' && { rowMultiple: CUDA_ROW_MULTIPLE }),
  }
  const numberBytes = dtype === 'fp16' || dtype === 'bf16' ? 2 : 4
  const description = described(built, numberBytes, scoresOf(form, device, numberBytes))
  return {
    checkpoint,
    kind,
    device,
    deviceId,
    dtype,
    attention: form,
    batching,
    head: built.head,
    built,
    description,
  }
}

/** Said before anything is opened: what is known to fail on a device. @throws UsageError */
function checkOnDevice(form: GraphForm, device: Device): void {
  if (form === 'split' && device !== 'cpu')
    throw new UsageError(
      `is the CPU's form: ${device === 'cuda' ? 'on CUDA its Loop ends in an illegal memory access' : 'on WebGPU it was never run'}`,
      '--attention split',
      'Leave --attention out, or use attention, prompts, gqa or plain.',
    )
}

/** What attention keeps of a row. CUDA's 16-bit kernels keep no scores, those of float32 do where heads are grouped. */
function scoresOf(
  form: GraphForm,
  device: Device,
  numberBytes: number,
): NonNullable<ModelDescription['size']['scores']> {
  if (form === 'split') return 'block'
  if (form === 'prompts' || form === 'gqa') return device === 'cuda' && numberBytes === 2 ? 'none' : 'rows'
  return form === 'attention' && device === 'cuda' && numberBytes === 2 ? 'mask' : 'rows'
}

function described(
  { spec, head, parameters, weightBytes, keptBytes, quantised, ignoredTensors, carried }: BuiltModel,
  numberBytes: number,
  scores: NonNullable<ModelDescription['size']['scores']>,
): ModelDescription {
  const [first] = spec.layers
  return {
    architecture: spec.architecture,
    labels: head.labels,
    maxPositions: spec.maxPositions,
    learnedPositions: spec.embedding.positions !== null,
    positionRows: spec.embedding.positions?.rows ?? null,
    tokenTypes: spec.embedding.types?.rows ?? 0,
    padTokenId: spec.padTokenId,
    vocabSize: spec.vocab,
    layers: spec.layers.length,
    parameters,
    weightBytes,
    quantisation: quantised === null ? null : quantisationOf(quantised),
    ignoredTensors,
    size: {
      hidden: spec.inside?.width ?? spec.hidden,
      inner: Math.max(...spec.layers.map(({ mlp }) => innerOf(mlp))),
      heads: first?.attention.heads ?? 1,
      logits: head.width,
      weightBytes: quantised === null ? numberBytes * parameters : quantised.sizeBytes + keptBytes,
      numberBytes,
      ...(carried !== null && {
        carried: carried.reduce((sum, { kvHeads, headDim }) => sum + 2 * kvHeads * headDim, 0),
      }),
      scores,
    },
  }
}

const quantisationOf = ({ scheme, parameters, sizeBytes }: QuantisedLayout): Quantisation => ({
  scheme: schemeName(scheme),
  ...scheme,
  parameters,
  bytes: sizeBytes,
})
/** Numbers that a token has inside its MLP; of experts, in those that it goes through. */
const innerOf = (mlp: Mlp): number =>
  mlp.kind !== 'experts'
    ? mlp.up.outputs
    : mlp.topK * Math.max(...mlp.experts.map(({ up }) => up.outputs + up.inputs)) + (mlp.shared?.mlp.up.outputs ?? 0)

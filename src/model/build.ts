import { createHash } from 'node:crypto'
import { ModelError } from '../errors.ts'
import { decoderSpec } from './archs/index.ts'
import type { AttentionForm } from './attention.ts'
import type { Checkpoint } from './checkpoint.ts'
import { decoderBody } from './decoder.ts'
import { Graph } from './graph.ts'
import { logProbHead, scoreHead } from './heads.ts'
import { type ElementType, encodeModel, type ModelRecord } from './onnx.ts'
import type { Rope } from './rope.ts'
import { sameBytes } from './same-bytes.ts'
import type { DecoderSpec, Ignored, Logits } from './spec.ts'
import { type IgnoredTensor, Weights } from './weights.ts'

export type HeadKind = 'score' | 'logProb'

export interface BuildOptions {
  readonly head: HeadKind
  readonly attention: AttentionForm
  /** The type that the graph computes with. */
  readonly type: ElementType
}

/** A checkpoint's graph, every tensor accounted for. */
export interface BuiltModel {
  readonly spec: DecoderSpec
  readonly model: ModelRecord
  readonly ropes: readonly Rope[]
  /** Names of the head's outputs; empty for log-probs. */
  readonly labels: readonly string[]
  readonly ignoredTensors: readonly IgnoredTensor[]
  /** Names of the tensors that the graph reads, and the files that they lie in. */
  readonly tensors: readonly string[]
  readonly files: readonly string[]
  readonly parameters: number
  readonly weightBytes: number
  /** SHA-256 of the graph with its files numbered, so that a moved checkpoint keeps its hash. */
  readonly sha256: string
}

/** Builds the graph of a checkpoint. Reads headers only, never weights (but for a tied head that is stored twice). */
export function buildModel(checkpoint: Checkpoint, options: BuildOptions): BuiltModel {
  const spec = decoderSpec(checkpoint)
  const graph = new Graph('decoder')
  const weights = new Weights(graph, checkpoint)
  const builder = { graph, weights, type: options.type }
  const body = decoderBody(builder, spec, options.attention)

  let labels: readonly string[] = []
  const ignored: Ignored[] = [...spec.ignored]
  if (options.head === 'score') {
    ignored.push({
      pattern: /^lm_head\.(weight|bias)$/,
      reason: 'the causal head; the classification head is read instead',
    })
    if (!weights.has(spec.score.weight)) refuseCausal(checkpoint, weights, ignored)
    labels = labelNames(checkpoint, spec, scoreHead(builder, body.hidden, spec))
  } else {
    if (weights.has(spec.score.weight)) refuseClassifier(checkpoint, spec)
    const logits = untie(checkpoint, spec.logits)
    if (logits.weight !== spec.logits.weight)
      ignored.push({ pattern: /^lm_head\.weight$/, reason: `the same values as ${logits.weight}, to which it is tied` })
    logProbHead(builder, body.hidden, spec, logits)
  }

  const ignoredTensors = weights.leftOver(ignored)
  const model = graph.model()
  const numbered = encodeModel(model, (file) => String(weights.files.indexOf(file)))
  const { parameters, bytes: weightBytes } = weights.totals
  return {
    spec,
    model,
    ropes: body.ropes,
    labels,
    ignoredTensors,
    tensors: weights.names,
    files: weights.files,
    parameters,
    weightBytes,
    sha256: createHash('sha256').update(numbered).digest('hex'),
  }
}

/**
 * The matrix of the causal head. A tied one that is stored too is used only where its values differ, as transformers 5
 * does (modeling_utils.py, `tie_weights`); transformers 4 would then take the embedding.
 */
function untie(checkpoint: Checkpoint, logits: Logits): Logits {
  const { tiedTo, weight } = logits
  if (tiedTo === null) return logits
  const own = checkpoint.tensors.get(weight)
  const embedding = checkpoint.tensors.get(tiedTo)
  const differs = own !== undefined && embedding !== undefined && !sameBytes(own, embedding)
  return differs ? logits : { ...logits, weight: tiedTo }
}

function labelNames(checkpoint: Checkpoint, spec: DecoderSpec, outputs: number): readonly string[] {
  const { labels } = spec
  if (labels && labels.length !== outputs)
    throw new ModelError(
      `"${spec.score.weight}" gives ${outputs} values, config.json names ${labels.length} labels: ${labels.slice(0, 8).join(', ')}`,
      checkpoint.dir,
    )
  return labels ?? Array.from({ length: outputs }, (_, i) => `LABEL_${i}`)
}

/** No classification head: either another head, whose tensors are then left over, or none at all. */
function refuseCausal(checkpoint: Checkpoint, weights: Weights, ignored: readonly Ignored[]): never {
  weights.leftOver(ignored)
  throw new ModelError(
    `has no classification head (tensor "score.weight")${saidArchitecture(checkpoint)}: it gives no rewards`,
    checkpoint.dir,
    'A causal language model is measured by log-probabilities: run-dpo --model … --ref-model …; as a generative judge it is not run here.',
  )
}

function refuseClassifier(checkpoint: Checkpoint, spec: DecoderSpec): never {
  throw new ModelError(
    `has a classification head (tensor "${spec.score.weight}")${saidArchitecture(checkpoint)}: it gives rewards, no log-probabilities`,
    checkpoint.dir,
    'A reward model is measured by run-rm --model …',
  )
}

function saidArchitecture({ config }: Checkpoint): string {
  const { architectures } = config
  return Array.isArray(architectures) && typeof architectures[0] === 'string'
    ? `, config.json says ${architectures[0].slice(0, 60)}`
    : ''
}

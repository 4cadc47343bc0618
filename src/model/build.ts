import { createHash } from 'node:crypto'
import type { MeasurementKind } from '../types.ts'
import type { GraphForm } from './attention.ts'
import { modelBody } from './body.ts'
import type { CachedLayer } from './cache.ts'
import type { Checkpoint } from './checkpoint.ts'
import { Graph } from './graph.ts'
import type { Head, OpenHead } from './heads/head.ts'
import { headOf } from './heads/index.ts'
import { type ElementType, encodeModel, type ModelRecord } from './onnx.ts'
import { unquantised } from './ops.ts'
import { QUANTISED_FILE, QuantisedLayout } from './quantised/layout.ts'
import type { Scheme } from './quantised/scheme.ts'
import type { Rope } from './rope.ts'
import type { ModelSpec } from './spec.ts'
import { type AdaptedTensor, type IgnoredTensor, Weights } from './weights.ts'

export interface BuildOptions {
  readonly kind: MeasurementKind
  /** `cache`: the graph continues texts, and its head gives the logits of the next token. */
  readonly attention: GraphForm
  /** The type that the graph computes with. */
  readonly type: ElementType
  /** A head that must be asked for, instead of the one that the checkpoint is known by. */
  readonly head?: Head
  /** How the weights of linear layers are quantised; default: not at all. */
  readonly scheme?: Scheme | null
}

/** A checkpoint's graph, every tensor accounted for. */
export interface BuiltModel {
  readonly spec: ModelSpec
  readonly head: OpenHead
  readonly model: ModelRecord
  readonly ropes: readonly Rope[]
  /** Heads of the table that the graph's input `alibi` wants; null: no such input. */
  readonly alibiHeads: number | null
  /** What every layer keeps of a token, where the graph continues texts; else null. */
  readonly cache: readonly CachedLayer[] | null
  /** What every layer carries of a token from run to run, where the graph does; else null. */
  readonly carried: readonly CachedLayer[] | null
  readonly ignoredTensors: readonly IgnoredTensor[]
  /** What an adapter adds to; empty without one. */
  readonly adapted: readonly AdaptedTensor[]
  /** Names of the tensors that the graph reads, and the files that they lie in. */
  readonly tensors: readonly string[]
  readonly files: readonly string[]
  readonly parameters: number
  readonly weightBytes: number
  /** Bytes of the tensors that are read as they are stored: all, where none are quantised. */
  readonly keptBytes: number
  /** Where quantised weights go in a file of their own; null where none are. */
  readonly quantised: QuantisedLayout | null
  /** SHA-256 of the graph with its files numbered, so that a moved checkpoint keeps its hash. */
  readonly sha256: string
}

/** Builds the graph of a checkpoint. Reads headers only, never weights (but for a tied head that is stored twice). */
export function buildModel(
  checkpoint: Checkpoint,
  spec: ModelSpec,
  { kind, attention, type, head: asked, scheme = null }: BuildOptions,
): BuiltModel {
  const graph = new Graph(spec.causal ? 'decoder' : 'encoder')
  const quantised = scheme === null ? null : new QuantisedLayout(scheme)
  const weights = new Weights(graph, checkpoint)
  const builder = { graph, weights, type, quantised }
  const body = modelBody(builder, spec, attention)
  const found = headOf(
    checkpoint,
    attention === 'cache' ? 'text' : kind,
    (also) => weights.leftOver([...spec.ignored, ...also], null),
    asked,
  )
  const head = found.open(checkpoint, spec)
  // a head that gives rewards is a few weights, which decide all; the logits of a language model are its largest matrix
  head.graph(kind === 'head' ? unquantised(builder) : builder, body.hidden)
  body.carried?.leave()
  const ignoredTensors = weights.leftOver([...spec.ignored, ...head.ignored], kind === 'head' ? head.name : null)
  const model = graph.model()
  const numbered = encodeModel(model, (file) => (file === QUANTISED_FILE ? file : String(weights.files.indexOf(file))))
  const { parameters, bytes: weightBytes, keptBytes } = weights.totals
  return {
    spec,
    head,
    model,
    ropes: body.ropes,
    alibiHeads: body.alibiHeads,
    cache: body.cache,
    carried: body.carried?.layers ?? null,
    ignoredTensors,
    adapted: weights.adapted,
    tensors: weights.names,
    files: weights.files,
    parameters,
    weightBytes,
    keptBytes,
    quantised,
    sha256: createHash('sha256').update(numbered).digest('hex'),
  }
}

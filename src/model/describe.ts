import { buildModel, type HeadKind } from './build.ts'
import type { Checkpoint } from './checkpoint.ts'
import { VOCABULARY_CHUNK } from './heads.ts'
import type { IgnoredTensor } from './weights.ts'

/** What a checkpoint is, known without opening a device: for tokenising, for --dry-run and for messages. */
export interface ModelDescription {
  readonly architecture: string
  readonly labels: readonly string[]
  readonly maxPositions: number
  /** Positions beyond the maximum do not exist; rotary ones merely were never trained. */
  readonly learnedPositions: boolean
  /** Rows of learned positions; null for rotary ones. */
  readonly positionRows: number | null
  readonly padTokenId: number | null
  readonly vocabSize: number
  readonly layers: number
  readonly parameters: number
  /** Bytes of the tensors on disk. */
  readonly weightBytes: number
  readonly ignoredTensors: readonly IgnoredTensor[]
  /** For estimatePeakBytes (score/plan.ts): the weights as float32. */
  readonly size: {
    readonly hidden: number
    readonly inner: number
    readonly heads: number
    readonly logits: number
    readonly weightBytes: number
  }
}

/** Builds the graph and throws it away: every refusal of a checkpoint shows here, within milliseconds. */
export function describeModel(checkpoint: Checkpoint, head: HeadKind): ModelDescription {
  const built = buildModel(checkpoint, { head, attention: 'split', type: 'float' })
  const { spec } = built
  const [first] = spec.layers
  return {
    architecture: spec.architecture,
    labels: built.labels,
    maxPositions: spec.maxPositions,
    learnedPositions: spec.embedding.positions !== null,
    positionRows: spec.embedding.positions?.rows ?? null,
    padTokenId: spec.padTokenId,
    vocabSize: spec.vocab,
    layers: spec.layers.length,
    parameters: built.parameters,
    weightBytes: built.weightBytes,
    ignoredTensors: built.ignoredTensors,
    size: {
      hidden: spec.hidden,
      inner: first?.mlp.up.outputs ?? spec.hidden,
      heads: first?.attention.heads ?? 1,
      logits: head === 'logProb' ? Math.min(VOCABULARY_CHUNK, spec.vocab) : 0,
      weightBytes: 4 * built.parameters,
    },
  }
}

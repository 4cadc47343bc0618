import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import {
  ACTIVATIONS,
  type ActivationName,
  activation,
  baseConfig,
  count,
  headCount,
  layerCount,
  refuse,
  width,
} from '../config.ts'
import type { EncoderSpec, Ignored, LayerSpec, LearnedPositions, Norm } from '../spec.ts'
import { encoderSpec } from './encoder.ts'
import { layerNorm, linear, tokenEmbedding } from './names.ts'

/** What BERT and its kin share: attention and MLP, and a norm over the sum after each. */
export interface PostNorm {
  readonly hidden: number
  readonly heads: number
  readonly inner: number
  readonly act: ActivationName
  readonly epsilon: number
}

/** Where a layer's tensors lie, without `.weight` and `.bias`. */
export interface LayerNames {
  readonly q: string
  readonly k: string
  readonly v: string
  readonly out: string
  readonly attentionNorm: string
  readonly up: string
  readonly down: string
  readonly mlpNorm: string
}

export function postNormLayer({ hidden, heads, inner, act, epsilon }: PostNorm, at: LayerNames): LayerSpec {
  const headDim = hidden / heads
  const square = (name: string) => linear(name, hidden, hidden, true)
  return {
    residual: 'sequential',
    attentionNorms: { before: null, after: null, closing: layerNorm(at.attentionNorm, epsilon) },
    mlpNorms: { before: null, after: null, closing: layerNorm(at.mlpNorm, epsilon) },
    attention: {
      heads,
      kvHeads: heads,
      headDim,
      scale: headDim ** -0.5,
      window: null,
      softcap: null,
      rope: null,
      projection: { kind: 'separate', q: square(at.q), k: square(at.k), v: square(at.v) },
      qkNorm: null,
      out: square(at.out),
    },
    mlp: {
      kind: 'plain',
      up: linear(at.up, hidden, inner, true),
      down: linear(at.down, inner, hidden, true),
      act: ACTIVATIONS[act],
    },
  }
}

export function checkHeads(checkpoint: Checkpoint, key: string, heads: number, hidden: number): void {
  if (hidden % heads !== 0) throw refuse(checkpoint, key, heads, `must divide the hidden states' width ${hidden}`)
}

/** The keys of BERT and of those that took over its configuration. */
export const bertConfig = baseConfig.extend({
  hidden_size: width.default(768),
  num_hidden_layers: layerCount.default(12),
  num_attention_heads: headCount.default(12),
  intermediate_size: count.default(3072),
  hidden_act: activation.nullish(),
  max_position_embeddings: count.default(512),
  type_vocab_size: count.default(2),
  layer_norm_eps: z.number().nonnegative().default(1e-12),
  position_embedding_type: z.literal('absolute').nullish(),
  is_decoder: z.literal(false).nullish(),
  add_cross_attention: z.literal(false).nullish(),
})

export interface BertLike {
  /** Of the tensors: `bert.`, or nothing in a bare base model. */
  readonly prefix: string
  /** Width of the embeddings; default the hidden states'. */
  readonly width?: number
  /** Name of the matrix from the embeddings' width to the hidden states' (ELECTRA, ALBERT); default none. */
  readonly projection?: string | null
  readonly counting?: Pick<LearnedPositions, 'offset' | 'without'>
  readonly layer?: (l: number) => LayerNames
  readonly ignored?: readonly Ignored[]
}

/** BERT's own numbers from config.json, and from `like` what its kin do otherwise. */
export function bertLike(checkpoint: Checkpoint, config: z.infer<typeof bertConfig>, like: BertLike): EncoderSpec {
  const { hidden_size: hidden, num_attention_heads: heads, layer_norm_eps: epsilon } = config
  const { prefix, width = hidden, projection = null, counting = { offset: 0, without: null } } = like
  checkHeads(checkpoint, 'num_attention_heads', heads, hidden)
  const norm = (name: string): Norm => layerNorm(name, epsilon)
  const rows = config.max_position_embeddings - counting.offset
  if (rows < 1)
    throw refuse(
      checkpoint,
      'max_position_embeddings',
      config.max_position_embeddings,
      'leaves no position for a token',
    )
  const shape = { hidden, heads, inner: config.intermediate_size, act: config.hidden_act ?? 'gelu', epsilon } as const
  const names = like.layer ?? ((l) => bertNames(`${prefix}encoder.layer.${l}`))

  const at = `${prefix}embeddings`
  return encoderSpec(config, {
    hidden,
    maxPositions: rows,
    embedding: {
      ...tokenEmbedding(`${at}.word_embeddings.weight`, width),
      types: { name: `${at}.token_type_embeddings.weight`, rows: config.type_vocab_size },
      positions: { name: `${at}.position_embeddings.weight`, rows, ...counting },
      norm: norm(`${at}.LayerNorm`),
      projection: projection === null ? null : linear(projection, width, hidden, true),
    },
    layers: Array.from({ length: config.num_hidden_layers }, (_, l) => postNormLayer(shape, names(l))),
    ignored: [...POSITION_BUFFERS, ...(like.ignored ?? [])],
  })
}

export const bertNames = (at: string, { q, k, v } = { q: 'query', k: 'key', v: 'value' }): LayerNames => ({
  q: `${at}.attention.self.${q}`,
  k: `${at}.attention.self.${k}`,
  v: `${at}.attention.self.${v}`,
  out: `${at}.attention.output.dense`,
  attentionNorm: `${at}.attention.output.LayerNorm`,
  up: `${at}.intermediate.dense`,
  down: `${at}.output.dense`,
  mlpNorm: `${at}.output.LayerNorm`,
})

export const POSITION_BUFFERS: readonly Ignored[] = [
  { pattern: /(^|\.)embeddings\.(position_ids|token_type_ids)$/, reason: 'a buffer that counts positions' },
]

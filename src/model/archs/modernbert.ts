import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import {
  ACTIVATIONS,
  activation,
  baseConfig,
  count,
  headCount,
  layerCount,
  layerTypes,
  readConfig,
  refuse,
  slidingLayers,
  width,
} from '../config.ts'
import { readLayerRopes } from '../rope-config.ts'
import type { EncoderSpec, LayerSpec, Norm } from '../spec.ts'
import { encoderSpec, pretrainingHead } from './encoder.ts'
import { bodyPrefix, layerNorm, linear, tokenEmbedding } from './names.ts'

const modernbertConfig = baseConfig.extend({
  vocab_size: count.default(50_368),
  hidden_size: width.default(768),
  intermediate_size: count.default(1152),
  num_hidden_layers: layerCount.default(22),
  num_attention_heads: headCount.default(12),
  hidden_activation: activation.default('gelu'),
  max_position_embeddings: count.default(8192),
  norm_eps: z.number().nonnegative().default(1e-5),
  norm_bias: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  layer_types: layerTypes,
  global_attn_every_n_layers: count.default(3),
  local_attention: z.int().min(2).default(128),
  /** transformers' other name: half of `local_attention`, and it wins. */
  sliding_window: count.nullish(),
  global_rope_theta: z.number().optional(),
  local_rope_theta: z.number().optional(),
})

/**
 * ModernBERT: rotary positions, norms before the blocks (but the first attention's), a gated MLP; every third layer sees the whole text,
 * the others ⌊local_attention / 2⌋ tokens to either side, each kind with its own rotary base. transformers: models/modernbert.
 */
export function modernbert(checkpoint: Checkpoint): EncoderSpec {
  const config = readConfig(modernbertConfig, checkpoint)
  const {
    hidden_size: hidden,
    num_attention_heads: heads,
    intermediate_size: inner,
    num_hidden_layers: layers,
  } = config
  const headDim = hidden / heads
  if (!Number.isInteger(headDim) || headDim % 2 !== 0)
    throw refuse(checkpoint, 'num_attention_heads', heads, `must divide hidden_size ${hidden} into even heads`)
  const prefix = bodyPrefix(checkpoint, 'model.', 'final_norm.weight')
  const sliding = slidingLayers(
    checkpoint,
    config.layer_types,
    layers,
    (l) => l % config.global_attn_every_n_layers !== 0,
  )
  const shape = { headDim, maxPositions: config.max_position_embeddings }
  const ropes = readLayerRopes(checkpoint, shape, {
    full_attention: { theta: { key: 'global_rope_theta', otherwise: 160_000 }, scaled: true },
    sliding_attention: { theta: { key: 'local_rope_theta', otherwise: 10_000 }, scaled: true },
  })
  const norm = (name: string): Norm => modernbertNorm(name, config)

  const layer = (l: number): LayerSpec => {
    const at = `${prefix}layers.${l}`
    const wi = linear(`${at}.mlp.Wi`, hidden, inner, config.mlp_bias)
    return {
      residual: 'sequential',
      attentionNorms: { before: l === 0 ? null : norm(`${at}.attn_norm`), after: null, closing: null },
      mlpNorms: { before: norm(`${at}.mlp_norm`), after: null, closing: null },
      attention: {
        heads,
        kvHeads: heads,
        headDim,
        scale: headDim ** -0.5,
        window: sliding(l) ? (config.sliding_window ?? Math.floor(config.local_attention / 2)) + 1 : null,
        softcap: null,
        rope: ropes[sliding(l) ? 'sliding_attention' : 'full_attention'],
        projection: { kind: 'fused', qkv: linear(`${at}.attn.Wqkv`, hidden, 3 * hidden, config.attention_bias) },
        qkNorm: null,
        out: linear(`${at}.attn.Wo`, hidden, hidden, config.attention_bias),
      },
      mlp: {
        kind: 'gated',
        gate: { ...wi, part: { first: 0, total: 2 * inner } },
        up: { ...wi, part: { first: inner, total: 2 * inner } },
        down: linear(`${at}.mlp.Wo`, inner, hidden, config.mlp_bias),
        act: ACTIVATIONS[config.hidden_activation],
      },
    }
  }

  return encoderSpec(config, {
    hidden,
    maxPositions: config.max_position_embeddings,
    embedding: {
      ...tokenEmbedding(`${prefix}embeddings.tok_embeddings.weight`, hidden),
      norm: norm(`${prefix}embeddings.norm`),
    },
    layers: Array.from({ length: layers }, (_, l) => layer(l)),
    finalNorm: norm(`${prefix}final_norm`),
    ignored: [pretrainingHead(/^decoder\./)],
  })
}

/** Without a bias unless config.json asks for one. */
export const modernbertNorm = (
  name: string,
  { norm_eps, norm_bias }: { readonly norm_eps: number; readonly norm_bias: boolean },
): Norm => ({ ...layerNorm(name, norm_eps), ...(!norm_bias && { bias: null }) })

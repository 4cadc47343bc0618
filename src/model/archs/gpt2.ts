import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import {
  ACTIVATIONS,
  activation,
  baseConfig,
  count,
  headCount,
  layerCount,
  readConfig,
  refuse,
  width,
} from '../config.ts'
import type { DecoderSpec, LayerSpec } from '../spec.ts'
import { bodyPrefix, CAUSAL_HEAD, conv1d, embeddingName, layerNorm, ownNames, tokenEmbedding } from './names.ts'

const gpt2Config = baseConfig.extend({
  n_embd: width,
  n_layer: layerCount,
  n_head: headCount,
  n_positions: count.default(1024),
  n_inner: count.nullish(),
  activation_function: activation.nullish(),
  layer_norm_epsilon: z.number().nonnegative().nullish(),
  scale_attn_weights: z.boolean().nullish(),
  scale_attn_by_inverse_layer_idx: z.boolean().nullish(),
  add_cross_attention: z.literal(false).nullish(),
})

/** GPT2Config's `attribute_map`. */
const ALIASES = {
  hidden_size: 'n_embd',
  num_hidden_layers: 'n_layer',
  num_attention_heads: 'n_head',
  max_position_embeddings: 'n_positions',
} as const

/** GPT-2: learned positions, LayerNorm, one fused qkv matrix stored [in, out]. transformers: models/gpt2. */
export function gpt2(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(gpt2Config, ownNames(checkpoint, ALIASES))
  const { n_embd: hidden, n_head: heads, n_positions: maxPositions, vocab_size: vocab } = config
  const headDim = hidden / heads
  if (!Number.isInteger(headDim)) throw refuse(checkpoint, 'n_head', heads, `must divide n_embd ${hidden}`)
  const inner = config.n_inner ?? 4 * hidden
  const epsilon = config.layer_norm_epsilon ?? 1e-5
  const act = ACTIVATIONS[config.activation_function ?? 'gelu_new']
  const prefix = bodyPrefix(checkpoint, 'transformer.', 'ln_f.weight')
  const scaleOf = (l: number): number =>
    ((config.scale_attn_weights ?? true) ? headDim ** -0.5 : 1) /
    ((config.scale_attn_by_inverse_layer_idx ?? false) ? l + 1 : 1)

  const layer = (l: number): LayerSpec => {
    const at = `${prefix}h.${l}`
    return {
      residual: 'sequential',
      attentionNorms: { before: layerNorm(`${at}.ln_1`, epsilon), after: null, closing: null },
      mlpNorms: { before: layerNorm(`${at}.ln_2`, epsilon), after: null, closing: null },
      attention: {
        heads,
        kvHeads: heads,
        headDim,
        scale: scaleOf(l),
        window: null,
        softcap: null,
        rope: null,
        projection: { kind: 'fused', qkv: conv1d(`${at}.attn.c_attn`, hidden, 3 * hidden) },
        qkNorm: null,
        out: conv1d(`${at}.attn.c_proj`, hidden, hidden),
      },
      mlp: {
        kind: 'plain',
        up: conv1d(`${at}.mlp.c_fc`, hidden, inner),
        down: conv1d(`${at}.mlp.c_proj`, inner, hidden),
        act,
      },
    }
  }

  const tied = config.tie_word_embeddings ?? true
  const tokens = embeddingName(checkpoint, `${prefix}wte.weight`, tied)
  return {
    architecture: config.model_type,
    causal: true,
    hidden,
    vocab,
    maxPositions,
    padTokenId: config.pad_token_id ?? null,
    embedding: {
      ...tokenEmbedding(tokens, hidden),
      positions: { name: `${prefix}wpe.weight`, rows: maxPositions, offset: 0, without: null },
    },
    layers: Array.from({ length: config.n_layer }, (_, l) => layer(l)),
    finalNorm: layerNorm(`${prefix}ln_f`, epsilon),
    logits: {
      weight: CAUSAL_HEAD,
      bias: null,
      softcap: null,
      tiedTo: tied ? tokens : null,
    },
    ignored: [
      {
        pattern: /(^|\.)h\.\d+\.attn\.(bias|masked_bias)$/,
        reason: 'the causal mask as a buffer; the graph masks by itself',
      },
    ],
  }
}

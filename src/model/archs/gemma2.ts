import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import {
  activation,
  count,
  headCount,
  layerTypes,
  padDefault,
  readConfig,
  rotaryConfig,
  slidingLayers,
} from '../config.ts'
import type { DecoderSpec, LayerSpec, Norm } from '../spec.ts'
import { gemmaNorm, withScaledEmbedding } from './gemma.ts'
import { llamaLike } from './llama.ts'

const cap = z.number().positive().nullable()

const gemma2Config = rotaryConfig.extend({
  pad_token_id: padDefault(0),
  num_key_value_heads: headCount.default(4),
  head_dim: count.default(256),
  max_position_embeddings: count.default(8192),
  hidden_activation: activation.nullable().default('gelu_pytorch_tanh'),
  attention_bias: z.boolean().nullish(),
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: count.nullable().default(4096),
  layer_types: layerTypes,
  attn_logit_softcapping: cap.default(50),
  final_logit_softcapping: cap.default(30),
  use_bidirectional_attention: z.literal(false).nullish(),
})

/**
 * Gemma 2: Llama with norms by 1 + w before and after each block, embeddings times √hidden, soft-capped attention and logits, and a
 * sliding window in every other layer, from the first on. The classification head is not capped. transformers: models/gemma2.
 */
export function gemma2(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(gemma2Config, checkpoint)
  const bias = config.attention_bias ?? false
  const slides = slidingLayers(checkpoint, config.layer_types, config.num_hidden_layers, (l) => l % 2 === 0)
  const norm = gemmaNorm(config.rms_norm_eps)
  const spec = llamaLike(
    checkpoint,
    {
      ...config,
      hidden_act: config.hidden_activation ?? 'gelu_pytorch_tanh',
      tie_word_embeddings: config.tie_word_embeddings ?? true,
    },
    {
      qkvBias: bias,
      outBias: bias,
      mlpBias: false,
      windowOf: (l) => (slides(l) ? config.sliding_window : null),
      norm,
      layer: (base, at) => {
        const { attention, ...rest } = withSandwichNorms(base, at, norm)
        const scale = config.query_pre_attn_scalar ** -0.5
        return { ...rest, attention: { ...attention, scale, softcap: config.attn_logit_softcapping } }
      },
    },
  )
  return {
    ...withScaledEmbedding(spec),
    logits: { ...spec.logits, softcap: config.final_logit_softcapping },
  }
}

/** Norms before and after each block. */
export function withSandwichNorms(base: LayerSpec, at: string, norm: (name: string) => Norm): LayerSpec {
  const norms = (before: string, after: string) => ({
    before: norm(`${at}.${before}`),
    after: norm(`${at}.${after}`),
    closing: null,
  })
  return {
    ...base,
    attentionNorms: norms('input_layernorm', 'post_attention_layernorm'),
    mlpNorms: norms('pre_feedforward_layernorm', 'post_feedforward_layernorm'),
  }
}

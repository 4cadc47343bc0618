import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import {
  ACTIVATIONS,
  type ActivationName,
  count,
  MAX_HEAD_DIM,
  readConfig,
  readRope,
  refuse,
  rotaryConfig,
} from '../config.ts'
import { ropeOf } from '../rope.ts'
import type { DecoderSpec, LayerSpec } from '../spec.ts'
import { bodyPrefix, CAUSAL_HEAD, embeddingName, linear, rmsNorm, tokenEmbedding } from './names.ts'

const llamaConfig = rotaryConfig.extend({
  max_position_embeddings: count.default(2048),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
})

/** Llama 1–3, and everything that calls itself one (SmolLM, TinyLlama, Yi …). transformers: models/llama. */
export function llama(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(llamaConfig, checkpoint)
  const attentionBias = config.attention_bias ?? false
  return llamaLike(checkpoint, config, {
    qkvBias: attentionBias,
    outBias: attentionBias,
    mlpBias: config.mlp_bias ?? false,
    windowOf: () => null,
  })
}

/** What Qwen2 and Mistral change about Llama. */
export interface LlamaVariant {
  readonly qkvBias: boolean
  readonly outBias: boolean
  readonly mlpBias: boolean
  /** Sliding window of a layer, or null. */
  readonly windowOf: (layer: number) => number | null
}

export function llamaLike(
  checkpoint: Checkpoint,
  config: z.infer<typeof rotaryConfig>,
  variant: LlamaVariant,
): DecoderSpec {
  const { hidden_size: hidden, num_attention_heads: heads, intermediate_size: inner, vocab_size: vocab } = config
  const kvHeads = config.num_key_value_heads ?? heads
  const headDim = config.head_dim ?? Math.floor(hidden / heads)
  if (headDim === 0 || headDim % 2 !== 0 || headDim > MAX_HEAD_DIM)
    throw refuse(checkpoint, 'head_dim', headDim, `must be even and sane (hidden_size ${hidden}, ${heads} heads)`)
  if (heads % kvHeads !== 0)
    throw refuse(checkpoint, 'num_key_value_heads', kvHeads, `must divide num_attention_heads ${heads}`)
  const prefix = bodyPrefix(checkpoint, 'model.', 'norm.weight')
  const epsilon = config.rms_norm_eps ?? 1e-6
  const rope = ropeOf(readRope(checkpoint), headDim, config.max_position_embeddings)
  const act = ACTIVATIONS[(config.hidden_act ?? 'silu') satisfies ActivationName]

  const layer = (l: number): LayerSpec => {
    const at = `${prefix}layers.${l}`
    return {
      residual: 'sequential',
      attentionNorms: { before: rmsNorm(`${at}.input_layernorm`, epsilon), after: null, closing: null },
      mlpNorms: { before: rmsNorm(`${at}.post_attention_layernorm`, epsilon), after: null, closing: null },
      attention: {
        heads,
        kvHeads,
        headDim,
        scale: headDim ** -0.5,
        window: variant.windowOf(l),
        softcap: null,
        rope,
        projection: {
          kind: 'separate',
          q: linear(`${at}.self_attn.q_proj`, hidden, heads * headDim, variant.qkvBias),
          k: linear(`${at}.self_attn.k_proj`, hidden, kvHeads * headDim, variant.qkvBias),
          v: linear(`${at}.self_attn.v_proj`, hidden, kvHeads * headDim, variant.qkvBias),
        },
        qkNorm: null,
        out: linear(`${at}.self_attn.o_proj`, heads * headDim, hidden, variant.outBias),
      },
      mlp: {
        kind: 'gated',
        gate: linear(`${at}.mlp.gate_proj`, hidden, inner, variant.mlpBias),
        up: linear(`${at}.mlp.up_proj`, hidden, inner, variant.mlpBias),
        down: linear(`${at}.mlp.down_proj`, inner, hidden, variant.mlpBias),
        act,
      },
    }
  }

  const tied = config.tie_word_embeddings ?? false
  const tokens = embeddingName(checkpoint, `${prefix}embed_tokens.weight`, tied)
  return {
    architecture: config.model_type,
    causal: true,
    hidden,
    vocab,
    maxPositions: config.max_position_embeddings,
    padTokenId: config.pad_token_id ?? null,
    embedding: tokenEmbedding(tokens, hidden),
    layers: Array.from({ length: config.num_hidden_layers }, (_, l) => layer(l)),
    finalNorm: rmsNorm(`${prefix}norm`, epsilon),
    logits: { weight: CAUSAL_HEAD, bias: null, softcap: null, tiedTo: tied ? tokens : null },
    ignored: [
      {
        pattern: /(^|\.)rotary_emb\.inv_freq$/,
        reason: 'rotary frequencies, computed from config.json as transformers does',
      },
    ],
  }
}

import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { ACTIVATIONS, type ActivationName, count, MAX_HEAD_DIM, readConfig, refuse, rotaryConfig } from '../config.ts'
import type { Rope } from '../rope.ts'
import { type RopeShape, readRope } from '../rope-config.ts'
import type { DecoderSpec, DenseMlp, LayerSpec, Norm } from '../spec.ts'
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

/** What other families change about Llama. */
export interface LlamaVariant {
  readonly qkvBias: boolean
  readonly outBias: boolean
  readonly mlpBias: boolean
  /** What the body's tensors stand below, besides nothing; default `model.`. */
  readonly prefix?: string
  /** Sliding window of a layer, or null. */
  readonly windowOf: (layer: number) => number | null
  /** Rotation of a layer, null where it has none; default: one for all. */
  readonly ropes?: (shape: RopeShape) => (layer: number) => Rope | null
  /** Name of the norm after the last layer; default `norm`. */
  readonly finalNorm?: string
  /** The tensor below `prefix` by which the latter is known; default: the final norm's. */
  readonly landmark?: string
  /** Norm by its tensors' name; default: RMS with `rms_norm_eps`. */
  readonly norm?: (name: string) => Norm
  /**
   * What else is different in a layer.
   * @param at prefix of its tensors, without a final dot
   */
  readonly layer?: (base: LlamaLayer, at: string, layer: number) => LayerSpec
}
export type LlamaLayer = LayerSpec & { readonly mlp: Extract<DenseMlp, { kind: 'gated' }> }

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
  const finalNorm = variant.finalNorm ?? 'norm'
  const prefix = bodyPrefix(checkpoint, variant.prefix ?? 'model.', variant.landmark ?? `${finalNorm}.weight`)
  const epsilon = config.rms_norm_eps ?? 1e-6
  const norm = variant.norm ?? ((name: string) => rmsNorm(name, epsilon))
  const shape = { headDim, maxPositions: config.max_position_embeddings }
  const ropes = variant.ropes?.(shape) ?? oneForAll(readRope(checkpoint, shape))
  const act = ACTIVATIONS[(config.hidden_act ?? 'silu') satisfies ActivationName]

  const layer = (l: number): LayerSpec => {
    const at = `${prefix}layers.${l}`
    const base: LlamaLayer = {
      residual: 'sequential',
      attentionNorms: { before: norm(`${at}.input_layernorm`), after: null, closing: null },
      mlpNorms: { before: norm(`${at}.post_attention_layernorm`), after: null, closing: null },
      attention: {
        heads,
        kvHeads,
        headDim,
        scale: headDim ** -0.5,
        window: variant.windowOf(l),
        softcap: null,
        rope: ropes(l),
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
    return variant.layer?.(base, at, l) ?? base
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
    finalNorm: norm(`${prefix}${finalNorm}`),
    logits: { weight: CAUSAL_HEAD, bias: null, softcap: null, tiedTo: tied ? tokens : null },
    ignored: [
      {
        pattern: /(^|\.)rotary_emb\.inv_freq$/,
        reason: 'rotary frequencies, computed from config.json as transformers does',
      },
    ],
  }
}

/** The same rotation in every layer. */
export const oneForAll =
  (rope: Rope) =>
  (_layer: number): Rope =>
    rope

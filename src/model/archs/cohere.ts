import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, epsilon, padDefault, readConfig, rotaryConfig } from '../config.ts'
import type { Rope } from '../rope.ts'
import { readRope } from '../rope-config.ts'
import type { DecoderSpec } from '../spec.ts'
import { type LlamaLayer, type LlamaVariant, llamaLike, oneForAll } from './llama.ts'
import { layerNorm } from './names.ts'

export const cohereBase = rotaryConfig.extend({
  pad_token_id: padDefault(0),
  max_position_embeddings: count.default(8192),
  layer_norm_eps: epsilon.default(1e-5),
  logit_scale: z.number().positive().default(0.0625),
  attention_bias: z.boolean().nullish(),
})

const cohereConfig = cohereBase.extend({ use_qk_norm: z.boolean().nullish() })

/**
 * Command R and Aya: Llama with LayerNorm without biases, neighbouring elements turned together, attention and MLP side by side from
 * one norm, and scaled logits; Command R+ normalises q and k. transformers: models/cohere.
 */
export function cohere(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(cohereConfig, checkpoint)
  return cohereLike(checkpoint, config, {
    windowOf: () => null,
    ropes: (shape) =>
      oneForAll(neighbours(readRope(checkpoint, shape, { theta: { key: 'rope_theta', otherwise: 500_000 } }))),
    layer: (base, at) => {
      const { layer_norm_eps: epsilon, use_qk_norm: normed } = config
      const [q, k] = [`${at}.self_attn.q_norm.weight`, `${at}.self_attn.k_norm.weight`]
      return normed ? { ...base, attention: { ...base.attention, qkNorm: { over: 'each', q, k, epsilon } } } : base
    },
  })
}

export const neighbours = (rope: Rope): Rope => ({ ...rope, neighbours: true })

/** What both generations have in common. */
export function cohereLike(
  checkpoint: Checkpoint,
  config: z.infer<typeof cohereBase>,
  { layer, ...variant }: Required<Pick<LlamaVariant, 'windowOf' | 'ropes'>> & Pick<LlamaVariant, 'layer'>,
): DecoderSpec {
  const bias = config.attention_bias ?? false
  const sideBySide = (base: LlamaLayer): LlamaLayer => ({
    ...base,
    residual: 'parallel',
    mlpNorms: base.attentionNorms,
  })
  const spec = llamaLike(
    checkpoint,
    { ...config, tie_word_embeddings: config.tie_word_embeddings ?? true },
    {
      ...variant,
      qkvBias: bias,
      outBias: bias,
      mlpBias: false,
      norm: (name) => ({ ...layerNorm(name, config.layer_norm_eps), bias: null }),
      layer: (base, at, l) => layer?.(sideBySide(base), at, l) ?? sideBySide(base),
    },
  )
  return { ...spec, logits: { ...spec.logits, scale: config.logit_scale } }
}

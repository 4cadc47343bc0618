import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, epsilon, padDefault, readConfig, rotaryConfig } from '../config.ts'
import type { DecoderSpec, LayerSpec } from '../spec.ts'
import { type LlamaVariant, llamaLike } from './llama.ts'
import { rmsNorm } from './names.ts'

export const olmo2Config = rotaryConfig.extend({
  pad_token_id: padDefault(1),
  max_position_embeddings: count.default(2048),
  rms_norm_eps: epsilon.default(1e-5),
  attention_bias: z.boolean().nullish(),
})

/**
 * OLMo 2: Llama with norms on the blocks' outputs instead of their inputs, and on q and k over all heads at once.
 * transformers: models/olmo2.
 */
export function olmo2(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(olmo2Config, checkpoint)
  return llamaLike(
    checkpoint,
    config,
    olmoVariant(config, () => null),
  )
}

export function olmoVariant(
  { attention_bias, rms_norm_eps }: z.infer<typeof olmo2Config>,
  windowOf: LlamaVariant['windowOf'],
): LlamaVariant {
  const bias = attention_bias ?? false
  const after = (name: string) => ({ before: null, after: rmsNorm(name, rms_norm_eps), closing: null })
  const layer = (base: LayerSpec, at: string): LayerSpec => ({
    ...base,
    attentionNorms: after(`${at}.post_attention_layernorm`),
    mlpNorms: after(`${at}.post_feedforward_layernorm`),
    attention: {
      ...base.attention,
      qkNorm: {
        over: 'all',
        q: rmsNorm(`${at}.self_attn.q_norm`, rms_norm_eps),
        k: rmsNorm(`${at}.self_attn.k_norm`, rms_norm_eps),
      },
    },
  })
  return { qkvBias: bias, outBias: bias, mlpBias: false, windowOf, layer }
}

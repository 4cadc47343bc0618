import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { activation, count, headCount, padDefault, readConfig, rotaryConfig } from '../config.ts'
import type { DecoderSpec, Norm } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { rmsNorm } from './names.ts'

const gemmaConfig = rotaryConfig.extend({
  pad_token_id: padDefault(0),
  num_key_value_heads: headCount.default(16),
  head_dim: count.default(256),
  max_position_embeddings: count.default(8192),
  hidden_act: activation.default('gelu_pytorch_tanh'),
  // read by transformers 4 alone
  hidden_activation: z.literal('gelu_pytorch_tanh').nullish(),
  attention_bias: z.boolean().nullish(),
  use_bidirectional_attention: z.literal(false).nullish(),
})

/**
 * Gemma 1: Llama with norms by 1 + w, embeddings times √hidden and a gated GELU, the tanh one even where config.json says "gelu",
 * as its first release did. transformers: models/gemma.
 */
export function gemma(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(gemmaConfig, checkpoint)
  const bias = config.attention_bias ?? false
  const spec = llamaLike(
    checkpoint,
    {
      ...config,
      hidden_act: config.hidden_act === 'gelu' ? 'gelu_pytorch_tanh' : config.hidden_act,
      tie_word_embeddings: config.tie_word_embeddings ?? true,
    },
    { qkvBias: bias, outBias: bias, mlpBias: false, windowOf: () => null, norm: gemmaNorm(config.rms_norm_eps) },
  )
  return withScaledEmbedding(spec)
}

/** Gemma stores w − 1. */
export const gemmaNorm =
  (epsilon: number | null | undefined) =>
  (name: string): Norm => ({ ...rmsNorm(name, epsilon ?? 1e-6), weightOffset: 1 })

export const withScaledEmbedding = (spec: DecoderSpec): DecoderSpec => ({
  ...spec,
  embedding: { ...spec.embedding, scale: Math.sqrt(spec.hidden) },
})

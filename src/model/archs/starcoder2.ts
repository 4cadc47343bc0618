import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { ACTIVATIONS, activation, count, epsilon, headCount, readConfig, rotaryConfig } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { layerNorm, linear } from './names.ts'

const starcoder2Config = rotaryConfig.extend({
  num_key_value_heads: headCount.default(2),
  max_position_embeddings: count.default(4096),
  hidden_act: activation.default('gelu_pytorch_tanh'),
  norm_epsilon: epsilon.default(1e-5),
  use_bias: z.boolean().default(true),
  sliding_window: count.nullish(),
})

/** StarCoder2: Mistral with LayerNorm, biases everywhere and a plain MLP. transformers: models/starcoder2. */
export function starcoder2(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(starcoder2Config, checkpoint)
  const { hidden_size: hidden, intermediate_size: inner, use_bias: bias } = config
  return llamaLike(
    checkpoint,
    { ...config, tie_word_embeddings: config.tie_word_embeddings ?? true },
    {
      qkvBias: bias,
      outBias: bias,
      mlpBias: bias,
      windowOf: () => config.sliding_window ?? null,
      norm: (name) => layerNorm(name, config.norm_epsilon),
      layer: (base, at) => ({
        ...base,
        mlp: {
          kind: 'plain',
          up: linear(`${at}.mlp.c_fc`, hidden, inner, bias),
          down: linear(`${at}.mlp.c_proj`, inner, hidden, bias),
          act: ACTIVATIONS[config.hidden_act],
        },
      }),
    },
  )
}

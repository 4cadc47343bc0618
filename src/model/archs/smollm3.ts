import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, headCount, layerTypes, padDefault, readConfig, refuse, rotaryConfig, slidingLayers } from '../config.ts'
import { readRope } from '../rope-config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'

const smollm3Config = rotaryConfig.extend({
  pad_token_id: padDefault(128_004),
  num_key_value_heads: headCount.nullable().default(4),
  max_position_embeddings: count.default(32_768),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  no_rope_layers: z.array(z.union([z.literal(0), z.literal(1)])).nullish(),
  no_rope_layer_interval: count.default(4),
  use_sliding_window: z.boolean().nullish(),
  sliding_window: count.nullish(),
  layer_types: layerTypes,
})

/**
 * SmolLM3: Llama where every fourth layer has no positions (a 0 in `no_rope_layers`); those may slide. transformers: models/smollm3.
 */
export function smollm3(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(smollm3Config, checkpoint)
  const { num_hidden_layers: layers, no_rope_layers: turning, layer_types: types } = config
  if (turning && turning.length < layers)
    throw refuse(checkpoint, 'no_rope_layers', turning, `${turning.length} entries for ${layers} layers`)
  const turns = (l: number): boolean => (turning ? turning[l] === 1 : (l + 1) % config.no_rope_layer_interval !== 0)
  const window = config.use_sliding_window ? (config.sliding_window ?? null) : null
  const slides = slidingLayers(checkpoint, types, layers, (l) => !turns(l))
  if (window === null && types?.includes('sliding_attention'))
    throw refuse(checkpoint, 'layer_types', types, 'sliding layers without use_sliding_window and sliding_window')
  const bias = config.attention_bias ?? false
  return llamaLike(
    checkpoint,
    { ...config, tie_word_embeddings: config.tie_word_embeddings ?? true },
    {
      qkvBias: bias,
      outBias: bias,
      mlpBias: config.mlp_bias ?? false,
      windowOf: (l) => (slides(l) ? window : null),
      ropes: (shape) => {
        const rope = readRope(checkpoint, shape, { theta: { key: 'rope_theta', otherwise: 2_000_000 } })
        return (l) => (turns(l) ? rope : null)
      },
    },
  )
}

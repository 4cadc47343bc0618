import type { Checkpoint } from '../checkpoint.ts'
import { count, headCount, layerTypes, readConfig, refuse, rotaryConfig } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'

const mistralConfig = rotaryConfig.extend({
  max_position_embeddings: count.default(131_072),
  num_key_value_heads: headCount.nullable().default(8),
  sliding_window: count.nullable().default(4096),
  layer_types: layerTypes,
})

/**
 * Mistral 7B: Llama without biases; with `sliding_window` W a query sees itself and the W − 1 keys before it, in every
 * layer; null means none. Defaults are those of transformers' MistralConfig. transformers: models/mistral.
 */
export function mistral(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(mistralConfig, checkpoint)
  // transformers hands such a checkpoint to Ministral, which alternates
  const every = config.sliding_window === null ? 'full_attention' : 'sliding_attention'
  if (config.layer_types?.some((type) => type !== every))
    throw refuse(checkpoint, 'layer_types', config.layer_types, `with this sliding_window every layer is of ${every}`)
  return llamaLike(checkpoint, config, {
    qkvBias: false,
    outBias: false,
    mlpBias: false,
    windowOf: () => config.sliding_window,
  })
}

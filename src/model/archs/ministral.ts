import type { Checkpoint } from '../checkpoint.ts'
import { count, headCount, layerTypes, readConfig, refuse, rotaryConfig, slidingLayers } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'

const ministralConfig = rotaryConfig.extend({
  max_position_embeddings: count.default(131_072),
  num_key_value_heads: headCount.nullable().default(8),
  sliding_window: count.nullable().default(4096),
  layer_types: layerTypes,
})

/** Ministral 8B: Mistral, where `layer_types` says which layers slide. transformers: models/ministral. */
export function ministral(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(ministralConfig, checkpoint)
  const { sliding_window: window, layer_types: types } = config
  const slides = slidingLayers(checkpoint, types, config.num_hidden_layers, () => window !== null)
  if (window === null && types?.includes('sliding_attention'))
    throw refuse(checkpoint, 'layer_types', types, 'sliding layers without sliding_window')
  return llamaLike(checkpoint, config, {
    qkvBias: false,
    outBias: false,
    mlpBias: false,
    windowOf: (l) => (slides(l) ? window : null),
  })
}

import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, headCount, layerTypes, readConfig, refuse, rotaryConfig, slidingLayers } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'

export const qwen2Config = rotaryConfig.extend({
  max_position_embeddings: count.default(32_768),
  num_key_value_heads: headCount.nullable().default(32),
  use_sliding_window: z.boolean().nullish(),
  sliding_window: count.nullable().default(4096),
  max_window_layers: z.int().nonnegative().nullish(),
  layer_types: layerTypes,
})

/** Qwen2 and Qwen2.5: Llama with biases on q, k, v; the layers from `max_window_layers` on may slide. transformers: models/qwen2. */
export function qwen2(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(qwen2Config, checkpoint)
  return llamaLike(checkpoint, config, {
    qkvBias: true,
    outBias: false,
    mlpBias: false,
    windowOf: windowOf(checkpoint, config),
  })
}

/** Which layers slide: `layer_types` if given, else those from `max_window_layers` on; none without `use_sliding_window`. */
export function windowOf(
  checkpoint: Checkpoint,
  config: z.infer<typeof qwen2Config>,
): (layer: number) => number | null {
  const window = config.use_sliding_window ? config.sliding_window : null
  const firstSliding = config.max_window_layers ?? 28
  const types = config.layer_types
  const slides = slidingLayers(checkpoint, types, config.num_hidden_layers, (layer) => layer >= firstSliding)
  if (types?.includes('sliding_attention') && window === null)
    throw refuse(checkpoint, 'layer_types', types, 'sliding layers without use_sliding_window and sliding_window')
  return (layer) => (slides(layer) ? window : null)
}

import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, layerTypes, readConfig, slidingLayers } from '../config.ts'
import { readLayerRopes } from '../rope-config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { olmo2Config, olmoVariant } from './olmo2.ts'

const THETA = 500_000

const olmo3Config = olmo2Config.extend({
  sliding_window: count.default(4096),
  layer_types: layerTypes,
  // beside the parameters transformers 5 takes it for the full layers alone, 4 for all
  rope_theta: z.literal(THETA).nullish(),
})

/** OLMo 3: OLMo 2 with a sliding window in three of four layers, which `rope_scaling` leaves as they are. transformers: models/olmo3. */
export function olmo3(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(olmo3Config, checkpoint)
  const slides = slidingLayers(checkpoint, config.layer_types, config.num_hidden_layers, (l) => (l + 1) % 4 !== 0)
  return llamaLike(checkpoint, config, {
    ...olmoVariant(config, (l) => (slides(l) ? config.sliding_window : null)),
    ropes: (shape) => {
      const theta = { key: 'rope_theta', otherwise: THETA }
      const ropes = readLayerRopes(checkpoint, shape, {
        full_attention: { theta, scaled: true },
        sliding_attention: { theta, scaled: false },
      })
      return (l) => ropes[slides(l) ? 'sliding_attention' : 'full_attention']
    },
  })
}

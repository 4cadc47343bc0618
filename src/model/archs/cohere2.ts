import type { Checkpoint } from '../checkpoint.ts'
import { count, layerTypes, readConfig, slidingLayers } from '../config.ts'
import { readRope } from '../rope-config.ts'
import type { DecoderSpec } from '../spec.ts'
import { cohereBase, cohereLike, neighbours } from './cohere.ts'

const cohere2Config = cohereBase.extend({
  sliding_window: count.default(4096),
  sliding_window_pattern: count.nullish(),
  layer_types: layerTypes,
})

/** Command R7B and Command A: Cohere where three of four layers slide and turn; the fourth sees everything, without positions. transformers: models/cohere2. */
export function cohere2(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(cohere2Config, checkpoint)
  const pattern = config.sliding_window_pattern ?? 4
  const slides = slidingLayers(checkpoint, config.layer_types, config.num_hidden_layers, (l) => (l + 1) % pattern !== 0)
  return cohereLike(checkpoint, config, {
    windowOf: (l) => (slides(l) ? config.sliding_window : null),
    ropes: (shape) => {
      const rope = neighbours(readRope(checkpoint, shape))
      return (l) => (slides(l) ? rope : null)
    },
  })
}

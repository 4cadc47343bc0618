import type { Checkpoint } from '../checkpoint.ts'
import { count, readConfig, rotaryConfig } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'

const mistralConfig = rotaryConfig.extend({
  max_position_embeddings: count.default(131_072),
  num_key_value_heads: count.nullable().default(8),
  sliding_window: count.nullable().default(4096),
})

/**
 * Mistral 7B: Llama without biases; with `sliding_window` W a query sees itself and the W − 1 keys before it, in every
 * layer; null means none. Defaults are those of transformers' MistralConfig. transformers: models/mistral.
 */
export function mistral(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(mistralConfig, checkpoint)
  return llamaLike(checkpoint, config, {
    qkvBias: false,
    outBias: false,
    mlpBias: false,
    windowOf: () => config.sliding_window,
  })
}

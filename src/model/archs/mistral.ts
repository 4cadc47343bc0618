import type { Checkpoint } from '../checkpoint.ts'
import { count, readConfig, rotaryConfig } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'

const mistralConfig = rotaryConfig.extend({ sliding_window: count.nullish() })

/**
 * Mistral 7B: Llama without biases; with `sliding_window` W a query sees itself and the W − 1 keys before it, in every
 * layer. An absent key means 4096, null means none, as in transformers' MistralConfig. transformers: models/mistral.
 */
export function mistral(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(mistralConfig, checkpoint)
  const window = config.sliding_window === undefined ? 4096 : config.sliding_window
  return llamaLike(
    checkpoint,
    { ...config, num_key_value_heads: keyValueHeads(config) },
    { qkvBias: false, outBias: false, mlpBias: false, windowOf: () => window },
  )
}

/** MistralConfig's default is 8; null means as many as heads. */
const keyValueHeads = (config: { readonly num_key_value_heads?: number | null | undefined }): number | null =>
  config.num_key_value_heads === undefined ? 8 : config.num_key_value_heads

import type { Checkpoint } from '../checkpoint.ts'
import { ACTIVATIONS, count, headCount, readConfig } from '../config.ts'
import { readRope } from '../rope-config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike, oneForAll } from './llama.ts'
import { type ExpertNames, expertCount, mixture, mixtureConfig } from './mixture.ts'

const mixtralConfig = mixtureConfig.extend({
  num_key_value_heads: headCount.nullable().default(8),
  max_position_embeddings: count.default(131_072),
  rms_norm_eps: mixtureConfig.shape.rms_norm_eps.default(1e-5),
  sliding_window: count.nullable().default(null),
})

const NAMES: ExpertNames = { gate: 'w1', up: 'w3', down: 'w2' }

/**
 * Mixtral: Mistral with experts, whose weights are divided by their sum. Defaults are those of transformers' MixtralConfig, whose
 * `sliding_window` is none. transformers: models/mixtral.
 */
export function mixtral(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(mixtralConfig, checkpoint)
  const facts = {
    hidden: config.hidden_size,
    inner: config.intermediate_size,
    experts: expertCount(checkpoint, config),
    topK: config.num_experts_per_tok,
    normalised: true,
    act: ACTIVATIONS[config.hidden_act ?? 'silu'],
  }
  return llamaLike(checkpoint, config, {
    qkvBias: false,
    outBias: false,
    mlpBias: false,
    windowOf: () => config.sliding_window,
    ropes: (shape) => oneForAll(readRope(checkpoint, shape, { theta: { key: 'rope_theta', otherwise: 1_000_000 } })),
    layer: (base, at) => ({ ...base, mlp: mixture(checkpoint, `${at}.block_sparse_moe`, facts, NAMES) }),
  })
}

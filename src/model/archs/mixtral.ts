import type { Checkpoint } from '../checkpoint.ts'
import { ACTIVATIONS, count, readConfig } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { type ExpertNames, expertCount, mixture, mixtureConfig } from './mixture.ts'

const mixtralConfig = mixtureConfig.extend({
  num_key_value_heads: count.nullable().default(8),
  max_position_embeddings: count.default(131_072),
  rms_norm_eps: mixtureConfig.shape.rms_norm_eps.default(1e-5),
  sliding_window: count.nullable().default(null),
})

const NAMES: ExpertNames = { gate: 'w1', up: 'w3', down: 'w2' }

/** MixtralConfig's `default_theta`. */
const withTheta = (checkpoint: Checkpoint): Checkpoint => ({
  ...checkpoint,
  config: { ...checkpoint.config, rope_theta: checkpoint.config.rope_theta ?? 1_000_000 },
})

/**
 * Mixtral: Mistral with experts, whose weights are divided by their sum. Defaults are those of transformers' MixtralConfig, whose
 * `sliding_window` is none. transformers: models/mixtral.
 */
export function mixtral(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(mixtralConfig, checkpoint)
  const spec = llamaLike(withTheta(checkpoint), config, {
    qkvBias: false,
    outBias: false,
    mlpBias: false,
    windowOf: () => config.sliding_window,
  })
  const facts = {
    hidden: spec.hidden,
    inner: config.intermediate_size,
    experts: expertCount(checkpoint, config),
    topK: config.num_experts_per_tok,
    normalised: true,
    act: ACTIVATIONS[config.hidden_act ?? 'silu'],
  }
  return {
    ...spec,
    layers: spec.layers.map((layer) => {
      const at = layer.attention.out.weight.replace(/self_attn\.o_proj\.weight$/, 'block_sparse_moe')
      return { ...layer, mlp: mixture(checkpoint, at, facts, NAMES) }
    }),
  }
}

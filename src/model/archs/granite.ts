import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, readConfig, rotaryConfig } from '../config.ts'
import type { DecoderSpec, Linear } from '../spec.ts'
import { llamaLike } from './llama.ts'

const multiplier = z.number().positive().default(1)

const graniteConfig = rotaryConfig.extend({
  max_position_embeddings: count.default(2048),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  embedding_multiplier: multiplier,
  attention_multiplier: multiplier,
  residual_multiplier: multiplier,
  logits_scaling: multiplier,
})

/** Granite 3: Llama with a multiplier on the embedding, on q · k and on what a block adds, and a divisor of the logits. transformers: models/granite. */
export function granite(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(graniteConfig, checkpoint)
  const bias = config.attention_bias ?? false
  const added = (linear: Linear): Linear => ({ ...linear, scale: config.residual_multiplier })
  const spec = llamaLike(checkpoint, config, {
    qkvBias: bias,
    outBias: bias,
    mlpBias: config.mlp_bias ?? false,
    windowOf: () => null,
    layer: ({ attention, mlp, ...rest }) => ({
      ...rest,
      attention: { ...attention, scale: config.attention_multiplier, out: added(attention.out) },
      mlp: { ...mlp, down: added(mlp.down) },
    }),
  })
  return {
    ...spec,
    embedding: { ...spec.embedding, scale: config.embedding_multiplier },
    logits: { ...spec.logits, scale: 1 / config.logits_scaling },
  }
}

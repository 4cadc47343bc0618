import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, readConfig, rotaryConfig } from '../config.ts'
import type { DecoderSpec, Linear } from '../spec.ts'
import { llamaLike } from './llama.ts'

const factor = z.number().positive().default(1)

const minicpmConfig = rotaryConfig.extend({
  max_position_embeddings: count.default(2048),
  tie_word_embeddings: z.boolean().default(true),
  attention_bias: z.boolean().nullish(),
  scale_emb: factor,
  scale_depth: factor,
  dim_model_base: factor,
  /** Experts (MiniCPM-MoE): not built. */
  num_experts: z.literal(0).nullish(),
})

/**
 * MiniCPM 1 and 2: Llama with a factor on the embedding, scale_depth / √layers on what a block adds, and last hidden states divided by
 * hidden_size / dim_model_base before the logits (not before a head that gives rewards). Code on the hub: openbmb/MiniCPM-2B-dpo-fp32,
 * modeling_minicpm.py.
 */
export function minicpm(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(minicpmConfig, checkpoint)
  const bias = config.attention_bias ?? false
  const added = (linear: Linear): Linear => ({
    ...linear,
    scale: config.scale_depth / Math.sqrt(config.num_hidden_layers),
  })
  const spec = llamaLike(checkpoint, config, {
    qkvBias: bias,
    outBias: bias,
    mlpBias: false,
    windowOf: () => null,
    layer: ({ attention, mlp, ...rest }) => ({
      ...rest,
      attention: { ...attention, out: added(attention.out) },
      mlp: { ...mlp, down: added(mlp.down) },
    }),
  })
  return {
    ...spec,
    embedding: { ...spec.embedding, scale: config.scale_emb },
    logits: { ...spec.logits, scale: config.dim_model_base / config.hidden_size },
  }
}

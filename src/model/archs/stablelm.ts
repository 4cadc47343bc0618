import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, headCount, readConfig, rotaryConfig } from '../config.ts'
import { readRope, SHARE_KEY } from '../rope-config.ts'
import type { DecoderSpec, LayerSpec } from '../spec.ts'
import { llamaLike, oneForAll } from './llama.ts'
import { layerNorm } from './names.ts'

const stablelmConfig = rotaryConfig.extend({
  num_key_value_heads: headCount.default(32),
  max_position_embeddings: count.default(4096),
  // the attention splits hidden_size evenly, whatever stands here
  head_dim: z.null().optional(),
  layer_norm_eps: z.number().nonnegative().default(1e-5),
  use_qkv_bias: z.boolean().nullish(),
  qk_layernorm: z.boolean().nullish(),
  use_parallel_residual: z.boolean().nullish(),
})

/**
 * StableLM 2 and StableLM Zephyr: Llama with LayerNorm and a quarter of every head turned; the larger ones normalise q and k with a
 * weight for each head, and let attention and MLP read the same norm side by side. transformers: models/stablelm.
 */
export function stablelm(checkpoint: Checkpoint): DecoderSpec {
  const { head_dim: _, ...config } = readConfig(stablelmConfig, checkpoint)
  const epsilon = config.layer_norm_eps
  const parallel = config.use_parallel_residual ?? false
  const layer = (base: LayerSpec, at: string): LayerSpec => {
    const { attention, attentionNorms } = base
    const weights = (of: 'q' | 'k', heads: number): string[] =>
      Array.from({ length: heads }, (_, h) => `${at}.self_attn.${of}_layernorm.norms.${h}.weight`)
    const qkNorm = config.qk_layernorm
      ? { over: 'each' as const, q: weights('q', attention.heads), k: weights('k', attention.kvHeads), epsilon }
      : null
    return {
      ...base,
      residual: parallel ? 'parallel' : 'sequential',
      mlpNorms: parallel ? attentionNorms : base.mlpNorms,
      attention: { ...attention, qkNorm },
    }
  }
  return llamaLike(checkpoint, config, {
    qkvBias: config.use_qkv_bias ?? false,
    outBias: false,
    mlpBias: false,
    windowOf: () => null,
    ropes: (shape) =>
      oneForAll(readRope(checkpoint, shape, { share: { key: SHARE_KEY, otherwise: 0.25, roundsUp: false } })),
    norm: (name) => layerNorm(name, epsilon),
    layer,
  })
}

import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { headCount, readConfig } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { rmsNorm } from './names.ts'
import { mixtures, qwenMoeConfig } from './qwen2_moe.ts'
import { withHeadNorms } from './qwen3.ts'

const qwen3MoeConfig = qwenMoeConfig.extend({
  num_key_value_heads: headCount.nullable().default(4),
  attention_bias: z.boolean().default(false),
})

/**
 * Qwen3-MoE: Qwen3 with experts; `use_sliding_window` holds for every layer, and heads are `hidden_size` / heads wide where no `head_dim`
 * is given. transformers: models/qwen3_moe.
 */
export function qwen3Moe(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(qwen3MoeConfig, checkpoint)
  const window = config.use_sliding_window ? config.sliding_window : null
  const norm = (name: string) => rmsNorm(name, config.rms_norm_eps ?? 1e-6)
  const withMixture = mixtures(checkpoint, config, null)
  return llamaLike(checkpoint, config, {
    qkvBias: config.attention_bias,
    outBias: config.attention_bias,
    mlpBias: false,
    windowOf: () => window,
    layer: (base, at, l) => withMixture(withHeadNorms(base, at, norm), at, l),
  })
}

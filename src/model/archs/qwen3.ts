import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, readConfig } from '../config.ts'
import type { DecoderSpec, LayerSpec, Norm } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { rmsNorm } from './names.ts'
import { qwen2Config, windowOf } from './qwen2.ts'

const qwen3Config = qwen2Config.extend({
  head_dim: count.nullable().default(128),
  attention_bias: z.boolean().nullish(),
})

/** Qwen3: Qwen2 with an RMS norm of every head's q and k, and biases only if `attention_bias`. transformers: models/qwen3. */
export function qwen3(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(qwen3Config, checkpoint)
  const bias = config.attention_bias ?? false
  const epsilon = config.rms_norm_eps ?? 1e-6
  return llamaLike(checkpoint, config, {
    qkvBias: bias,
    outBias: bias,
    mlpBias: false,
    windowOf: windowOf(checkpoint, config),
    layer: (base, at) => withHeadNorms(base, at, (name) => rmsNorm(name, epsilon)),
  })
}

/** RMS norms of every head's q and k before the rotation. */
export function withHeadNorms(base: LayerSpec, at: string, norm: (name: string) => Norm): LayerSpec {
  const qkNorm = {
    over: 'head' as const,
    q: norm(`${at}.self_attn.q_norm`),
    k: norm(`${at}.self_attn.k_norm`),
  }
  return { ...base, attention: { ...base.attention, qkNorm } }
}

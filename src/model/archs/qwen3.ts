import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, readConfig } from '../config.ts'
import type { DecoderSpec, LayerSpec } from '../spec.ts'
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
  const spec = llamaLike(checkpoint, config, {
    qkvBias: bias,
    outBias: bias,
    mlpBias: false,
    windowOf: windowOf(checkpoint, config),
  })
  return { ...spec, layers: spec.layers.map((layer) => withHeadNorms(layer, config.rms_norm_eps ?? 1e-6)) }
}

export function withHeadNorms(layer: LayerSpec, epsilon: number): LayerSpec {
  const at = layer.attention.out.weight.replace(/\.o_proj\.weight$/, '')
  const qkNorm = { q: rmsNorm(`${at}.q_norm`, epsilon), k: rmsNorm(`${at}.k_norm`, epsilon), over: 'head' as const }
  return { ...layer, attention: { ...layer.attention, qkNorm } }
}

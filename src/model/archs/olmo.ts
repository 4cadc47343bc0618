import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, padDefault, readConfig, rotaryConfig } from '../config.ts'
import type { DecoderSpec } from '../spec.ts'
import { hfOlmo } from './hf_olmo.ts'
import { llamaLike } from './llama.ts'
import { weightlessNorm } from './names.ts'

const olmoConfig = rotaryConfig.extend({
  pad_token_id: padDefault(1),
  max_position_embeddings: count.default(2048),
  attention_bias: z.boolean().nullish(),
  clip_qkv: z.number().positive().nullish(),
})

/** OLMo 1: Llama with LayerNorm without weights, and q, k and v cut at ± clip_qkv. transformers: models/olmo. */
export function olmo(checkpoint: Checkpoint): DecoderSpec {
  // as first released: the library's own layout under this name
  if (checkpoint.config.d_model !== undefined) return hfOlmo(checkpoint)
  const config = readConfig(olmoConfig, checkpoint)
  const bias = config.attention_bias ?? false
  const clip = config.clip_qkv ? { clip: config.clip_qkv } : {}
  return llamaLike(checkpoint, config, {
    qkvBias: bias,
    outBias: bias,
    mlpBias: false,
    windowOf: () => null,
    landmark: 'layers.0.self_attn.q_proj.weight',
    norm: () => weightlessNorm(1e-5),
    layer: (base) => ({ ...base, attention: { ...base.attention, ...clip } }),
  })
}

import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { ACTIVATIONS, count, readConfig } from '../config.ts'
import type { DecoderSpec, LayerSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { expertCount, mixture, mixtureConfig } from './mixture.ts'
import { rmsNorm } from './names.ts'

const olmoeConfig = mixtureConfig.extend({
  max_position_embeddings: count.default(4096),
  pad_token_id: z.int().nullable().default(1),
  rms_norm_eps: mixtureConfig.shape.rms_norm_eps.default(1e-5),
  attention_bias: z.boolean().default(false),
  clip_qkv: z.number().positive().nullish(),
  norm_topk_prob: z.boolean().default(false),
})

/** OLMoE: Llama with experts and an RMS norm of q and k over all heads. transformers: models/olmoe. */
export function olmoe(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(olmoeConfig, checkpoint)
  const epsilon = config.rms_norm_eps ?? 1e-5
  const facts = {
    hidden: config.hidden_size,
    inner: config.intermediate_size,
    experts: expertCount(checkpoint, config),
    topK: config.num_experts_per_tok,
    normalised: config.norm_topk_prob,
    act: ACTIVATIONS[config.hidden_act ?? 'silu'],
  }
  const clip = config.clip_qkv ? { clip: config.clip_qkv } : {}
  const layer = (base: LayerSpec, at: string): LayerSpec => {
    const qkNorm = {
      q: rmsNorm(`${at}.self_attn.q_norm`, epsilon),
      k: rmsNorm(`${at}.self_attn.k_norm`, epsilon),
      over: 'all' as const,
    }
    return { ...base, attention: { ...base.attention, qkNorm, ...clip }, mlp: mixture(checkpoint, `${at}.mlp`, facts) }
  }
  return llamaLike(checkpoint, config, {
    qkvBias: config.attention_bias,
    outBias: config.attention_bias,
    mlpBias: false,
    windowOf: () => null,
    layer,
  })
}

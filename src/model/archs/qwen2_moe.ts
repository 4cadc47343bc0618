import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { ACTIVATIONS, count, headCount, layerTypes, readConfig, refuse, slidingLayers } from '../config.ts'
import type { DecoderSpec, LayerSpec } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { expertCount, mixture, mixtureConfig } from './mixture.ts'
import { linear } from './names.ts'

/** Keys of both generations of Qwen's mixtures. */
export const qwenMoeConfig = mixtureConfig.extend({
  max_position_embeddings: count.default(32_768),
  use_sliding_window: z.boolean().default(false),
  sliding_window: count.nullable().default(4096),
  moe_intermediate_size: count,
  norm_topk_prob: z.boolean().default(false),
  decoder_sparse_step: count.default(1),
  mlp_only_layers: z.array(z.int()).nullish(),
})
type QwenMoeConfig = z.infer<typeof qwenMoeConfig>

const qwen2MoeConfig = qwenMoeConfig.extend({
  num_key_value_heads: headCount.nullable().default(16),
  /** transformers 5 writes 0 where no layer slides. */
  sliding_window: z.int().nonnegative().nullable().default(4096),
  max_window_layers: z.int().nonnegative().default(28),
  layer_types: layerTypes,
  shared_expert_intermediate_size: count.default(5632),
  qkv_bias: z.boolean().default(true),
})

/**
 * Qwen1.5-MoE and Qwen2-MoE: Qwen2 with experts, and one that every token goes through. Where `use_sliding_window` and no
 * `layer_types` say otherwise, every other layer below `max_window_layers` slides, from the first on. transformers: models/qwen2_moe.
 */
export function qwen2Moe(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(qwen2MoeConfig, checkpoint)
  const window = config.use_sliding_window ? config.sliding_window : null
  const slides = slidingLayers(
    checkpoint,
    config.layer_types,
    config.num_hidden_layers,
    (l) => config.use_sliding_window && l % 2 === 0 && l < config.max_window_layers,
  )
  if (Array.from({ length: config.num_hidden_layers }, (_, l) => l).some(slides) && !window)
    throw refuse(
      checkpoint,
      'sliding_window',
      config.sliding_window,
      'layers slide, but use_sliding_window and sliding_window give no window',
    )
  return llamaLike(checkpoint, config, {
    qkvBias: config.qkv_bias,
    outBias: false,
    mlpBias: false,
    windowOf: (l) => (slides(l) ? window : null),
    layer: mixtures(checkpoint, config, config.shared_expert_intermediate_size),
  })
}

/** Experts in the layers that have them: every `decoder_sparse_step`-th, but for `mlp_only_layers`. */
export function mixtures(
  checkpoint: Checkpoint,
  config: QwenMoeConfig,
  sharedInner: number | null,
): (base: LayerSpec, at: string, l: number) => LayerSpec {
  const hidden = config.hidden_size
  const act = ACTIVATIONS[config.hidden_act ?? 'silu']
  const experts = expertCount(checkpoint, config)
  const facts = {
    hidden,
    inner: config.moe_intermediate_size,
    experts,
    topK: config.num_experts_per_tok,
    normalised: config.norm_topk_prob,
    act,
  }
  const sparse = (l: number): boolean =>
    experts > 0 && !config.mlp_only_layers?.includes(l) && (l + 1) % config.decoder_sparse_step === 0
  return (base, layer, l) => {
    if (!sparse(l)) return base
    const at = `${layer}.mlp`
    const routed = mixture(checkpoint, at, facts)
    if (sharedInner === null) return { ...base, mlp: routed }
    const shared = {
      mlp: {
        kind: 'gated' as const,
        gate: linear(`${at}.shared_expert.gate_proj`, hidden, sharedInner, false),
        up: linear(`${at}.shared_expert.up_proj`, hidden, sharedInner, false),
        down: linear(`${at}.shared_expert.down_proj`, sharedInner, hidden, false),
        act,
      },
      gate: linear(`${at}.shared_expert_gate`, hidden, 1, false),
    }
    return { ...base, mlp: { ...routed, shared } }
  }
}

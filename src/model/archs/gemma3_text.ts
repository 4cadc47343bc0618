import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import {
  activation,
  count,
  headCount,
  layerCount,
  layerTypes,
  padDefault,
  readConfig,
  rotaryConfig,
  slidingLayers,
  width,
} from '../config.ts'
import { readLayerRopes } from '../rope-config.ts'
import type { DecoderSpec } from '../spec.ts'
import { gemmaNorm, withScaledEmbedding } from './gemma.ts'
import { withSandwichNorms } from './gemma2.ts'
import { llamaLike } from './llama.ts'
import { withHeadNorms } from './qwen3.ts'

// what text_config of the multimodal ones leaves out has defaults
const gemma3Config = rotaryConfig.extend({
  vocab_size: count.default(262_208),
  hidden_size: width.default(2304),
  intermediate_size: count.default(9216),
  num_hidden_layers: layerCount.default(26),
  pad_token_id: padDefault(0),
  num_key_value_heads: headCount.default(4),
  num_attention_heads: headCount.default(8),
  head_dim: count.default(256),
  max_position_embeddings: count.default(131_072),
  hidden_activation: activation.default('gelu_pytorch_tanh'),
  attention_bias: z.boolean().nullish(),
  query_pre_attn_scalar: z.number().positive().default(256),
  sliding_window: count.default(4096),
  sliding_window_pattern: count.nullish(),
  layer_types: layerTypes,
  // transformers reads it and does not apply it
  attn_logit_softcapping: z.null().optional(),
  final_logit_softcapping: z.number().positive().nullish(),
  use_bidirectional_attention: z.literal(false).nullish(),
})

/**
 * Gemma 3: Gemma 2 without soft-capped attention, with norms of every head's q and k; five of six layers slide, and turn by a base of their own.
 * transformers: models/gemma3, Gemma3TextModel.
 * @param prefix what its tensors stand below, besides nothing
 */
export function gemma3Text(checkpoint: Checkpoint, prefix = 'model.'): DecoderSpec {
  const config = readConfig(gemma3Config, checkpoint)
  const bias = config.attention_bias ?? false
  const pattern = config.sliding_window_pattern ?? 6
  const slides = slidingLayers(checkpoint, config.layer_types, config.num_hidden_layers, (l) => (l + 1) % pattern !== 0)
  const norm = gemmaNorm(config.rms_norm_eps)
  const scale = config.query_pre_attn_scalar ** -0.5
  const spec = llamaLike(
    checkpoint,
    { ...config, hidden_act: config.hidden_activation, tie_word_embeddings: config.tie_word_embeddings ?? true },
    {
      qkvBias: bias,
      outBias: bias,
      mlpBias: false,
      windowOf: (l) => (slides(l) ? config.sliding_window : null),
      ropes: (shape) => {
        const ropes = readLayerRopes(checkpoint, shape, {
          full_attention: { theta: { key: 'rope_theta', otherwise: 1_000_000 }, scaled: true },
          sliding_attention: { theta: { key: 'rope_local_base_freq', otherwise: 10_000 }, scaled: false },
        })
        return (l) => ropes[slides(l) ? 'sliding_attention' : 'full_attention']
      },
      prefix,
      norm,
      layer: (base, at) => {
        const { attention, ...rest } = withHeadNorms(withSandwichNorms(base, at, norm), at, norm)
        return { ...rest, attention: { ...attention, scale } }
      },
    },
  )
  return { ...withScaledEmbedding(spec), logits: { ...spec.logits, softcap: config.final_logit_softcapping ?? null } }
}

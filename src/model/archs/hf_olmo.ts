import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, epsilon, headCount, layerCount, padDefault, readConfig, refuse, width } from '../config.ts'
import type { DecoderSpec, Linear } from '../spec.ts'
import { llamaLike } from './llama.ts'
import { linear, tokenEmbedding, weightlessNorm } from './names.ts'

const never = z.literal(false).nullish()

/** Defaults as in olmo/config.py; what no published checkpoint has is refused by name. */
const hfOlmoConfig = z.object({
  model_type: z.string(),
  pad_token_id: padDefault(50_256),
  d_model: width,
  n_layers: layerCount,
  n_heads: headCount,
  n_kv_heads: headCount.nullish(),
  mlp_hidden_size: count.nullish(),
  mlp_ratio: count.default(4),
  vocab_size: count.default(50_257),
  embedding_size: count.nullish(),
  max_sequence_length: count.default(1024),
  weight_tying: z.boolean().default(true),
  clip_qkv: z.number().positive().nullish(),
  layer_norm_eps: epsilon.default(1e-5),
  rope: z.literal(true),
  include_bias: z.literal(false),
  layer_norm_with_affine: z.literal(false),
  layer_norm_type: z.enum(['default', 'low_precision']).default('default'),
  activation_type: z.literal('swiglu').default('swiglu'),
  block_type: z.literal('sequential').default('sequential'),
  alibi: never,
  attention_layer_norm: never,
  embedding_layer_norm: never,
  multi_query_attention: never,
  norm_after: never,
  scale_logits: never,
  quantization_config: z.null().optional(),
})

/**
 * OLMo 1 as its own library stores it (allenai/OLMo-7B-Instruct): the model of olmo.ts with q, k, v in one matrix and up and gate, in
 * this order, in another. Code on the hub: allenai/OLMo, olmo/model.py and hf_olmo/modeling_olmo.py.
 */
export function hfOlmo(checkpoint: Checkpoint): DecoderSpec {
  const own = readConfig(hfOlmoConfig, checkpoint)
  const { d_model: hidden, weight_tying: tied } = own
  const projected = own.mlp_hidden_size ?? own.mlp_ratio * hidden
  if (projected % 2 !== 0)
    throw refuse(checkpoint, 'mlp_hidden_size', projected, 'must be even: up and gate side by side')
  const inner = projected / 2
  const config = {
    model_type: own.model_type,
    vocab_size: own.embedding_size ?? own.vocab_size,
    pad_token_id: own.pad_token_id,
    tie_word_embeddings: tied,
    hidden_size: hidden,
    intermediate_size: inner,
    num_hidden_layers: own.n_layers,
    num_attention_heads: own.n_heads,
    num_key_value_heads: own.n_kv_heads,
    max_position_embeddings: own.max_sequence_length,
  }
  const tokens = 'model.transformer.wte.weight'
  const spec = llamaLike(checkpoint, config, {
    qkvBias: false,
    outBias: false,
    mlpBias: false,
    prefix: 'model.transformer.',
    landmark: 'blocks.0.att_proj.weight',
    windowOf: () => null,
    norm: () => weightlessNorm(own.layer_norm_eps),
    layer: ({ attention, mlp, ...rest }, _, l) => {
      const at = `model.transformer.blocks.${l}`
      const { heads, kvHeads, headDim } = attention
      const half = (first: number): Linear => ({
        ...linear(`${at}.ff_proj`, hidden, inner, false),
        part: { first, total: projected },
      })
      return {
        ...rest,
        attention: {
          ...attention,
          ...(own.clip_qkv ? { clip: own.clip_qkv } : {}),
          projection: { kind: 'fused', qkv: linear(`${at}.att_proj`, hidden, (heads + 2 * kvHeads) * headDim, false) },
          out: linear(`${at}.attn_out`, hidden, hidden, false),
        },
        mlp: { ...mlp, up: half(0), gate: half(inner), down: linear(`${at}.ff_out`, inner, hidden, false) },
      }
    },
  })
  return {
    ...spec,
    embedding: tokenEmbedding(tokens, hidden),
    logits: { ...spec.logits, weight: 'model.transformer.ff_out.weight', tiedTo: tied ? tokens : null },
  }
}

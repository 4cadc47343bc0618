import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import {
  ACTIVATIONS,
  activation,
  baseConfig,
  count,
  headCount,
  layerCount,
  readConfig,
  refuse,
  width,
} from '../config.ts'
import type { BlockNorms, DecoderSpec, LayerSpec, Linear, Norm } from '../spec.ts'
import { bodyPrefix, CAUSAL_HEAD, embeddingName, layerNorm, linear, tokenEmbedding } from './names.ts'

const optConfig = baseConfig.extend({
  hidden_size: width,
  ffn_dim: count,
  num_hidden_layers: layerCount,
  num_attention_heads: headCount,
  max_position_embeddings: count.default(2048),
  pad_token_id: z.int().nullable().default(1),
  activation_function: activation.default('relu'),
  word_embed_proj_dim: width.nullish(),
  do_layer_norm_before: z.boolean().default(true),
  _remove_final_layer_norm: z.boolean().default(false),
  enable_bias: z.boolean().default(true),
  layer_norm_elementwise_affine: z.boolean().default(true),
})

/** torch's LayerNorm; OPT's config names none. */
const EPSILON = 1e-5

/**
 * OPT, and Galactica, which calls itself one: learned positions, stored two rows late and counted over the tokens that the mask lets
 * through; norms before the blocks, or behind the sums (350m, which has no last norm and embeddings narrower than its stream).
 * transformers: models/opt.
 */
export function opt(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(optConfig, checkpoint)
  const { hidden_size: width, num_attention_heads: heads, max_position_embeddings: maxPositions } = config
  const headDim = width / heads
  if (!Number.isInteger(headDim))
    throw refuse(checkpoint, 'num_attention_heads', heads, `must divide hidden_size ${width}`)
  const prefix = `${bodyPrefix(checkpoint, 'model.', 'decoder.embed_positions.weight')}decoder.`
  const { enable_bias: bias, do_layer_norm_before: before, layer_norm_elementwise_affine: affine } = config
  const act = ACTIVATIONS[config.activation_function]
  const norm = (name: string): Norm =>
    affine ? layerNorm(name, EPSILON) : { ...layerNorm(name, EPSILON), weight: null, bias: null }
  const norms = (name: string): BlockNorms => ({
    before: before ? norm(name) : null,
    after: null,
    closing: before ? null : norm(name),
  })
  const square = (name: string): Linear => linear(name, width, width, bias)

  const layer = (l: number): LayerSpec => {
    const at = `${prefix}layers.${l}`
    return {
      residual: 'sequential',
      attentionNorms: norms(`${at}.self_attn_layer_norm`),
      mlpNorms: norms(`${at}.final_layer_norm`),
      attention: {
        heads,
        kvHeads: heads,
        headDim,
        scale: headDim ** -0.5,
        window: null,
        softcap: null,
        rope: null,
        projection: {
          kind: 'separate',
          q: square(`${at}.self_attn.q_proj`),
          k: square(`${at}.self_attn.k_proj`),
          v: square(`${at}.self_attn.v_proj`),
        },
        qkNorm: null,
        out: square(`${at}.self_attn.out_proj`),
      },
      mlp: {
        kind: 'plain',
        up: linear(`${at}.fc1`, width, config.ffn_dim, bias),
        down: linear(`${at}.fc2`, config.ffn_dim, width, bias),
        act,
      },
    }
  }

  const hidden = config.word_embed_proj_dim ?? width
  const tied = config.tie_word_embeddings ?? true
  const tokens = embeddingName(checkpoint, `${prefix}embed_tokens.weight`, tied)
  return {
    architecture: config.model_type,
    causal: true,
    hidden,
    ...(hidden !== width && {
      inside: {
        width,
        into: linear(`${prefix}project_in`, hidden, width, false),
        out: linear(`${prefix}project_out`, width, hidden, false),
      },
    }),
    vocab: config.vocab_size,
    maxPositions,
    padTokenId: config.pad_token_id,
    countsAttended: true,
    embedding: {
      ...tokenEmbedding(tokens, hidden),
      positions: { name: `${prefix}embed_positions.weight`, rows: maxPositions, offset: 2, without: null },
    },
    layers: Array.from({ length: config.num_hidden_layers }, (_, l) => layer(l)),
    finalNorm: before && !config._remove_final_layer_norm ? norm(`${prefix}final_layer_norm`) : null,
    logits: { weight: CAUSAL_HEAD, bias: null, softcap: null, tiedTo: tied ? tokens : null },
    ignored: [],
  }
}

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
import { readRope, SHARE_KEY } from '../rope-config.ts'
import type { DecoderSpec, LayerSpec } from '../spec.ts'
import { bodyPrefix, CAUSAL_HEAD, embeddingName, layerNorm, linear, tokenEmbedding } from './names.ts'

const neoxConfig = baseConfig.extend({
  hidden_size: width,
  intermediate_size: count,
  num_hidden_layers: layerCount,
  num_attention_heads: headCount,
  max_position_embeddings: count.default(2048),
  hidden_act: activation.default('gelu'),
  layer_norm_eps: z.number().nonnegative().default(1e-5),
  use_parallel_residual: z.boolean().default(true),
  attention_bias: z.boolean().default(true),
  head_dim: z.null().optional(),
})

/** The causal head's own name in the files; transformers 5 renames it as it reads them. */
const EMBED_OUT = 'embed_out.weight'

const THETA = { key: 'rotary_emb_base', otherwise: 10_000 }
const SHARE = { key: 'rotary_pct', otherwise: 0.25 }

/** transformers passes over the names that other families have for the two; where they say something else, someone meant it. */
function refuseOtherNames(checkpoint: Checkpoint): void {
  const { config } = checkpoint
  for (const [alias, { key, otherwise }] of [
    ['rope_theta', THETA],
    [SHARE_KEY, SHARE],
  ] as const)
    if (config[alias] != null && config[alias] !== (config[key] ?? otherwise))
      throw refuse(checkpoint, alias, config[alias], `this model_type reads "${key}", ${config[key] ?? otherwise}`)
}

/**
 * GPT-NeoX and Pythia: LayerNorm, one qkv matrix that goes head by head, a share of every head turned, attention and MLP side by side.
 * transformers: models/gpt_neox.
 */
export function gptNeox(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(neoxConfig, checkpoint)
  const { hidden_size: hidden, num_attention_heads: heads, intermediate_size: inner, layer_norm_eps: epsilon } = config
  const headDim = hidden / heads
  if (!Number.isInteger(headDim))
    throw refuse(checkpoint, 'num_attention_heads', heads, `must divide hidden_size ${hidden}`)
  refuseOtherNames(checkpoint)
  const prefix = bodyPrefix(checkpoint, 'gpt_neox.', 'final_layer_norm.weight')
  const maxPositions = config.max_position_embeddings
  const rope = readRope(checkpoint, { headDim, maxPositions }, { theta: THETA, share: { ...SHARE, roundsUp: true } })
  const norms = (name: string) => ({ before: layerNorm(name, epsilon), after: null, closing: null })

  const layer = (l: number): LayerSpec => {
    const at = `${prefix}layers.${l}`
    return {
      residual: config.use_parallel_residual ? 'parallel' : 'sequential',
      attentionNorms: norms(`${at}.input_layernorm`),
      mlpNorms: norms(`${at}.post_attention_layernorm`),
      attention: {
        heads,
        kvHeads: heads,
        headDim,
        scale: headDim ** -0.5,
        window: null,
        softcap: null,
        rope,
        projection: {
          kind: 'perHead',
          qkv: linear(`${at}.attention.query_key_value`, hidden, 3 * hidden, config.attention_bias),
        },
        qkNorm: null,
        out: linear(`${at}.attention.dense`, hidden, hidden, config.attention_bias),
      },
      mlp: {
        kind: 'plain',
        up: linear(`${at}.mlp.dense_h_to_4h`, hidden, inner, true),
        down: linear(`${at}.mlp.dense_4h_to_h`, inner, hidden, true),
        act: ACTIVATIONS[config.hidden_act],
      },
    }
  }

  const head = checkpoint.tensors.has(EMBED_OUT) ? EMBED_OUT : CAUSAL_HEAD
  const tied = config.tie_word_embeddings ?? false
  const tokens = embeddingName(checkpoint, `${prefix}embed_in.weight`, tied)
  return {
    architecture: config.model_type,
    causal: true,
    hidden,
    vocab: config.vocab_size,
    maxPositions,
    padTokenId: config.pad_token_id ?? null,
    embedding: tokenEmbedding(tokens, hidden),
    layers: Array.from({ length: config.num_hidden_layers }, (_, l) => layer(l)),
    finalNorm: layerNorm(`${prefix}final_layer_norm`, epsilon),
    logits: { weight: head, bias: null, softcap: null, tiedTo: tied ? tokens : null },
    ignored: [
      {
        pattern: /(^|\.)layers\.\d+\.attention\.(bias|masked_bias)$/,
        reason: 'the causal mask as a buffer; the graph masks by itself',
      },
      {
        pattern: /(^|\.)rotary_emb\.inv_freq$/,
        reason: 'rotary frequencies, computed from config.json as transformers does',
      },
      { pattern: /^embed_out\.weight$/, reason: 'the causal head, tied to the embedding or not read' },
    ],
  }
}

import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import {
  ACTIVATIONS,
  activation,
  baseConfig,
  count,
  headCount,
  layerCount,
  MAX_HEAD_DIM,
  readConfig,
  refuse,
  width,
} from '../config.ts'
import { readRope } from '../rope-config.ts'
import type { BlockNorms, DecoderSpec, LayerSpec } from '../spec.ts'
import { bodyPrefix, CAUSAL_HEAD, embeddingName, layerNorm, linear, tokenEmbedding } from './names.ts'

/** null is Python's None and counts as false, absent is the default. */
const flag = (absent: boolean) =>
  z
    .boolean()
    .nullable()
    .default(absent)
    .transform((value) => value ?? false)

const falconConfig = baseConfig.extend({
  hidden_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: headCount,
  num_kv_heads: headCount.nullish(),
  num_ln_in_parallel_attn: z.int().nullish(),
  ffn_hidden_size: count.nullish(),
  layer_norm_epsilon: z.number().nonnegative().default(1e-5),
  max_position_embeddings: count.default(2048),
  activation: activation.default('gelu'),
  alibi: flag(false),
  new_decoder_architecture: flag(false),
  multi_query: flag(true),
  parallel_attn: flag(true),
  bias: flag(false),
  partial_rotary_factor: z.literal(1).nullish(),
})
type FalconConfig = z.infer<typeof falconConfig>

/** FalconConfig's older name of `hidden_size`, which wins. */
const withOwnNames = (checkpoint: Checkpoint): Checkpoint =>
  checkpoint.config.n_embed == null
    ? checkpoint
    : { ...checkpoint, config: { ...checkpoint.config, hidden_size: checkpoint.config.n_embed } }

/**
 * Falcon: attention and MLP side by side. 7B has one key head and one norm for both; 40B, 180B and Falcon 2 (`new_decoder_architecture`)
 * have grouped keys, and a norm for each unless `num_ln_in_parallel_attn` is 1; RW has a key for every head, ALiBi for positions, and the
 * MLP behind attention. transformers: models/falcon.
 *
 * ALiBi as in transformers' default (`sdpa`); its `eager` attention of version 5 adds the bias twice.
 */
export function falcon(checkpoint: Checkpoint): DecoderSpec {
  const config = readConfig(falconConfig, withOwnNames(checkpoint))
  const { hidden_size: hidden, num_attention_heads: heads, new_decoder_architecture: grouped } = config
  const headDim = hidden / heads
  if (!Number.isInteger(headDim) || headDim > MAX_HEAD_DIM)
    throw refuse(checkpoint, 'num_attention_heads', heads, `must divide hidden_size ${hidden}`)
  if (!config.alibi && headDim % 2 !== 0)
    throw refuse(
      checkpoint,
      'num_attention_heads',
      heads,
      `makes heads of ${headDim} numbers; a rotation needs an even count`,
    )
  const kvHeads = grouped ? (config.num_kv_heads ?? heads) : config.multi_query ? 1 : heads
  if (heads % kvHeads !== 0)
    throw refuse(checkpoint, 'num_kv_heads', kvHeads, `must divide num_attention_heads ${heads}`)
  if (!grouped && !config.multi_query && (config.num_kv_heads ?? heads) !== heads)
    throw refuse(
      checkpoint,
      'num_kv_heads',
      config.num_kv_heads,
      `without multi_query every one of the ${heads} heads has its key`,
    )
  const normsOf = normNames(checkpoint, config)
  const prefix = bodyPrefix(checkpoint, 'transformer.', 'ln_f.weight')
  const rope = config.alibi ? null : readRope(checkpoint, { headDim, maxPositions: config.max_position_embeddings })
  const inner = config.ffn_hidden_size ?? 4 * hidden
  const { bias, layer_norm_epsilon: epsilon } = config

  const layer = (l: number): LayerSpec => {
    const at = `${prefix}h.${l}`
    const before = (name: string): BlockNorms => ({
      before: layerNorm(`${at}.${name}`, epsilon),
      after: null,
      closing: null,
    })
    return {
      residual: grouped || config.parallel_attn ? 'parallel' : 'sequential',
      attentionNorms: before(normsOf.attention),
      mlpNorms: before(normsOf.mlp),
      attention: {
        heads,
        kvHeads,
        headDim,
        scale: headDim ** -0.5,
        window: null,
        softcap: null,
        rope,
        ...(config.alibi && { alibi: true }),
        projection: {
          kind: 'perHead',
          qkv: linear(`${at}.self_attention.query_key_value`, hidden, (heads + 2 * kvHeads) * headDim, bias),
        },
        qkNorm: null,
        out: linear(`${at}.self_attention.dense`, hidden, hidden, bias),
      },
      mlp: {
        kind: 'plain',
        up: linear(`${at}.mlp.dense_h_to_4h`, hidden, inner, bias),
        down: linear(`${at}.mlp.dense_4h_to_h`, inner, hidden, bias),
        act: ACTIVATIONS[config.activation],
      },
    }
  }

  const tied = config.tie_word_embeddings ?? true
  const tokens = embeddingName(checkpoint, `${prefix}word_embeddings.weight`, tied)
  return {
    architecture: config.model_type,
    causal: true,
    hidden,
    vocab: config.vocab_size,
    maxPositions: config.max_position_embeddings,
    padTokenId: config.pad_token_id ?? null,
    ...(config.alibi && { countsAttended: true }),
    embedding: tokenEmbedding(tokens, hidden),
    layers: Array.from({ length: config.num_hidden_layers }, (_, l) => layer(l)),
    finalNorm: layerNorm(`${prefix}ln_f`, epsilon),
    logits: { weight: CAUSAL_HEAD, bias: null, softcap: null, tiedTo: tied ? tokens : null },
    ignored: [],
  }
}

/** Which norms a layer has; what transformers cannot run is refused. */
function normNames(checkpoint: Checkpoint, config: FalconConfig): { readonly attention: string; readonly mlp: string } {
  const { new_decoder_architecture: grouped, parallel_attn: parallel, num_ln_in_parallel_attn: norms } = config
  if (grouped && !parallel)
    throw refuse(checkpoint, 'parallel_attn', parallel, 'with new_decoder_architecture attention is always parallel')
  const count = norms ?? (grouped ? 2 : 1)
  if (parallel && count !== 1 && !(grouped && count === 2))
    throw refuse(checkpoint, 'num_ln_in_parallel_attn', norms, `must be 1${grouped ? ' or 2' : ''} here`)
  if (!parallel) return { attention: 'input_layernorm', mlp: 'post_attention_layernorm' }
  return count === 2
    ? { attention: 'ln_attn', mlp: 'ln_mlp' }
    : { attention: 'input_layernorm', mlp: 'input_layernorm' }
}

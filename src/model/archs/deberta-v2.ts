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
import type { Convolution, EncoderSpec, Linear, RelativePositions } from '../spec.ts'
import { encoderSpec, pretrainingHead } from './encoder.ts'
import { bodyPrefix, layerNorm, linear, tokenEmbedding } from './names.ts'
import { bertNames, checkHeads, POSITION_BUFFERS, postNormLayer } from './post-norm.ts'

/** Prefix of the body's tensors in PairRM's class. */
const PAIR_RM = 'pretrained_model.'

/** `["p2c", "c2p"]`, or `"p2c|c2p"` as old configurations have it. */
const positionTypes = z.preprocess(
  (value) =>
    typeof value === 'string'
      ? value
          .toLowerCase()
          .split('|')
          .map((part) => part.trim())
      : value,
  z.array(z.enum(['c2p', 'p2c'])).nullish(),
)

export const debertaV2Config = baseConfig.extend({
  vocab_size: count.default(128_100),
  hidden_size: width.default(1536),
  num_hidden_layers: layerCount.default(24),
  num_attention_heads: headCount.default(24),
  intermediate_size: count.default(6144),
  hidden_act: activation.default('gelu'),
  max_position_embeddings: count.default(512),
  type_vocab_size: z.int().nonnegative().default(0),
  layer_norm_eps: z.number().nonnegative().default(1e-7),
  relative_attention: z.boolean().default(false),
  max_relative_positions: z.int().default(-1),
  position_buckets: z.int().default(-1),
  position_biased_input: z.boolean().default(true),
  pos_att_type: positionTypes,
  share_att_key: z.boolean().default(false),
  norm_rel_ebd: z.string().default('none'),
  attention_head_size: count.optional(),
  embedding_size: width.optional(),
  conv_kernel_size: z.int().default(0),
  conv_groups: count.default(1),
  conv_act: activation.default('tanh'),
})

/**
 * DeBERTa v2 and v3: BERT whose attention also weighs how far a key stands from its query; far distances share buckets.
 * He et al. 2021, arXiv:2006.03654 and 2111.09543. transformers: models/deberta_v2.
 */
export function debertaV2(checkpoint: Checkpoint): EncoderSpec {
  return debertaSpec(checkpoint, readConfig(debertaV2Config, checkpoint))
}

export function debertaSpec(checkpoint: Checkpoint, config: z.infer<typeof debertaV2Config>): EncoderSpec {
  const { hidden_size: hidden, num_attention_heads: heads, layer_norm_eps: epsilon } = config
  checkHeads(checkpoint, 'num_attention_heads', heads, hidden)
  const { attention_head_size: headSize = hidden / heads, embedding_size: width = hidden } = config
  if (headSize * heads !== hidden)
    throw refuse(checkpoint, 'attention_head_size', headSize, `times ${heads} heads must be hidden_size ${hidden}`)
  if (width !== hidden)
    throw refuse(checkpoint, 'embedding_size', width, `another width than hidden_size ${hidden} is not supported`)
  const first = 'embeddings.word_embeddings.weight'
  const prefix = bodyPrefix(checkpoint, checkpoint.tensors.has(`${PAIR_RM}${first}`) ? PAIR_RM : 'deberta.', first)
  const at = `${prefix}embeddings`
  const layers = Array.from({ length: config.num_hidden_layers }, (_, l) => `${prefix}encoder.layer.${l}`)
  const shape = { hidden, heads, inner: config.intermediate_size, act: config.hidden_act, epsilon }
  const types = config.pos_att_type ?? []
  // the three products are summed, so each is scaled down by as much more
  const scale = (headSize * (1 + new Set(types).size)) ** -0.5
  const rows = config.max_position_embeddings
  return encoderSpec(config, {
    hidden,
    maxPositions: rows,
    embedding: {
      ...tokenEmbedding(`${at}.word_embeddings.weight`, hidden),
      types:
        config.type_vocab_size > 0
          ? { name: `${at}.token_type_embeddings.weight`, rows: config.type_vocab_size }
          : null,
      positions: config.position_biased_input
        ? { name: `${at}.position_embeddings.weight`, rows, offset: 0, without: null }
        : null,
      norm: layerNorm(`${at}.LayerNorm`, epsilon),
    },
    layers: layers.map((name) => {
      const plain = postNormLayer(shape, bertNames(name, { q: 'query_proj', k: 'key_proj', v: 'value_proj' }))
      return { ...plain, attention: { ...plain.attention, scale } }
    }),
    relative: config.relative_attention && types.length > 0 ? relativePositions(config, prefix, layers) : null,
    convolution: config.conv_kernel_size > 0 ? convolution(checkpoint, config, prefix) : null,
    ignored: [
      ...POSITION_BUFFERS,
      ...(config.position_biased_input
        ? []
        : [
            {
              pattern: /(^|\.)embeddings\.position_embeddings\.weight$/,
              reason: 'config.json: no position_biased_input',
            },
          ]),
      pretrainingHead(/^(cls|lm_predictions|mask_predictions)\./),
    ],
  })
}

function convolution(checkpoint: Checkpoint, config: z.infer<typeof debertaV2Config>, prefix: string): Convolution {
  const { conv_kernel_size: kernel, conv_groups: groups, conv_act: act } = config
  if (kernel % 2 === 0)
    throw refuse(checkpoint, 'conv_kernel_size', kernel, 'an even kernel gives another number of places')
  const at = `${prefix}encoder.conv`
  const norm = layerNorm(`${at}.LayerNorm`, config.layer_norm_eps)
  return { name: `${at}.conv`, kernel, groups, act: ACTIVATIONS[act], norm }
}

function relativePositions(
  config: z.infer<typeof debertaV2Config>,
  prefix: string,
  layers: readonly string[],
): RelativePositions {
  const { hidden_size: hidden, position_buckets: buckets } = config
  const types = config.pos_att_type ?? []
  const farthest = config.max_relative_positions < 1 ? config.max_position_embeddings : config.max_relative_positions
  const span = buckets > 0 ? buckets : farthest
  const normed = config.norm_rel_ebd
    .toLowerCase()
    .split('|')
    .some((part) => part.trim() === 'layer_norm')
  const projection = (type: 'c2p' | 'p2c', layer: string, own: string, shared: string): Linear | null =>
    types.includes(type)
      ? linear(`${layer}.attention.self.${config.share_att_key ? shared : own}`, hidden, hidden, true)
      : null
  return {
    table: `${prefix}encoder.rel_embeddings.weight`,
    norm: normed ? layerNorm(`${prefix}encoder.LayerNorm`, config.layer_norm_eps) : null,
    span,
    buckets: buckets > 0 ? { count: buckets, farthest } : null,
    layers: layers.map((layer) => ({
      key: projection('c2p', layer, 'pos_key_proj', 'key_proj'),
      query: projection('p2c', layer, 'pos_query_proj', 'query_proj'),
    })),
  }
}

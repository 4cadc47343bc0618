import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { ACTIVATIONS, activation, baseConfig, count, layerCount, readConfig, refuse } from '../config.ts'
import type { EncoderSpec, LayerSpec, Norm } from '../spec.ts'
import { bodyPrefix, layerNorm, linear, tokenEmbedding } from './names.ts'

const bertConfig = baseConfig.extend({
  hidden_size: count.default(768),
  num_hidden_layers: layerCount.default(12),
  num_attention_heads: count.default(12),
  intermediate_size: count.default(3072),
  hidden_act: activation.nullish(),
  max_position_embeddings: count.default(512),
  type_vocab_size: count.default(2),
  layer_norm_eps: z.number().nonnegative().default(1e-12),
  position_embedding_type: z.literal('absolute').nullish(),
  is_decoder: z.literal(false).nullish(),
  add_cross_attention: z.literal(false).nullish(),
})

/** BERT: learned positions, token types, a norm after every block. transformers: models/bert. */
export function bert(checkpoint: Checkpoint): EncoderSpec {
  const config = readConfig(bertConfig, checkpoint)
  const prefix = bodyPrefix(checkpoint, 'bert.', 'embeddings.word_embeddings.weight')
  return bertLike(checkpoint, config, prefix, { offset: 0, without: null })
}

/** What RoBERTa and its kin share with BERT: all but how positions are counted, and the prefix of their names. */
export function bertLike(
  checkpoint: Checkpoint,
  config: z.infer<typeof bertConfig>,
  prefix: string,
  counting: { readonly offset: number; readonly without: number | null },
): EncoderSpec {
  const { hidden_size: hidden, num_attention_heads: heads, intermediate_size: inner } = config
  const headDim = hidden / heads
  if (!Number.isInteger(headDim))
    throw refuse(checkpoint, 'num_attention_heads', heads, `must divide hidden_size ${hidden}`)
  const norm = (name: string): Norm => layerNorm(name, config.layer_norm_eps)
  const rows = config.max_position_embeddings - counting.offset
  const square = (name: string) => linear(name, hidden, hidden, true)

  const layer = (l: number): LayerSpec => {
    const at = `${prefix}encoder.layer.${l}`
    return {
      residual: 'sequential',
      attentionNorms: { before: null, after: null, closing: norm(`${at}.attention.output.LayerNorm`) },
      mlpNorms: { before: null, after: null, closing: norm(`${at}.output.LayerNorm`) },
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
          q: square(`${at}.attention.self.query`),
          k: square(`${at}.attention.self.key`),
          v: square(`${at}.attention.self.value`),
        },
        qkNorm: null,
        out: square(`${at}.attention.output.dense`),
      },
      mlp: {
        kind: 'plain',
        up: linear(`${at}.intermediate.dense`, hidden, inner, true),
        down: linear(`${at}.output.dense`, inner, hidden, true),
        act: ACTIVATIONS[config.hidden_act ?? 'gelu'],
      },
    }
  }

  const at = `${prefix}embeddings`
  return {
    architecture: config.model_type,
    causal: false,
    hidden,
    vocab: config.vocab_size,
    maxPositions: rows,
    padTokenId: config.pad_token_id ?? null,
    embedding: {
      ...tokenEmbedding(`${at}.word_embeddings.weight`, hidden),
      types: { name: `${at}.token_type_embeddings.weight`, rows: config.type_vocab_size },
      positions: { name: `${at}.position_embeddings.weight`, rows, ...counting },
      norm: norm(`${at}.LayerNorm`),
    },
    layers: Array.from({ length: config.num_hidden_layers }, (_, l) => layer(l)),
    finalNorm: null,
    ignored: [
      { pattern: /(^|\.)embeddings\.(position_ids|token_type_ids)$/, reason: 'a buffer that counts positions' },
    ],
  }
}

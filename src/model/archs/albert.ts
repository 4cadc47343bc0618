import type { Checkpoint } from '../checkpoint.ts'
import { activation, count, headCount, readConfig, width } from '../config.ts'
import type { EncoderSpec } from '../spec.ts'
import { pretrainingHead } from './encoder.ts'
import { bodyPrefix } from './names.ts'
import { bertConfig, bertLike, type LayerNames } from './post-norm.ts'

const albertConfig = bertConfig.extend({
  vocab_size: count.default(30_000),
  embedding_size: width.default(128),
  hidden_size: width.default(4096),
  num_attention_heads: headCount.default(64),
  intermediate_size: count.default(16_384),
  hidden_act: activation.default('gelu_new'),
  num_hidden_groups: count.default(1),
  inner_group_num: count.default(1),
})

/**
 * ALBERT: BERT with narrow embeddings, whose layers share their weights. Layer l belongs to the group ⌊l · groups / layers⌋, and a group
 * may be several layers, one after the other. transformers: models/albert.
 */
export function albert(checkpoint: Checkpoint): EncoderSpec {
  const config = readConfig(albertConfig, checkpoint)
  const { num_hidden_layers: layers, num_hidden_groups: groups, inner_group_num: inner } = config
  const prefix = bodyPrefix(checkpoint, 'albert.', 'embeddings.word_embeddings.weight')
  const groupOf = (l: number): number => Math.trunc(l / (layers / groups))
  return bertLike(
    checkpoint,
    { ...config, num_hidden_layers: layers * inner },
    {
      prefix,
      width: config.embedding_size,
      projection: `${prefix}encoder.embedding_hidden_mapping_in`,
      layer: (l) =>
        albertNames(
          `${prefix}encoder.albert_layer_groups.${groupOf(Math.floor(l / inner))}.albert_layers.${l % inner}`,
        ),
      ignored: [pretrainingHead(/^(predictions|sop_classifier)\./)],
    },
  )
}

const albertNames = (at: string): LayerNames => ({
  q: `${at}.attention.query`,
  k: `${at}.attention.key`,
  v: `${at}.attention.value`,
  out: `${at}.attention.dense`,
  attentionNorm: `${at}.attention.LayerNorm`,
  up: `${at}.ffn`,
  down: `${at}.ffn_output`,
  mlpNorm: `${at}.full_layer_layer_norm`,
})

import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, headCount, layerCount, readConfig, width } from '../config.ts'
import type { EncoderSpec, LayerSpec, RelativePositions } from '../spec.ts'
import { debertaSpec, debertaV2Config } from './deberta-v2.ts'
import { linear } from './names.ts'

const debertaConfig = debertaV2Config.extend({
  vocab_size: count.default(50_265),
  hidden_size: width.default(768),
  num_hidden_layers: layerCount.default(12),
  num_attention_heads: headCount.default(12),
  intermediate_size: count.default(3072),
  talking_head: z.literal(false).nullish(),
})

/** Keys of the later versions, which this one does not read. */
const LATER = {
  position_buckets: -1,
  share_att_key: false,
  norm_rel_ebd: 'none',
  conv_kernel_size: 0,
  attention_head_size: undefined,
} as const

/**
 * DeBERTa v1: as v2, but q, k and v come from one matrix, head by head, with biases for q and v alone, and every distance has its own row.
 * transformers: models/deberta.
 */
export function deberta(checkpoint: Checkpoint): EncoderSpec {
  const config = { ...readConfig(debertaConfig, checkpoint), ...LATER }
  const spec = debertaSpec(checkpoint, config)
  const { hidden_size: hidden } = config
  const types = config.pos_att_type ?? []
  const prefix = spec.embedding.tokens.slice(0, -'embeddings.word_embeddings.weight'.length)
  const at = (l: number): string => `${prefix}encoder.layer.${l}.attention.self`

  const layer = (plain: LayerSpec, l: number): LayerSpec => {
    const qkv = linear(`${at(l)}.in_proj`, hidden, 3 * hidden, false)
    const added = { q: `${at(l)}.q_bias`, v: `${at(l)}.v_bias` }
    return { ...plain, attention: { ...plain.attention, projection: { kind: 'perHead', qkv, added } } }
  }
  const distances = (relative: RelativePositions): RelativePositions => ({
    ...relative,
    layers: spec.layers.map((_, l) => ({
      key: types.includes('c2p') ? linear(`${at(l)}.pos_proj`, hidden, hidden, false) : null,
      query: types.includes('p2c') ? linear(`${at(l)}.pos_q_proj`, hidden, hidden, true) : null,
    })),
  })
  return { ...spec, layers: spec.layers.map(layer), relative: spec.relative && distances(spec.relative) }
}

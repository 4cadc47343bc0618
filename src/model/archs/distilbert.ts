import type { Checkpoint } from '../checkpoint.ts'
import { activation, baseConfig, count, headCount, layerCount, readConfig, width } from '../config.ts'
import type { EncoderSpec } from '../spec.ts'
import { encoderSpec, pretrainingHead } from './encoder.ts'
import { bodyPrefix, layerNorm, ownNames, tokenEmbedding } from './names.ts'
import { checkHeads, POSITION_BUFFERS, postNormLayer } from './post-norm.ts'

const distilbertConfig = baseConfig.extend({
  vocab_size: count.default(30_522),
  dim: width.default(768),
  n_layers: layerCount.default(6),
  n_heads: headCount.default(12),
  hidden_dim: count.default(3072),
  max_position_embeddings: count.default(512),
  activation: activation.default('gelu'),
})

/** DistilBertConfig's `attribute_map`. */
const ALIASES = { hidden_size: 'dim', num_attention_heads: 'n_heads', num_hidden_layers: 'n_layers' }

/** transformers writes it into the module, not into config.json. */
const EPSILON = 1e-12

/**
 * DistilBERT: BERT without token types. Sinusoidal positions (`sinusoidal_pos_embds`) are values of the same table, which the file has.
 * transformers: models/distilbert.
 */
export function distilbert(checkpoint: Checkpoint): EncoderSpec {
  const config = readConfig(distilbertConfig, ownNames(checkpoint, ALIASES))
  const { dim: hidden, n_heads: heads, max_position_embeddings: rows } = config
  checkHeads(checkpoint, 'n_heads', heads, hidden)
  const prefix = bodyPrefix(checkpoint, 'distilbert.', 'embeddings.word_embeddings.weight')
  const shape = { hidden, heads, inner: config.hidden_dim, act: config.activation, epsilon: EPSILON }
  return encoderSpec(config, {
    hidden,
    maxPositions: rows,
    embedding: {
      ...tokenEmbedding(`${prefix}embeddings.word_embeddings.weight`, hidden),
      positions: { name: `${prefix}embeddings.position_embeddings.weight`, rows, offset: 0, without: null },
      norm: layerNorm(`${prefix}embeddings.LayerNorm`, EPSILON),
    },
    layers: Array.from({ length: config.n_layers }, (_, l) => {
      const at = `${prefix}transformer.layer.${l}`
      return postNormLayer(shape, {
        q: `${at}.attention.q_lin`,
        k: `${at}.attention.k_lin`,
        v: `${at}.attention.v_lin`,
        out: `${at}.attention.out_lin`,
        attentionNorm: `${at}.sa_layer_norm`,
        up: `${at}.ffn.lin1`,
        down: `${at}.ffn.lin2`,
        mlpNorm: `${at}.output_layer_norm`,
      })
    }),
    ignored: [...POSITION_BUFFERS, pretrainingHead(/^vocab_(transform|layer_norm|projector)\./)],
  })
}

import type { Checkpoint } from '../checkpoint.ts'
import { count, headCount, readConfig, width } from '../config.ts'
import type { EncoderSpec } from '../spec.ts'
import { pretrainingHead } from './encoder.ts'
import { bodyPrefix } from './names.ts'
import { bertConfig, bertLike } from './post-norm.ts'

const electraConfig = bertConfig.extend({
  vocab_size: count.default(30_522),
  embedding_size: width.default(128),
  hidden_size: width.default(256),
  num_attention_heads: headCount.default(4),
  intermediate_size: count.default(1024),
})

/** ELECTRA: BERT whose embeddings may be narrower than its hidden states. transformers: models/electra. */
export function electra(checkpoint: Checkpoint): EncoderSpec {
  const config = readConfig(electraConfig, checkpoint)
  const prefix = bodyPrefix(checkpoint, 'electra.', 'embeddings.word_embeddings.weight')
  const { embedding_size: width, hidden_size: hidden } = config
  return bertLike(checkpoint, config, {
    prefix,
    width,
    projection: width === hidden ? null : `${prefix}embeddings_project`,
    ignored: [pretrainingHead(/^(discriminator_predictions|generator_predictions|generator_lm_head)\./)],
  })
}

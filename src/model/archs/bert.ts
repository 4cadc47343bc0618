import type { Checkpoint } from '../checkpoint.ts'
import { readConfig } from '../config.ts'
import type { EncoderSpec } from '../spec.ts'
import { pretrainingHead } from './encoder.ts'
import { bodyPrefix } from './names.ts'
import { bertConfig, bertLike } from './post-norm.ts'

/** BERT: learned positions, token types, a norm after every block. transformers: models/bert. */
export function bert(checkpoint: Checkpoint): EncoderSpec {
  const prefix = bodyPrefix(checkpoint, 'bert.', 'embeddings.word_embeddings.weight')
  return bertLike(checkpoint, readConfig(bertConfig, checkpoint), { prefix, ignored: PRETRAINING })
}

const PRETRAINING = [pretrainingHead(/^cls\.(predictions|seq_relationship)\./)]

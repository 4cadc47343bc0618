import { z } from 'zod'
import type { Checkpoint } from '../checkpoint.ts'
import { count, readConfig } from '../config.ts'
import type { EncoderSpec } from '../spec.ts'
import { pretrainingHead } from './encoder.ts'
import { bodyPrefix } from './names.ts'
import { bertConfig, bertLike } from './post-norm.ts'

const robertaConfig = bertConfig.extend({
  vocab_size: count.default(50_265),
  pad_token_id: z.int().nonnegative().default(1),
})

/**
 * RoBERTa, XLM-RoBERTa and CamemBERT: BERT with positions that begin behind the pad token's id and are counted over the other tokens, so that a
 * pad token inside a text takes none. transformers: models/roberta, create_position_ids_from_input_ids.
 */
export function roberta(checkpoint: Checkpoint): EncoderSpec {
  const config = readConfig(robertaConfig, checkpoint)
  const pad = config.pad_token_id
  return bertLike(checkpoint, config, {
    prefix: bodyPrefix(checkpoint, 'roberta.', 'embeddings.word_embeddings.weight'),
    counting: { offset: pad + 1, without: pad },
    ignored: [
      { pattern: /^(roberta\.)?pooler\.dense\./, reason: 'a pooler that the classification head does not read' },
      pretrainingHead(/^lm_head\./),
    ],
  })
}

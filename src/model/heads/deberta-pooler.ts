import { z } from 'zod'
import { linear } from '../archs/names.ts'
import { ACTIVATIONS, activation, count, readConfig } from '../config.ts'
import { denseHead, isOf } from './dense.ts'

const config = z.object({
  pooler_hidden_act: activation.default('gelu'),
  pooler_hidden_size: count.optional(),
})

/** logits = classifier(act(pooler(h))) of the first token. transformers: models/deberta and deberta_v2, ContextPooler. */
export const debertaPooler = denseHead(
  'deberta-pooler',
  isOf(['deberta', 'deberta-v2'], 'pooler.dense.weight'),
  (checkpoint, { hidden }) => {
    const { pooler_hidden_act, pooler_hidden_size = hidden } = readConfig(config, checkpoint)
    return {
      dense: linear('pooler.dense', hidden, pooler_hidden_size, true),
      act: ACTIVATIONS[pooler_hidden_act],
      norm: null,
      last: 'classifier',
      reads: 'first',
    }
  },
)

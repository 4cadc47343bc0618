import { linear } from '../archs/names.ts'
import { denseHead, isOf } from './dense.ts'

/**
 * RoBERTa's and ELECTRA's: logits = out_proj(act(dense(h))) of the first token, with tanh in RoBERTa and GELU in ELECTRA.
 * transformers: RobertaClassificationHead, ElectraClassificationHead.
 */
export const encoderClassifier = denseHead(
  'encoder-classifier',
  isOf(['camembert', 'roberta', 'xlm-roberta', 'electra'], 'classifier.out_proj.weight'),
  ({ config }, { hidden }) => ({
    dense: linear('classifier.dense', hidden, hidden, true),
    act: config.model_type === 'electra' ? 'gelu' : 'tanh',
    norm: null,
    last: 'classifier.out_proj',
    reads: 'first',
  }),
)

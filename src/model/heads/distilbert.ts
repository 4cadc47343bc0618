import { linear } from '../archs/names.ts'
import { denseHead, isOf } from './dense.ts'

/** logits = classifier(relu(pre_classifier(h))) of the first token. transformers: DistilBertForSequenceClassification. */
export const distilbertClassifier = denseHead(
  'distilbert',
  isOf(['distilbert'], 'pre_classifier.weight'),
  (_, { hidden }) => ({
    dense: linear('pre_classifier', hidden, hidden, true),
    act: 'relu',
    norm: null,
    last: 'classifier',
    reads: 'first',
  }),
)

import { z } from 'zod'
import { modernbertNorm } from '../archs/modernbert.ts'
import { linear } from '../archs/names.ts'
import { ACTIVATIONS, activation, readConfig } from '../config.ts'
import { denseHead, isOf } from './dense.ts'

const config = z.object({
  classifier_pooling: z.enum(['cls', 'mean']).default('cls'),
  classifier_bias: z.boolean().default(false),
  classifier_activation: activation.default('gelu'),
  norm_eps: z.number().nonnegative().default(1e-5),
  norm_bias: z.boolean().default(false),
})

/**
 * logits = classifier(norm(act(dense(h)))) of the first token or of the mean over all, as `classifier_pooling` says.
 * transformers: ModernBertForSequenceClassification.
 */
export const modernbertClassifier = denseHead(
  'modernbert',
  isOf(['modernbert'], 'head.dense.weight'),
  (checkpoint, { hidden }) => {
    const settings = readConfig(config, checkpoint)
    return {
      dense: linear('head.dense', hidden, hidden, settings.classifier_bias),
      act: ACTIVATIONS[settings.classifier_activation],
      norm: modernbertNorm('head.norm', settings),
      last: 'classifier',
      reads: settings.classifier_pooling === 'mean' ? 'mean' : 'first',
    }
  },
)

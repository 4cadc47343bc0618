import { ModelError } from '../../errors.ts'
import { firstArchitecture } from '../config.ts'
import { linear } from '../ops.ts'
import { BOTH_BOS, CAUSAL_HEAD_UNREAD, type Head, type OpenHead, PLAIN_TEXT } from './head.ts'
import { giveScores, layerOf, widened } from './layers.ts'
import { lastToken } from './places.ts'
import { giveStepScores, noSteps, STEP_LABELS } from './process-head.ts'

/**
 * transformers' …ForTokenClassification, W h + b. With two labels it is a process reward model as TRL's PRMTrainer trains one, read at the
 * end of the separator behind each step; with one it is verl's reward model, read at the last token.
 */
export const tokenClassification: Head = {
  name: 'token-classification',
  kind: 'head',
  claims: (checkpoint) =>
    checkpoint.tensors.has('score.weight') &&
    (firstArchitecture(checkpoint)?.endsWith('ForTokenClassification') ?? false),
  open(checkpoint, { hidden }): OpenHead {
    const head = layerOf(checkpoint, 'score', hidden)
    const common = {
      name: 'token-classification',
      kind: 'head',
      rowsPerOutput: 1,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
    } as const
    if (head.outputs === 1)
      return {
        ...common,
        labels: ['reward'],
        text: PLAIN_TEXT,
        reads: lastToken,
        graph: (builder, x) => giveScores(builder, linear(builder, widened(builder, x), head, 'float')),
      }
    if (head.outputs !== 2)
      throw new ModelError(
        `classifies tokens into ${head.outputs} labels: which of them is a right step is not known`,
        checkpoint.dir,
        'Two labels are read as a process reward model (wrong, right), one as a reward.',
      )
    return {
      ...common,
      labels: STEP_LABELS,
      text: BOTH_BOS,
      reads: () => noSteps('step that is not blank'),
      notes: [
        'read as a process reward model of TRL, which is trained on texts without a chat template (--chat-template raw), a line break behind each step (--step-separator)',
      ],
      steps: { mark: null, separator: '\n' },
      graph: (builder, x) => giveStepScores(builder, linear(builder, widened(builder, x), head, 'float')),
    }
  },
}

import { ModelError } from '../../errors.ts'
import { firstArchitecture } from '../config.ts'
import { BOTH_BOS, CAUSAL_HEAD_UNREAD, type Head, type HeadText, PLAIN_TEXT } from './head.ts'
import { giveScores, onlyOne, sequence, sequenceOf, widened } from './layers.ts'
import { beforeFirstPad } from './places.ts'

/** How each class has its texts prepared. The activation is not in the files: that of another class is not known. */
const CLASSES: Readonly<Record<string, HeadText>> = {
  /** INF-ORM (rewardbench/models/inform.py). */
  INFORMForSequenceClassification: PLAIN_TEXT,
  /** Qwen2.5-Math-RM, WorldPM (modeling_qwen2_rm.py); WorldPM's pipeline adds no special tokens. */
  Qwen2ForRewardModel: { ...BOTH_BOS, addSpecialTokens: false },
}

/** score = W₂ ReLU(W₁ h + b₁) + b₂ at the token before the first pad id; with pad = EOS that is the end of the first turn. */
export const mlpScore: Head = {
  name: 'mlp-score',
  kind: 'head',
  claims: ({ tensors }) => tensors.has('score.0.weight'),
  open(checkpoint, { hidden }) {
    const said = firstArchitecture(checkpoint)
    const text = said === null ? undefined : CLASSES[said]
    if (text === undefined)
      throw new ModelError(
        `has an MLP as its head (tensors "score.0.weight" …), and config.json says ${said ?? 'no architecture'}: its activation and the token that it reads are not in the files`,
        checkpoint.dir,
        `Known: ${Object.keys(CLASSES).join(', ')}.`,
      )
    const layers = sequenceOf(checkpoint, 'score', hidden, 2)
    onlyOne(checkpoint, layers.at(-1)!)
    return {
      name: 'mlp-score',
      kind: 'head',
      labels: ['reward'],
      text,
      reads: beforeFirstPad,
      rowsPerOutput: 1,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
      graph(builder, x) {
        const relu = (y: string): string => builder.graph.op('Relu', [y])
        giveScores(builder, sequence(builder, widened(builder, x), layers, relu))
      },
    }
  },
}

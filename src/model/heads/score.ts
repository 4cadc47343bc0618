import { linear as linearOf } from '../archs/names.ts'
import { linear } from '../ops.ts'
import type { Linear } from '../spec.ts'
import { castFrom } from '../weights.ts'
import { type Head, labelsOf, PLAIN_TEXT } from './head.ts'

const WEIGHT = 'score.weight'

/** transformers' …ForSequenceClassification of decoders: scores = W h, a number per label. A bias in the file is used. */
export const score: Head = {
  name: 'score',
  kind: 'head',
  claims: ({ tensors }) => tensors.has(WEIGHT),
  open(checkpoint, { hidden }) {
    const labels = labelsOf(checkpoint, WEIGHT)
    const head: Linear = {
      ...linearOf('score', hidden, labels.length, false),
      bias: { name: 'score.bias', optional: true },
    }
    return {
      name: 'score',
      kind: 'head',
      labels,
      text: PLAIN_TEXT,
      reads: null,
      rowsPerOutput: 1,
      width: 0,
      ignored: [
        { pattern: /^lm_head\.(weight|bias)$/, reason: 'the causal head; the classification head is read instead' },
      ],
      graph(builder, x) {
        const { graph, type } = builder
        const wide = castFrom(graph, x, type, 'float')
        graph.output('scores', 'float', ['rows', 'labels'], linear(builder, wide, head, 'float'))
      },
    }
  },
}

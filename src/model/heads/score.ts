import { ModelError } from '../../errors.ts'
import { linear as linearOf } from '../archs/names.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { labelConfig, readConfig } from '../config.ts'
import { linear } from '../ops.ts'
import type { Linear } from '../spec.ts'
import { castFrom } from '../weights.ts'
import { type Head, PLAIN_TEXT } from './head.ts'

const WEIGHT = 'score.weight'

/** transformers' …ForSequenceClassification of decoders: scores = W h, a number per label. A bias in the file is used. */
export const score: Head = {
  name: 'score',
  kind: 'head',
  claims: ({ tensors }) => tensors.has(WEIGHT),
  open(checkpoint, { hidden }) {
    const outputs = checkpoint.tensors.get(WEIGHT)?.shape[0] ?? 0
    const head: Linear = {
      ...linearOf('score', hidden, outputs, false),
      bias: { name: 'score.bias', optional: true },
    }
    return {
      name: 'score',
      kind: 'head',
      labels: labelsOf(checkpoint, outputs),
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

/** Label names in the head's order; LABEL_i where config.json names none. */
function labelsOf(checkpoint: Checkpoint, outputs: number): readonly string[] {
  const { id2label, num_labels } = readConfig(labelConfig, checkpoint)
  const named = id2label
    ? Object.entries(id2label)
        .sort(([a], [b]) => Number(a) - Number(b))
        .map(([, name]) => name)
    : null
  const labels = named ?? Array.from({ length: num_labels ?? outputs }, (_, i) => `LABEL_${i}`)
  if (labels.length !== outputs)
    throw new ModelError(
      `"${WEIGHT}" gives ${outputs} values, config.json names ${labels.length} labels: ${labels.slice(0, 8).join(', ')}`,
      checkpoint.dir,
    )
  return labels
}

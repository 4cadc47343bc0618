import { linear as linearOf } from '../archs/names.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { activate, linear } from '../ops.ts'
import { castFrom } from '../weights.ts'
import { type Head, labelsOf, PLAIN_TEXT } from './head.ts'

const CLASSIFIER = 'classifier.weight'
const POOLER = /^([a-z_]+\.)?pooler\.dense\.weight$/

/** BERT's: logits = classifier(tanh(pooler(h))) of the first token. transformers: models/bert, BertPooler. */
export const bertPooler: Head = {
  name: 'bert-pooler',
  kind: 'head',
  claims: (checkpoint) =>
    checkpoint.config.model_type === 'bert' && checkpoint.tensors.has(CLASSIFIER) && poolerOf(checkpoint) !== null,
  open(checkpoint, { hidden }) {
    const labels = labelsOf(checkpoint, CLASSIFIER)
    const pooler = linearOf(poolerOf(checkpoint)!, hidden, hidden, true)
    const classifier = linearOf('classifier', hidden, labels.length, true)
    return {
      name: 'bert-pooler',
      kind: 'head',
      labels,
      text: PLAIN_TEXT,
      reads: () => Int32Array.of(0),
      rowsPerOutput: 1,
      width: 0,
      ignored: [],
      graph(builder, x) {
        const { graph, type } = builder
        const pooled = activate(graph, linear(builder, castFrom(graph, x, type, 'float'), pooler, 'float'), 'tanh')
        graph.output('scores', 'float', ['rows', 'labels'], linear(builder, pooled, classifier, 'float'))
      },
    }
  },
}

function poolerOf({ tensors }: Checkpoint): string | null {
  const name = [...tensors.keys()].find((key) => POOLER.test(key))
  return name?.slice(0, -'.weight'.length) ?? null
}

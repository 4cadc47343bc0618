import { ModelError } from '../../errors.ts'
import { linear } from '../ops.ts'
import { CAUSAL_HEAD_UNREAD, type Head, PLAIN_TEXT } from './head.ts'
import { giveRaw, giveScores, layerOf, sequence, sequenceOf, sumOfRow, widened } from './layers.ts'

/**
 * URM (Lou et al. 2024, arXiv:2410.00847; LlamaForSequenceClassificationWithNormal_Weights): `score` gives mean and log-variance of every
 * attribute in turn; score = Σ mean · weight, the weights from an MLP with SELU over the same token.
 */
export const urm: Head = {
  name: 'urm',
  kind: 'head',
  claims: ({ tensors }) => tensors.has('score.weight') && tensors.has('weights.fc.0.weight'),
  open(checkpoint, { hidden }) {
    const attributes = layerOf(checkpoint, 'score', hidden)
    const weighting = sequenceOf(checkpoint, 'weights.fc', hidden, 2)
    const count = weighting.at(-1)!.outputs
    if (attributes.outputs !== 2 * count)
      throw new ModelError(
        `"${attributes.weight}" has ${attributes.outputs} rows; ${count} weights ask for ${2 * count}: a mean and a log-variance each`,
        checkpoint.dir,
      )
    return {
      name: 'urm',
      kind: 'head',
      labels: ['reward'],
      text: PLAIN_TEXT,
      reads: null,
      raw: [
        { name: 'attribute', count },
        { name: 'weight', count },
      ],
      rowsPerOutput: 1,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
      graph(builder, x) {
        const { graph } = builder
        const wide = widened(builder, x)
        const even = graph.ints(Array.from({ length: count }, (_, i) => 2 * i))
        const means = graph.op('Gather', [linear(builder, wide, attributes, 'float'), even], { axis: 1 })
        const shares = sequence(builder, wide, weighting, (y) => graph.op('Selu', [y]))
        giveScores(builder, sumOfRow(builder, graph.op('Mul', [means, shares])))
        giveRaw(builder, { attribute: means, weight: shares })
      },
    }
  },
}

import { linear } from '../ops.ts'
import { BOTH_BOS, CAUSAL_HEAD_UNREAD, type Head } from './head.ts'
import { giveScores, layerOf, onlyOne, widened } from './layers.ts'
import { lastToken } from './places.ts'

/** UltraRM (LlamaRewardModel of openbmb; Cui et al. 2023, arXiv:2310.01377) and Eurus (EurusRewardModel): score = w h at the last token. */
export const regressionHead: Head = {
  name: 'regression-head',
  kind: 'head',
  claims: ({ tensors }) => tensors.has('regression_head.weight'),
  open(checkpoint, { hidden }) {
    const head = layerOf(checkpoint, 'regression_head', hidden)
    onlyOne(checkpoint, head)
    return {
      name: 'regression-head',
      kind: 'head',
      labels: ['reward'],
      text: BOTH_BOS,
      reads: lastToken,
      rowsPerOutput: 1,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
      graph: (builder, x) => giveScores(builder, linear(builder, widened(builder, x), head, 'float')),
    }
  },
}

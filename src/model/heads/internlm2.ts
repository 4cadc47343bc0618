import { z } from 'zod'
import { linear as linearOf } from '../archs/names.ts'
import { readConfig } from '../config.ts'
import { linear } from '../ops.ts'
import { castFrom } from '../weights.ts'
import type { Head } from './head.ts'

const rewardConfig = z.object({ reward_token_id: z.int().nonnegative() })

/**
 * InternLM2ForRewardModel (modeling_internlm2.py of internlm/internlm2-7b-reward): score = w h at the reward token, which its own pipeline
 * (`get_score`) appends to the text; the tokenizer's special tokens are not added, and both of two BOS count there.
 */
export const internlm2: Head = {
  name: 'internlm2',
  kind: 'head',
  claims: ({ tensors, config }) => tensors.has('v_head.weight') && config.model_type === 'internlm2',
  open(checkpoint, { hidden }) {
    const { reward_token_id: rewardToken } = readConfig(rewardConfig, checkpoint)
    return {
      name: 'internlm2',
      kind: 'head',
      labels: ['reward'],
      text: { addSpecialTokens: false, appendId: rewardToken, hermDoubleBos: 'keep' },
      reads: (ids) => Int32Array.of(ids.length - 1),
      rowsPerOutput: 1,
      width: 0,
      ignored: [],
      graph(builder, x) {
        const wide = castFrom(builder.graph, x, builder.type, 'float')
        const scores = linear(builder, wide, linearOf('v_head', hidden, 1, false), 'float')
        builder.graph.output('scores', 'float', ['rows', 'labels'], scores)
      },
    }
  },
}

import { z } from 'zod'
import { readConfig } from '../config.ts'
import { linear } from '../ops.ts'
import { CAUSAL_HEAD_UNREAD, type Head, PLAIN_TEXT } from './head.ts'
import { giveScores, layerOf, onlyOne, widened } from './layers.ts'
import { lastToken } from './places.ts'

/** The class's `mean` fails where a mask is passed, as its own pipeline does: what it means is not known. */
const oasstConfig = z.object({ pooling: z.literal('last').default('last') })

/** OpenAssistant's GPTNeoXRewardModel (oasst-rm-2.1-pythia…): score = w h + b at the last token. */
export const oasst: Head = {
  name: 'oasst',
  kind: 'head',
  claims: ({ tensors, config }) => tensors.has('out_proj.weight') && config.model_type === 'gpt_neox_reward_model',
  open(checkpoint, { hidden }) {
    readConfig(oasstConfig, checkpoint)
    const head = layerOf(checkpoint, 'out_proj', hidden)
    onlyOne(checkpoint, head)
    return {
      name: 'oasst',
      kind: 'head',
      labels: ['reward'],
      text: PLAIN_TEXT,
      reads: lastToken,
      rowsPerOutput: 1,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
      graph: (builder, x) => giveScores(builder, linear(builder, widened(builder, x), head, 'float')),
    }
  },
}

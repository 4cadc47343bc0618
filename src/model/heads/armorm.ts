import { z } from 'zod'
import { readConfig } from '../config.ts'
import { linear } from '../ops.ts'
import { hasBatchNorm, isGated, mixed, pairs, REGRESSION, turnAndEnd } from './gated.ts'
import { BOTH_BOS, CAUSAL_HEAD_UNREAD, type Head, type OpenHead } from './head.ts'
import { giveRaw, giveScores, layerOf, sequence, sequenceOf } from './layers.ts'

const armoConfig = z.object({
  gating_temperature: z.number().positive().default(10),
  num_quantiles: z.null().optional(),
})

/**
 * ArmoRM (Wang et al. 2024, arXiv:2406.12845; modeling_custom.py of RLHFlow/ArmoRM-Llama3-8B-v0.1): r = R h at the last token, one number
 * per objective; the gate is a row of Linear and ReLU over h at the assistant's turn. Its raw outputs are r, before M, and g.
 */
export const armorm: Head = {
  name: 'armorm',
  kind: 'head',
  claims: (checkpoint) => isGated(checkpoint) && !hasBatchNorm(checkpoint),
  open(checkpoint, { hidden }): OpenHead {
    const { gating_temperature: temperature } = readConfig(armoConfig, checkpoint)
    const regression = layerOf(checkpoint, REGRESSION, hidden)
    const gate = sequenceOf(checkpoint, 'gating.layers', hidden, 1)
    return {
      name: 'armorm',
      kind: 'head',
      labels: ['reward'],
      text: BOTH_BOS,
      reads: turnAndEnd,
      raw: [
        { name: 'objective', count: regression.outputs },
        { name: 'gate', count: regression.outputs },
      ],
      rowsPerOutput: 2,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
      graph(builder, x) {
        const [atTurn, atEnd] = pairs(builder, x, hidden)
        const rewards = linear(builder, atEnd, regression, 'float')
        const logits = sequence(builder, atTurn, gate, (y) => builder.graph.op('Relu', [y]))
        const { score, gates } = mixed(builder, rewards, logits, regression.outputs, temperature)
        giveScores(builder, score)
        giveRaw(builder, { objective: rewards, gate: gates })
      },
    }
  },
}

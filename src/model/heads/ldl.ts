import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import { readConfig } from '../config.ts'
import { CAUSAL_HEAD_UNREAD, type Head, PLAIN_TEXT } from './head.ts'
import { giveRaw, giveScores, sequence, sequenceOf, sumOfRow, widened } from './layers.ts'
import { beforeFirstPad } from './places.ts'

/** Bins of every attribute's distribution, from 0 to 1. */
const BINS = 10

const ldlConfig = z.object({ softmax: z.boolean().nullish(), temperature: z.number().positive().nullish() })

/**
 * LDL-Reward (rewardbench/models/ldlreward.py): P = softmax over the bins of MLP(h), [attributes, 10]; w = MLP(h), its softmax only where
 * config.json says `softmax`; score = Σ_b b/9 · (w P)_b. Its pipeline drops the first of two BOS, which for rotary positions is to mask it.
 */
export const ldl: Head = {
  name: 'ldl',
  kind: 'head',
  claims: ({ tensors }) =>
    tensors.has('regression_layer.network.0.weight') && tensors.has('gating_layer.network.0.weight'),
  open(checkpoint, { hidden }) {
    const { softmax, temperature } = readConfig(ldlConfig, checkpoint)
    const regression = sequenceOf(checkpoint, 'regression_layer.network', hidden, 2)
    const gating = sequenceOf(checkpoint, 'gating_layer.network', hidden, 3)
    const [values, attributes] = [regression.at(-1)!.outputs, gating.at(-1)!.outputs]
    if (values !== BINS * attributes)
      throw new ModelError(
        `the regression gives ${values} values and the gate ${attributes} weights; ${BINS} bins for each weight are expected`,
        checkpoint.dir,
      )
    return {
      name: 'ldl',
      kind: 'head',
      labels: ['reward'],
      text: PLAIN_TEXT,
      reads: beforeFirstPad,
      raw: [
        { name: 'weight', count: attributes },
        { name: 'bin', count: BINS },
      ],
      rowsPerOutput: 1,
      width: 0,
      ignored: [CAUSAL_HEAD_UNREAD],
      graph(builder, x) {
        const { graph } = builder
        const wide = widened(builder, x)
        const leaky = (y: string): string => graph.op('LeakyRelu', [y], { alpha: { float: 0.01 } })
        const bins = graph.op('Reshape', [
          sequence(builder, wide, regression, leaky),
          graph.ints([-1, attributes, BINS]),
        ])
        const distributions = graph.op('Softmax', [bins], { axis: -1 })
        const logits = sequence(builder, wide, gating, leaky)
        const weights = softmax
          ? graph.op('Softmax', [graph.op('Div', [logits, graph.float(temperature ?? 1)])], { axis: -1 })
          : logits
        const row = graph.op('Unsqueeze', [weights, graph.ints([1])])
        const total = graph.op('Squeeze', [graph.op('MatMul', [row, distributions]), graph.ints([1])])
        const grid = graph.inline(
          'ldl_grid',
          [BINS],
          Float32Array.from({ length: BINS }, (_, b) => b / (BINS - 1)),
        )
        giveScores(builder, sumOfRow(builder, graph.op('Mul', [total, grid])))
        giveRaw(builder, { weight: weights, bin: total })
      },
    }
  },
}

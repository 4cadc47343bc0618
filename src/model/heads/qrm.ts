import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import { count, readConfig } from '../config.ts'
import type { Value } from '../graph.ts'
import { type Builder, linear } from '../ops.ts'
import { hasBatchNorm, isGated, mixed, mixing, pairs, REGRESSION, turnAndEnd } from './gated.ts'
import { CAUSAL_HEAD_UNREAD, type Head, PLAIN_TEXT } from './head.ts'
import { giveRaw, giveScores, layerOf, rowsOf, sequence, sequenceOf } from './layers.ts'

const qrmConfig = z.object({ num_quantiles: count, gating_temperature: z.number().positive().default(10) })

/** torch.nn.BatchNorm1d's. */
const EPSILON = 1e-5

/**
 * QRM (Dorka 2024, arXiv:2409.10164; rewardbench/models/qrm.py): as ArmoRM, but R gives the quantiles of every objective's reward, row
 * objective · quantiles + quantile, whose mean is the objective's reward, and the gate is Linear, ReLU, BatchNorm (with running statistics).
 * Its raw outputs are r M, g and the quantiles of the score.
 */
export const qrm: Head = {
  name: 'qrm',
  kind: 'head',
  claims: (checkpoint) => isGated(checkpoint) && hasBatchNorm(checkpoint),
  open(checkpoint, { hidden }) {
    const { num_quantiles: quantiles, gating_temperature: temperature } = readConfig(qrmConfig, checkpoint)
    const objectives = rowsOf(checkpoint, 'reward_transform_matrix')
    const regression = layerOf(checkpoint, REGRESSION, hidden)
    if (regression.outputs !== objectives * quantiles)
      throw new ModelError(
        `"${regression.weight}" has ${regression.outputs} rows; ${objectives} objectives of ${quantiles} quantiles ("num_quantiles") are ${objectives * quantiles}`,
        checkpoint.dir,
      )
    const gate = sequenceOf(checkpoint, 'gating.layers', hidden, 3)
    return {
      name: 'qrm',
      kind: 'head',
      labels: ['reward'],
      text: PLAIN_TEXT,
      reads: turnAndEnd,
      raw: [
        { name: 'objective', count: objectives },
        { name: 'gate', count: objectives },
        { name: 'quantile', count: quantiles },
      ],
      rowsPerOutput: 2,
      width: 0,
      ignored: [
        CAUSAL_HEAD_UNREAD,
        { pattern: /^gating\.layers\.\d+\.num_batches_tracked$/, reason: 'a counter of training' },
      ],
      graph(builder, x) {
        const { graph } = builder
        const [atTurn, atEnd] = pairs(builder, x, hidden)
        const rows = linear(builder, atEnd, regression, 'float')
        const byObjective = graph.op('Reshape', [rows, graph.ints([-1, objectives, quantiles])])
        const rewards = graph.op('ReduceMean', [byObjective, graph.ints([2])], { keepdims: 0 })
        const logits = sequence(builder, atTurn, gate, (y, i) =>
          batchNorm(builder, graph.op('Relu', [y]), `gating.layers.${3 * i + 2}`, gate[i]!.outputs),
        )
        const { score, gates, transformed } = mixed(builder, rewards, logits, objectives, temperature)
        giveScores(builder, score)
        // [n, quantiles, objectives] M, then Σ over the objectives by their gates
        const byQuantile = graph.op('MatMul', [
          graph.op('Transpose', [byObjective], { perm: [0, 2, 1] }),
          mixing(builder, objectives),
        ])
        const gated = graph.op('MatMul', [byQuantile, graph.op('Unsqueeze', [gates, graph.ints([2])])])
        giveRaw(builder, {
          objective: transformed,
          gate: gates,
          quantile: graph.op('Squeeze', [gated, graph.ints([2])]),
        })
      },
    }
  },
}

/** [n, width] → (x − mean) / √(var + ε) · weight + bias, by the running statistics of the file. */
export function batchNorm({ graph, weights }: Builder, x: Value, name: string, width: number): Value {
  const of = (part: string): Value => weights.as('float', `${name}.${part}`, [width])
  const deviation = graph.op('Sqrt', [graph.op('Add', [of('running_var'), graph.float(EPSILON)])])
  const centred = graph.op('Div', [graph.op('Sub', [x, of('running_mean')]), deviation])
  return graph.op('Add', [graph.op('Mul', [centred, of('weight')]), of('bias')])
}

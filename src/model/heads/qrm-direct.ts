import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { count, readConfig } from '../config.ts'
import { linear } from '../ops.ts'
import type { Linear } from '../spec.ts'
import { GATE_SCALE, pairs, REGRESSION, turnAndEndOf, weightedByGate } from './gated.ts'
import { CAUSAL_HEAD_UNREAD, type Head, PLAIN_TEXT } from './head.ts'
import { giveRaw, giveScores, layerOf, sequence } from './layers.ts'
import { batchNorm } from './qrm.ts'

const config = z.object({
  num_objectives: count.optional(),
  num_quantiles: count.optional(),
  gating_temperature: z.number().positive().optional(),
})

/** Where the assistant's turn begins in Gemma's template; the gate reads the first token of its last occurrence. */
const GEMMA_TURN = '<end_of_turn>\n<start_of_turn>model\n'

/**
 * QRM for Gemma 2 (Dorka 2024, arXiv:2409.10164; nicolinho/QRM-Gemma-2-27B, whose tensors are named so): the quantiles of every objective's
 * reward, whose mean is the objective's, mixed by the gate alone: score = Σ gᵢ rᵢ, g = softmax(z / T) · scale. The gate is Linear, ReLU,
 * BatchNorm, dropout between them. T is 1 where config.json does not say it. Its raw outputs are r and g. Not QRM's for Llama 3: that has a
 * matrix between r and g (qrm.ts).
 */
export const qrmDirect: Head = {
  name: 'qrm-direct',
  kind: 'head',
  claims: ({ tensors }) =>
    tensors.has(GATE_SCALE) &&
    tensors.has(`${REGRESSION}.weight`) &&
    !tensors.has('reward_transform_matrix') &&
    tensors.has('gating.layers.2.running_mean'),
  open(checkpoint, { hidden, architecture }) {
    const said = readConfig(config, checkpoint)
    if (architecture !== 'gemma2')
      throw new ModelError(
        `has QRM's head without its matrix on a ${architecture}: what its code reads is known for Gemma 2 alone`,
        checkpoint.dir,
        'Known is nicolinho/QRM-Gemma-2-27B; of QRM for Llama those with the tensor "reward_transform_matrix".',
      )
    const { layers, norms } = gateOf(checkpoint, hidden)
    const objectives = layers.at(-1)!.outputs
    const regression = layerOf(checkpoint, REGRESSION, hidden)
    const quantiles = regression.outputs / objectives
    if (
      !Number.isInteger(quantiles) ||
      (said.num_objectives ?? objectives) !== objectives ||
      (said.num_quantiles ?? quantiles) !== quantiles
    )
      throw new ModelError(
        `"${regression.weight}" has ${regression.outputs} rows and the gate ${objectives} outputs: not ${said.num_objectives ?? objectives} objectives of ${said.num_quantiles ?? 'as many'} quantiles`,
        checkpoint.dir,
      )
    return {
      name: 'qrm-direct',
      kind: 'head',
      labels: ['reward'],
      text: PLAIN_TEXT,
      reads: turnAndEndOf(GEMMA_TURN),
      raw: [
        { name: 'objective', count: objectives },
        { name: 'gate', count: objectives },
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
        const logits = sequence(builder, atTurn, layers, (y, i) =>
          batchNorm(builder, graph.op('Relu', [y]), norms[i]!, layers[i]!.outputs),
        )
        const { score, gates } = weightedByGate(builder, rewards, logits, said.gating_temperature ?? 1)
        giveScores(builder, score)
        giveRaw(builder, { objective: rewards, gate: gates })
      },
    }
  },
}

/** The gate's linear layers and the names of the norms behind all but the last, in the order of their numbers. */
function gateOf(checkpoint: Checkpoint, hidden: number): { layers: readonly Linear[]; norms: readonly string[] } {
  const at = [...checkpoint.tensors.values()]
    .flatMap(({ name, shape }) => {
      const place = /^gating\.layers\.(\d+)\.weight$/.exec(name)?.[1]
      return place === undefined ? [] : [{ place: Number(place), isLinear: shape.length === 2 }]
    })
    .toSorted((a, b) => a.place - b.place)
  // Linear, BatchNorm, Linear, …, Linear
  if (at.length % 2 === 0 || at.some(({ isLinear }, i) => isLinear !== (i % 2 === 0)))
    throw new ModelError('has a gate whose layers are not Linear and BatchNorm by turns', checkpoint.dir)
  const nameOf = (i: number): string => `gating.layers.${at[i]!.place}`
  const layers: Linear[] = []
  let width = hidden
  for (let i = 0; i < at.length; i += 2) {
    const layer = layerOf(checkpoint, nameOf(i), width)
    layers.push(layer)
    width = layer.outputs
  }
  return { layers, norms: layers.slice(1).map((_, i) => nameOf(2 * i + 1)) }
}

import { z } from 'zod'
import { ModelError } from '../../errors.ts'
import { linear as linearOf } from '../archs/names.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { readConfig } from '../config.ts'
import type { Value } from '../graph.ts'
import { type Builder, linear } from '../ops.ts'
import type { Linear } from '../spec.ts'
import { castFrom } from '../weights.ts'
import { type Head, type OpenHead, PLAIN_TEXT } from './head.ts'

const SCALE = 'gating.logit_scale'
const MIXING = 'reward_transform_matrix'
const REGRESSION = 'regression_layer.weight'

const armoConfig = z.object({
  gating_temperature: z.number().positive().default(10),
  num_quantiles: z.null().optional(),
})

/** Where the assistant's turn begins in ArmoRM's template; the gate reads the first token of its last occurrence. */
const TURN = '<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n'

/**
 * ArmoRM (Wang et al. 2024, arXiv:2406.12845; modeling_custom.py of RLHFlow/ArmoRM-Llama3-8B-v0.1): r = R h at the last token, one number
 * per objective; g = softmax(MLP(h at the assistant's turn) / T) · scale; score = Σ g · (r M). The gate is a row of Linear and ReLU.
 */
export const armorm: Head = {
  name: 'armorm',
  kind: 'head',
  claims: ({ tensors }) =>
    [SCALE, MIXING, REGRESSION].every((name) => tensors.has(name)) && !tensors.has('gating.layers.2.running_mean'),
  open(checkpoint, { hidden }): OpenHead {
    const { gating_temperature: temperature } = readConfig(armoConfig, checkpoint)
    const objectives = checkpoint.tensors.get(REGRESSION)!.shape[0]!
    const gate = gateOf(checkpoint, hidden)
    return {
      name: 'armorm',
      kind: 'head',
      labels: ['reward'],
      text: { ...PLAIN_TEXT, hermDoubleBos: 'keep' },
      reads(ids, { padTokenId, encode }) {
        const turn = lastOf(ids, encode(TURN))
        if (turn === null)
          return {
            reason: 'no_assistant_turn',
            message: `the text has no ${JSON.stringify(TURN)}, where the gate reads`,
          }
        const pad = padTokenId === null ? -1 : ids.indexOf(padTokenId)
        return Int32Array.of(turn, pad <= 0 ? ids.length - 1 : pad - 1)
      },
      rowsPerOutput: 2,
      width: 0,
      ignored: [{ pattern: /^lm_head\.weight$/, reason: 'the causal head; the rewards are read instead' }],
      graph(builder, x) {
        const { graph, weights } = builder
        const [atTurn, atEnd] = pairs(builder, x, hidden)
        const rewards = linear(builder, atEnd, linearOf('regression_layer', hidden, objectives, false), 'float')
        const mixed = graph.op('MatMul', [rewards, weights.as('float', MIXING, [objectives, objectives])])
        const logits = gate.reduce((y, layer, i) => {
          const next = linear(builder, y, layer, 'float')
          return i === gate.length - 1 ? next : graph.op('Relu', [next])
        }, atTurn)
        const shares = graph.op('Softmax', [graph.op('Div', [logits, graph.float(temperature)])], { axis: -1 })
        const gates = graph.op('Mul', [shares, weights.as('float', SCALE, [1])])
        const score = graph.op('ReduceSum', [graph.op('Mul', [gates, mixed]), graph.ints([1])], { keepdims: 1 })
        graph.output('scores', 'float', ['rows', 'labels'], score)
      },
    }
  },
}

/** [2 · n, hidden], two places per text → the first of each and the second of each, [n, hidden], in float32. */
function pairs({ graph, type }: Builder, x: Value, hidden: number): readonly [Value, Value] {
  const grouped = graph.op('Reshape', [castFrom(graph, x, type, 'float'), graph.ints([-1, 2, hidden])])
  const at = (place: number): Value => graph.op('Gather', [grouped, graph.int(place)], { axis: 1 })
  return [at(0), at(1)]
}

/** gating.layers.0 … as they stand in the file; their widths chain from hidden to the objectives. */
function gateOf({ tensors, dir }: Checkpoint, hidden: number): readonly Linear[] {
  const layers: Linear[] = []
  for (let inputs = hidden, i = 0; tensors.has(`gating.layers.${i}.weight`); i++) {
    const name = `gating.layers.${i}`
    const outputs = tensors.get(`${name}.weight`)!.shape[0]!
    layers.push(linearOf(name, inputs, outputs, true))
    inputs = outputs
  }
  if (layers.length === 0) throw new ModelError('has a gate without layers (tensor "gating.layers.0.weight")', dir)
  return layers
}

/** Where the last occurrence of a pattern begins. */
function lastOf(ids: Int32Array, pattern: Int32Array): number | null {
  for (let at = ids.length - pattern.length; at >= 0; at--) if (pattern.every((id, i) => ids[at + i] === id)) return at
  return null
}

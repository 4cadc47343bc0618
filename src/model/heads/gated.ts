import type { Checkpoint } from '../checkpoint.ts'
import type { Value } from '../graph.ts'
import type { Builder } from '../ops.ts'
import type { Reads } from './head.ts'
import { sumOfRow, widened } from './layers.ts'
import { beforeFirst } from './places.ts'

/**
 * What ArmoRM and QRM share: rewards of several objectives at the end of the text, mixed by a gate that reads where the assistant's
 * turn begins: score = Σ gᵢ (r M)ᵢ with g = softmax(z / T) · scale.
 */
export const GATE_SCALE = 'gating.logit_scale'
const MIXING = 'reward_transform_matrix'
export const REGRESSION = 'regression_layer'

/** The matrix M. [objectives, objectives] */
export const mixing = ({ weights }: Builder, objectives: number): Value =>
  weights.as('float', MIXING, [objectives, objectives])

/** Whether a checkpoint has the tensors of a gated head. */
export const isGated = ({ tensors }: Checkpoint): boolean =>
  [GATE_SCALE, MIXING, `${REGRESSION}.weight`].every((name) => tensors.has(name))

/** Which of the two it is: the layers of QRM's gate are followed by BatchNorm. */
export const hasBatchNorm = ({ tensors }: Checkpoint): boolean => tensors.has('gating.layers.2.running_mean')

/** Where the assistant's turn begins in Llama 3's template; the gate reads the first token of its last occurrence. */
const TURN = '<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n'

/** The assistant's turn, which begins with these tokens, then the token before the first pad id. */
export const turnAndEndOf =
  (begins: string): Reads =>
  (ids, { padTokenId, encode }) => {
    const turn = lastOf(ids, encode(begins))
    if (turn === null)
      return {
        reason: 'no_assistant_turn',
        message: `the text has no ${JSON.stringify(begins)}, where the gate reads`,
      }
    return Int32Array.of(turn, beforeFirst(ids, padTokenId))
  }
export const turnAndEnd = turnAndEndOf(TURN)

/** [2 · n, hidden], two places per text → the first of each and the second of each, [n, hidden], in float32. */
export function pairs(builder: Builder, x: Value, hidden: number): readonly [Value, Value] {
  const { graph } = builder
  const grouped = graph.op('Reshape', [widened(builder, x), graph.ints([-1, 2, hidden])])
  const at = (place: number): Value => graph.op('Gather', [grouped, graph.int(place)], { axis: 1 })
  return [at(0), at(1)]
}

/**
 * @param rewards [n, objectives], at the end of the text
 * @param logits [n, objectives], of the gate
 * @returns the score [n, 1]; g and r M [n, objectives]
 */
export function mixed(
  builder: Builder,
  rewards: Value,
  logits: Value,
  objectives: number,
  temperature: number,
): { readonly score: Value; readonly gates: Value; readonly transformed: Value } {
  const transformed = builder.graph.op('MatMul', [rewards, mixing(builder, objectives)])
  return { ...weightedByGate(builder, transformed, logits, temperature), transformed }
}

/** Σ gᵢ rᵢ [n, 1], and g. */
export function weightedByGate(
  builder: Builder,
  rewards: Value,
  logits: Value,
  temperature: number,
): { readonly score: Value; readonly gates: Value } {
  const { graph, weights } = builder
  const shares = graph.op('Softmax', [graph.op('Div', [logits, graph.float(temperature)])], { axis: -1 })
  const gates = graph.op('Mul', [shares, weights.as('float', GATE_SCALE, [1])])
  return { score: sumOfRow(builder, graph.op('Mul', [gates, rewards])), gates }
}

/** Where the last occurrence of a pattern begins. */
function lastOf(ids: Int32Array, pattern: Int32Array): number | null {
  for (let at = ids.length - pattern.length; at >= 0; at--) if (pattern.every((id, i) => ids[at + i] === id)) return at
  return null
}

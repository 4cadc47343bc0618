import { ModelError } from '../../errors.ts'
import { linear as linearOf } from '../archs/names.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { Value } from '../graph.ts'
import { type Builder, linear } from '../ops.ts'
import type { Linear } from '../spec.ts'
import { castFrom } from '../weights.ts'

/** What heads are made of. All of them compute in float32. */

/** [rows, hidden] in the type that the graph computes with → float32. */
export const widened = ({ graph, type }: Builder, x: Value): Value => castFrom(graph, x, type, 'float')

/** torch.nn.Linear `name` as it stands in the file: as many outputs as its weight has rows, a bias where the file has one. */
export const layerOf = (checkpoint: Checkpoint, name: string, inputs: number): Linear => ({
  ...linearOf(name, inputs, rowsOf(checkpoint, `${name}.weight`), false),
  bias: { name: `${name}.bias`, optional: true },
})

/** Rows of a tensor of the file; 0 where it has none, which no graph takes. */
export const rowsOf = ({ tensors }: Checkpoint, name: string): number => tensors.get(name)?.shape[0] ?? 0

/**
 * A torch.nn.Sequential of linear layers `name.0`, `name.<step>` … as they stand in the file, what lies between them having no weights;
 * widths chain from `inputs`. @throws ModelError where there is none
 */
export function sequenceOf(checkpoint: Checkpoint, name: string, inputs: number, step: number): readonly Linear[] {
  const layers: Linear[] = []
  for (let width = inputs, i = 0; checkpoint.tensors.has(`${name}.${i}.weight`); i += step) {
    const layer = layerOf(checkpoint, `${name}.${i}`, width)
    layers.push(layer)
    width = layer.outputs
  }
  if (layers.length === 0) throw new ModelError(`has no tensor "${name}.0.weight"`, checkpoint.dir)
  return layers
}

/** [rows, inputs] → [rows, outputs], with `between` after every layer but the last. */
export function sequence(
  builder: Builder,
  x: Value,
  layers: readonly Linear[],
  between: (y: Value, layer: number) => Value,
): Value {
  return layers.reduce((y, layer, i) => {
    const next = linear(builder, y, layer, 'float')
    return i === layers.length - 1 ? next : between(next, i)
  }, x)
}

/** The scores of a head, [rows, labels], float32. */
export function giveScores({ graph }: Builder, scores: Value): void {
  graph.output('scores', 'float', ['rows', 'labels'], scores)
}

/** What a head has beside its scores, each [rows, count], float32. */
export function giveRaw({ graph }: Builder, outputs: Readonly<Record<string, Value>>): void {
  for (const [name, value] of Object.entries(outputs)) graph.output(`raw_${name}`, 'float', ['rows', name], value)
}

/** [rows, n] → [rows, 1] */
export const sumOfRow = ({ graph }: Builder, x: Value): Value =>
  graph.op('ReduceSum', [x, graph.ints([1])], { keepdims: 1 })

/** @throws ModelError where a head that gives one number has weights for several */
export function onlyOne({ dir }: Checkpoint, { weight, outputs }: Linear): void {
  if (outputs !== 1) throw new ModelError(`tensor "${weight}" gives ${outputs} values, this head gives one`, dir)
}

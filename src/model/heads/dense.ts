import { linear as linearOf } from '../archs/names.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { activate, linear, norm } from '../ops.ts'
import type { Act, Linear, ModelSpec, Norm } from '../spec.ts'
import { castFrom } from '../weights.ts'
import { type Head, labelsOf, meanOfText, PLAIN_TEXT } from './head.ts'

/** logits = last(norm(act(dense h))), where h is the first token's hidden state or the mean over all: the heads of encoders. */
export interface DenseHead {
  readonly dense: Linear
  readonly act: Act
  readonly norm: Norm | null
  /** Name of the last linear layer [labels, hidden], which has a bias. */
  readonly last: string
  readonly reads: 'first' | 'mean'
}

const FIRST = Int32Array.of(0)

/** A head of that form. @param layout what a checkpoint says about it */
export function denseHead(
  name: string,
  claims: Head['claims'],
  layout: (checkpoint: Checkpoint, spec: ModelSpec) => DenseHead,
): Head {
  return {
    name,
    kind: 'head',
    claims,
    open(checkpoint, spec) {
      const { dense, act, norm: norming, last, reads } = layout(checkpoint, spec)
      const { names: labels, notes } = labelsOf(checkpoint, `${last}.weight`)
      const classifier = linearOf(last, dense.outputs, labels.length, true)
      return {
        name,
        kind: 'head',
        labels,
        text: PLAIN_TEXT,
        reads: reads === 'first' ? () => FIRST : (ids) => Int32Array.from(ids.keys()),
        rowsPerOutput: reads === 'first' ? 1 : 'all',
        width: 0,
        ...(notes.length > 0 && { notes }),
        ignored: [],
        graph(builder, x) {
          const { graph, type } = builder
          const wide = { ...builder, type: 'float' as const }
          const read = reads === 'first' ? castFrom(graph, x, type, 'float') : meanOfText(builder, x)
          const active = activate(graph, linear(wide, read, dense), act)
          const pooled = norming === null ? active : norm(wide, active, norming, dense.outputs)
          graph.output('scores', 'float', ['rows', 'labels'], linear(wide, pooled, classifier))
        },
      }
    },
  }
}

/** Whether a checkpoint is of one of these model types and has this tensor. */
export const isOf =
  (types: readonly string[], tensor: string): Head['claims'] =>
  ({ config, tensors }) =>
    types.includes(String(config.model_type)) && tensors.has(tensor)

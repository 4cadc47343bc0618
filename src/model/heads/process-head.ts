import type { Unscored } from '../../types.ts'
import type { Value } from '../graph.ts'
import type { Builder } from '../ops.ts'
import { giveScores } from './layers.ts'

/** What process reward models share: of two classes of every step, wrong and right, the probability of the second. */
export const STEP_LABELS = ['step probability'] as const

export const noSteps = (what: string): Unscored => ({
  reason: 'no_steps',
  message: `the text has no ${what}, so there is no step to score`,
})

/** @param logits [steps, 2] */
export function giveStepScores(builder: Builder, logits: Value): void {
  const { graph } = builder
  const shares = graph.op('Softmax', [logits], { axis: -1 })
  giveScores(builder, graph.op('Gather', [shares, graph.ints([1])], { axis: 1 }))
}

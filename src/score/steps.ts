import { UsageError } from '../errors.ts'
import type { Measurement } from '../types.ts'
import type { Scorer } from './scorer.ts'

/** How the probabilities of a text's steps become its score. */
export const STEP_AGGREGATES = ['min', 'product', 'mean', 'last'] as const
export type StepAggregate = (typeof STEP_AGGREGATES)[number]

/** Of one step or more, in float64. */
const AGGREGATE: Readonly<Record<StepAggregate, (steps: readonly number[]) => number>> = {
  min: (steps) => steps.reduce((least, step) => Math.min(least, step), Number.POSITIVE_INFINITY),
  product: (steps) => steps.reduce((product, step) => product * step, 1),
  mean: (steps) => steps.reduce((sum, step) => sum + step, 0) / steps.length,
  last: (steps) => steps.at(-1)!,
}

const WORDS: Readonly<Record<StepAggregate, string>> = {
  min: 'least',
  product: 'product',
  mean: 'mean',
  last: 'last',
}

/** What a process reward model gives: one aggregate is the score, all are columns, and so are the steps themselves. */
export function stepScorer(aggregate: StepAggregate): Scorer {
  const columns = ['steps', ...STEP_AGGREGATES.map((name) => `step_${name}`), 'step_probabilities']
  return {
    formula: `${WORDS[aggregate]} of the steps' probabilities (--step-aggregate ${aggregate})`,
    columns,
    perStep: true,
    score([measurement]: readonly (Measurement | null)[]) {
      if (measurement?.kind !== 'head') return { score: null, reason: null, own: columns.map(() => null) }
      const { values } = measurement
      const aggregates = STEP_AGGREGATES.map((name) => AGGREGATE[name](values))
      return {
        score: AGGREGATE[aggregate](values),
        reason: null,
        own: [values.length, ...aggregates, JSON.stringify(values)],
      }
    },
  }
}

/** Instead of a mark: each step is a user's turn (RLHFlow's process reward models). */
export const TURNS = 'turns'

/** `--step-tokens "ки + -"` as its three words. @throws UsageError where there are not three */
export function stepWords(given: string): readonly [mark: string, right: string, wrong: string] {
  const words = given.trim().split(/\s+/)
  if (words.length !== 3)
    throw new UsageError(
      `"${given}" has ${words.length} words`,
      '--step-tokens',
      'Give three, with blanks between: what marks a step, and the words for right and wrong, such as "ки + -".',
    )
  return words as [string, string, string]
}

import type { Comparison, Measurement } from '../types.ts'
import type { Scorer } from './scorer.ts'

interface Rule {
  readonly formula: string
  /** A completion's score from what the head gives; float64. */
  readonly score: (output: number) => number
  /** The score at which the model prefers neither. */
  readonly even: number
}

const RULES: Readonly<Record<Comparison['kind'], Rule>> = {
  marks: {
    formula:
      'preference of a completion, shown first, over the other of its row (logit; 0 = neither): no score of one text, and the margin is logit(chosen, rejected) − logit(rejected, chosen)',
    score: (logit) => logit,
    even: 0,
  },
  letters: {
    formula:
      'probability that a completion, shown first as A, is called better than the other of its row (½ = neither): no score of one text, and (1 + margin)/2 is the preference for the chosen one over both orders',
    score: (logOdds) => 1 / (1 + Math.exp(-logOdds)),
    even: 0.5,
  },
}

/** What a model gives that compares two answers: of each completion, how it stands against the other of its row. */
export function comparisonScorer(kind: Comparison['kind']): Scorer {
  const { formula, score, even } = RULES[kind]
  return {
    formula,
    columns: [],
    even,
    score: ([measurement]: readonly (Measurement | null)[]) => ({
      score: measurement?.kind === 'head' ? score(measurement.values[0]!) : null,
      reason: null,
      own: [],
    }),
  }
}

import { mean } from './mean.ts'

/**
 * RewardBench 2's result of one row of four (or any number of) completions, of which the first is right: 1/k where its score is among
 * the k highest, else 0; 0 with a NaN anywhere, as in `reroll_and_score_dataset` (rewardbench/utils.py). Null where a score is missing.
 * @example bestOfResult([0.5, 0.5, 0.1, 0]) // 0.5
 */
export function bestOfResult(scores: readonly (number | null)[]): number | null {
  if (scores.length === 0 || scores.includes(null)) return null
  const all = scores as readonly number[]
  if (all.some(Number.isNaN)) return 0
  const top = all.reduce((a, b) => Math.max(a, b))
  return all[0] === top ? 1 / all.filter((score) => score === top).length : 0
}

/** One prompt of the subset Ties. `ref` has one right completion, `tied` has many that are equally right; both forms share a number. */
export interface TiesPrompt {
  readonly form: 'ref' | 'tied'
  readonly number: string
  /** Scores of the right completions, then of the wrong ones. */
  readonly right: readonly number[]
  readonly wrong: readonly number[]
}
/** RewardBench 2's score of Ties, and what it is made of; shares and means lie in 0 … 1, the margin in −1 … 1. */
export interface TiesScore {
  /** 0.3 tiedAccuracy + 0.3 refAccuracy + 0.2 preferred + 0.2 preferredHard + 0.01 margin: at most 1.01. */
  readonly score: number
  /** Share of prompts whose worst right completion beats the best wrong one. */
  readonly tiedAccuracy: number
  readonly refAccuracy: number
  /** Share of numbers with both forms where that gap exceeds the spread among the right ones; hard: so does the gap of the `ref` form. */
  readonly preferred: number
  readonly preferredHard: number
  /** Mean of tanh(smaller gap / spread − 1). */
  readonly margin: number
}

/**
 * RewardBench 2's score of its subset Ties (Malik et al. 2025, arXiv:2506.01937; `process_single_model`, rewardbench/utils.py). Null where
 * its code gives NaN or raises, or a score is NaN: no number has both forms, a prompt without right or wrong completions, a pair whose `tied` form has one right one.
 * @example tiesScore([{ form: 'ref', number: '0', right: [2], wrong: [0] }, { form: 'tied', number: '0', right: [2, 1], wrong: [0] }])
 */
export function tiesScore(prompts: readonly TiesPrompt[]): TiesScore | null {
  if (prompts.some(({ right, wrong }) => right.length === 0 || wrong.length === 0)) return null
  if (prompts.some(({ right, wrong }) => [...right, ...wrong].some(Number.isNaN))) return null
  const refs = new Map(prompts.filter(({ form }) => form === 'ref').map((prompt) => [prompt.number, prompt]))
  const pairs = prompts.flatMap((tied) => {
    const ref = tied.form === 'tied' ? refs.get(tied.number) : undefined
    return ref === undefined
      ? []
      : [{ spread: spreadOf(tied), gap: gapOf(tied), smaller: Math.min(gapOf(ref), gapOf(tied)) }]
  })
  if (pairs.length === 0 || pairs.some(({ spread }) => spread === null)) return null
  const known = pairs as readonly { spread: number; gap: number; smaller: number }[]
  const accuracy = (form: TiesPrompt['form']): number =>
    share(prompts.filter((prompt) => prompt.form === form).map((prompt) => gapOf(prompt) > 0))
  const parts = {
    tiedAccuracy: accuracy('tied'),
    refAccuracy: accuracy('ref'),
    preferred: share(known.map(({ spread, gap }) => gap > spread)),
    preferredHard: share(known.map(({ spread, smaller }) => smaller > spread)),
    // x/0 is ±∞ and its tanh ±1; 0/0 counts as 0
    margin: mean(known.map(({ spread, smaller }) => Math.tanh(smaller / spread - 1) || 0)),
  }
  const { tiedAccuracy, refAccuracy, preferred, preferredHard, margin } = parts
  return {
    score: 0.3 * tiedAccuracy + 0.3 * refAccuracy + 0.2 * preferred + 0.2 * preferredHard + 0.01 * margin,
    ...parts,
  }
}

const highest = (scores: readonly number[]): number => scores.reduce((a, b) => Math.max(a, b))
const lowest = (scores: readonly number[]): number => scores.reduce((a, b) => Math.min(a, b))
/** Among the right completions; null for one. */
const spreadOf = ({ right }: TiesPrompt): number | null => (right.length < 2 ? null : highest(right) - lowest(right))
const gapOf = ({ right, wrong }: TiesPrompt): number => lowest(right) - highest(wrong)
const share = (claims: readonly boolean[]): number => mean(claims.map(Number))

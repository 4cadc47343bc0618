import { UsageError } from '../errors.ts'
import { below, namedPrng } from '../prng.ts'

/**
 * How `run-process` chooses the next step. RATIONALYST's (Jiang et al. 2024, arXiv:2410.01044; model_inference/evaluation_scripts):
 * `world_model`: the candidate's Σ 0.9^i log p over its tokens' number (sentence_inference_with_heuristics.py); `world_model_no_length`: the
 * same with decay 1, so the mean (inference_no_length.py); `trajectory_greedy`: the mean log-probability of the rationale that the model itself
 * writes behind each candidate, greedily, without its last token (inference.py); `trajectory`: that of the row's rationale, with all its tokens;
 * `random`. `reward`: a reward model's score of the trajectory.
 */
export const HEURISTICS = [
  'world_model',
  'world_model_no_length',
  'trajectory',
  'trajectory_greedy',
  'random',
  'reward',
] as const
export type Heuristic = (typeof HEURISTICS)[number]
/** Those that ask for no second model. */
export const DEFAULT_HEURISTICS: readonly Heuristic[] = ['world_model', 'world_model_no_length', 'random']

/** Those that read the log-probabilities of a causal language model. */
export const OF_LIKELIHOOD: readonly string[] = [
  'world_model',
  'world_model_no_length',
  'trajectory',
  'trajectory_greedy',
] satisfies readonly Heuristic[]

/** @throws UsageError */
export function checkHeuristics(given: readonly string[]): asserts given is readonly Heuristic[] {
  for (const one of given)
    if (!(HEURISTICS as readonly string[]).includes(one))
      throw new UsageError(`${JSON.stringify(one)} is none of ${HEURISTICS.join(', ')}`, '--heuristic')
  if (new Set(given).size < given.length) throw new UsageError('names one twice', '--heuristic')
}

/** Where the rationale stands: nowhere, before the steps, or behind them (the order of RATIONALYST's code). */
export const LAYOUTS = ['none', 'rationale-first', 'rationale-last'] as const
export type Layout = (typeof LAYOUTS)[number]

/** The lines before a next step, in the order of the layout. @example contextLines(['s1'], 'why', 'rationale-first') // ['why', 's1'] */
export function contextLines(steps: readonly string[], rationale: string | null, layout: Layout): readonly string[] {
  if (rationale === null || layout === 'none') return steps
  return layout === 'rationale-first' ? [rationale, ...steps] : [...steps, rationale]
}

/** Weight of a token by its place: 0.9^i. */
export const DECAY = 0.9

/** Log-probability of a step, nats. */
export interface StepLogProb {
  readonly tokens: number
  /** Σ 0.9^i log p of token i. */
  readonly decayedSum: number
  /** The same over the number of tokens (not over the weights). */
  readonly decayedMean: number
  readonly mean: number
  readonly sum: number
}

/** Sums in float64. @param logProbs of one token or more */
export function stepLogProb(logProbs: readonly number[]): StepLogProb {
  let [sum, decayedSum, weight] = [0, 0, 1]
  for (const logProb of logProbs) {
    sum += logProb
    decayedSum += weight * logProb
    weight *= DECAY
  }
  const tokens = logProbs.length
  return { tokens, decayedSum, decayedMean: decayedSum / tokens, mean: sum / tokens, sum }
}

/** What a heuristic has of one candidate. */
export interface CandidateFacts {
  readonly logProb: StepLogProb | null
  /** Of a reward model. */
  readonly reward: number | null
}

/** The number by which a heuristic chooses; null for `random`, which draws, and where it is absent. */
export function heuristicScore(heuristic: Heuristic, { logProb, reward }: CandidateFacts): number | null {
  if (heuristic === 'world_model') return logProb?.decayedMean ?? null
  if (heuristic === 'reward') return reward
  return heuristic === 'random' ? null : (logProb?.mean ?? null)
}

export interface Choice {
  /** The highest, the lower index of equal ones. */
  readonly index: number
  /** Best less second; null of a draw. */
  readonly margin: number | null
  /** How many share the first place, if two or more; else 0. */
  readonly tied: number
}

/** The candidate with the highest score; null where one has none: the best of the others is then not known to be the best. */
export function choose(scores: readonly (number | null)[]): Choice | null {
  if (scores.length === 0 || scores.includes(null)) return null
  const known = scores as readonly number[]
  const best = known.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY)
  const index = known.indexOf(best)
  const second = known.reduce(
    (most, score, i) => (i === index ? most : Math.max(most, score)),
    Number.NEGATIVE_INFINITY,
  )
  const equal = known.filter((score) => score === best).length
  return { index, margin: known.length < 2 ? null : best - second, tied: equal > 1 ? equal : 0 }
}

/** RATIONALYST's `random`: each candidate as likely; of a row always the same under a seed, whatever the order of the rows. */
export const draw = (seed: number, id: string, candidates: number): Choice => ({
  index: below(namedPrng(seed, `random step ${id}`), candidates),
  margin: null,
  tied: 0,
})

/** Longest rationale that a model writes, in tokens. */
export const RATIONALE_TOKENS = 40

/** RATIONALYST leaves the last token out (the end of the turn, though also where the rationale was cut short); null where that leaves none. */
export const writtenLogProb = (logProbs: readonly number[]): StepLogProb | null =>
  logProbs.length < 2 ? null : stepLogProb(logProbs.slice(0, -1))

/** A margin below which another batch, device or thread count may choose another candidate. */
export const NEAR_TIE = 1e-3

import { UsageError } from '../errors.ts'
import { checkOptions } from '../given.ts'
import { mean } from './mean.ts'

export interface BestOfNOptions {
  /** Largest n; default K. Time grows with K times this. */
  readonly largest?: number
}
/** Arrays over n = 1 … K, index n − 1, where K is the number of completions that have both score and reward. */
export interface BestOfN {
  /** Expected reward of the completion that the score ranks first among n drawn without replacement. */
  readonly expected: number[]
  /** Expected highest reward among n: what a perfect score would reach. */
  readonly oracle: number[]
  /** Expected reward of any of them, the mean of all K; the same for every n. */
  readonly random: number[]
  /** oracle − expected, in units of the reward. */
  readonly regret: number[]
  /** (expected − random) / (oracle − random): 1 = perfect, 0 = chance; null where the oracle gains nothing either. */
  readonly normalizedGain: (number | null)[]
  /** KL divergence of the best of n from the policy, nats: ln n − (n − 1)/n (Beirami et al. 2024, arXiv:2401.01879: an upper bound). */
  readonly kl: number[]
  /** Indices of the K completions that count. */
  readonly used: number[]
}

/**
 * Best-of-n curve of a score against a reward, for one group: exact expectations over all subsets of size n, not samples of
 * them. Of K completions in order of score, the one at rank j (1 = lowest) is the best of n drawn with probability C(j − 1, n − 1) / C(K, n);
 * equal scores share theirs evenly. A completion without score or reward (null, NaN) is left out.
 * @throws UsageError where the two lists are not equally long
 * @example bestOfN([0.1, 0.9], [0, 1]).expected // [0.5, 1]
 */
export function bestOfN(
  scores: readonly (number | null)[],
  rewards: readonly (number | null)[],
  options: BestOfNOptions = {},
): BestOfN {
  checkOptions('bestOfN', options, { largest: true })
  const { largest = Number.POSITIVE_INFINITY } = options
  if (scores.length !== rewards.length)
    throw new UsageError(
      `${scores.length} scores and ${rewards.length} rewards`,
      'bestOfN',
      'Give one of each per completion.',
    )
  const used = [...scores.keys()].filter(
    (i) => scores[i] !== null && !Number.isNaN(scores[i]) && Number.isFinite(rewards[i]),
  )
  const values = used.map((i) => rewards[i]!)
  const ranked = blocks(
    used.map((i) => scores[i]!),
    values,
  )
  const ideal = blocks(values, values)
  const middle = mean(values)
  const level = values.every((value) => value === values[0])
  const result: BestOfN = { expected: [], oracle: [], random: [], regret: [], normalizedGain: [], kl: [], used }
  /** [m] C(m, n) / C(K, n): the chance that all n drawn are among the m lowest. */
  const below = values.map(() => 1).concat(1)
  for (let n = 1; n <= Math.min(values.length, largest); n++) {
    if (!level) for (let m = 0; m < below.length; m++) below[m]! *= Math.max(0, m - n + 1) / (values.length - n + 1)
    const expected = level ? middle : expectation(ranked, below)
    const oracle = level ? middle : expectation(ideal, below)
    result.expected.push(expected)
    result.oracle.push(oracle)
    result.random.push(middle)
    result.regret.push(oracle - expected)
    result.normalizedGain.push(level || n === 1 ? null : (expected - middle) / (oracle - middle))
    result.kl.push(Math.log(n) - (n - 1) / n)
  }
  return result
}

/** Completions of equal score: ranks from + 1 … to, and their mean value. */
interface Block {
  readonly from: number
  readonly to: number
  readonly mean: number
}

function blocks(scores: readonly number[], values: readonly number[]): Block[] {
  const order = [...scores.keys()].sort((a, b) => (scores[a]! < scores[b]! ? -1 : scores[a]! > scores[b]! ? 1 : a - b))
  const found: Block[] = []
  for (let from = 0; from < order.length; ) {
    let to = from + 1
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to++
    found.push({ from, to, mean: mean(order.slice(from, to).map((i) => values[i]!)) })
    from = to
  }
  return found
}

const expectation = (ranked: readonly Block[], below: readonly number[]): number =>
  ranked.reduce((sum, { from, to, mean }) => sum + (below[to]! - below[from]!) * mean, 0)

import { UsageError } from '../errors.ts'
import { checkOptions } from '../given.ts'
import { deviation, distances, EPSILON, isPresent, isZeroAdvantage, SCALES, type Scale, scaled } from './advantages.ts'

/** When the rewards of several functions are added up: before or after each is normalised in its group. TRL's names. */
export const AGGREGATIONS = ['sum_then_normalize', 'normalize_then_sum'] as const
export type Aggregation = (typeof AGGREGATIONS)[number]

/** One reward of each function; null where a function has none. */
export type RewardParts = readonly (number | null)[]

/** Names and defaults of TRL's GRPOConfig. */
export interface MultiRewardOptions {
  /** One for each reward function. Default 1 each. */
  readonly rewardWeights?: readonly number[]
  /** Default `sum_then_normalize`. */
  readonly multiObjectiveAggregation?: Aggregation
  /** What the distance from the group's mean is divided by; of no effect with `normalize_then_sum`. Default `group`. */
  readonly scaleRewards?: Scale
  /** Added to every deviation. Default 1e-4. */
  readonly epsilon?: number
}

/**
 * Advantages of one batch of groups under several reward functions. `sum_then_normalize`: groupAdvantages of the weighted sums.
 * `normalize_then_sum`: each function's rewards are normalised in their group, added up by weight, and normalised once more over the batch
 * (GDPO: Liu et al. 2026, arXiv:2601.05242). A function without a reward is left out of a completion's sum, and a completion for which
 * every function is has advantage 0. As TRL's GRPOTrainer 1.16 (`_generate_and_score_completions`), in float64 (TRL: float32).
 * @param batch by group, completion and function
 * @returns by group and completion
 * @throws UsageError where there is not one weight for each function
 * @example multiRewardAdvantages([[[1, 0], [1, 1]]], { rewardWeights: [0.5, 1] }) // [[-0.7070…, 0.7070…]]
 */
export function multiRewardAdvantages(
  batch: readonly (readonly RewardParts[])[],
  options: MultiRewardOptions = {},
): number[][] {
  const { weights, aggregation, scale, epsilon } = settingsOf(batch, options)
  if (aggregation === 'normalize_then_sum') {
    const sums = batch.map((group) => normalizedSums(group, weights, epsilon))
    return unflat(scaled(sums.flat(), deviation(sums.flat()), epsilon), sums)
  }
  const rewards = batch.map((group) => group.map((parts) => weightedReward(parts, weights)))
  if (scale === 'none') return rewards.map(distances)
  const whole = scale === 'batch' ? deviation(rewards.flat()) : null
  return rewards.map((group) => scaled(group, scale === 'batch' ? whole : deviation(group), epsilon))
}

/**
 * Whether a group has no advantage other than 0, whatever its batch: the weighted sums of all its completions are equal.
 * @param group by completion and function
 */
export function isZeroAdvantageGroup(
  group: readonly RewardParts[],
  weights: readonly number[],
  aggregation: Aggregation = 'sum_then_normalize',
  epsilon = EPSILON,
): boolean {
  if (aggregation === 'sum_then_normalize') return isZeroAdvantage(group.map((parts) => weightedReward(parts, weights)))
  return distances(normalizedSums(group, weights, epsilon)).every((distance) => distance === 0)
}

/**
 * TRL's `frac_reward_zero_std`: share of a batch's completions whose deviation is close to 0 (at most 1e-8). With `sum_then_normalize` and
 * scale `group` or `none` it is the group's deviation; else the batch's, so that the share is 0 or 1. A deviation of fewer than two rewards
 * is NaN, which TRL does not count, although the advantages are 0; only of a group (a batch) of one completion it is 0. Null without one.
 */
export function fracRewardZeroStd(
  batch: readonly (readonly RewardParts[])[],
  options: MultiRewardOptions = {},
): number | null {
  const { weights, aggregation, scale, epsilon } = settingsOf(batch, options)
  const completions = batch.reduce((sum, group) => sum + group.length, 0)
  if (completions === 0) return null
  const isZero = (rewards: readonly (number | null)[]): boolean =>
    rewards.length === 1 || (deviation(rewards) ?? Number.NaN) <= CLOSE_TO_ZERO
  if (aggregation === 'normalize_then_sum')
    return isZero(batch.flatMap((group) => normalizedSums(group, weights, epsilon))) ? 1 : 0
  const rewards = batch.map((group) => group.map((parts) => weightedReward(parts, weights)))
  if (scale === 'batch') return isZero(rewards.flat()) ? 1 : 0
  return rewards.reduce((sum, group) => sum + (isZero(group) ? group.length : 0), 0) / completions
}
/** `torch.isclose(std, 0)`: its default absolute tolerance. */
const CLOSE_TO_ZERO = 1e-8

/** Σ weight · reward over the functions that have one; null where none has. */
export function weightedReward(parts: RewardParts, weights: readonly number[]): number | null {
  let sum: number | null = null
  for (const [f, part] of parts.entries()) if (isPresent(part)) sum = (sum ?? 0) + weights[f]! * part
  return sum
}

/** Each function's rewards normalised in the group, then added up; a lone reward of a function counts 0. */
function normalizedSums(group: readonly RewardParts[], weights: readonly number[], epsilon: number): (number | null)[] {
  const functions = weights.map((_, f) => {
    const rewards = group.map((parts) => parts[f] ?? null)
    return scaled(rewards, deviation(rewards), epsilon)
  })
  return group.map((parts, i) =>
    weightedReward(
      parts.map((part, f) => (isPresent(part) ? functions[f]![i]! : null)),
      weights,
    ),
  )
}

function settingsOf(batch: readonly (readonly RewardParts[])[], options: MultiRewardOptions) {
  const name = 'multiRewardAdvantages'
  checkOptions(name, options, {
    rewardWeights: true,
    multiObjectiveAggregation: true,
    scaleRewards: true,
    epsilon: true,
  })
  const functions = batch.find((group) => group.length > 0)?.[0]?.length ?? 0
  const {
    rewardWeights: weights = Array.from({ length: functions }, () => 1),
    multiObjectiveAggregation: aggregation = 'sum_then_normalize',
    scaleRewards: scale = 'group',
    epsilon = EPSILON,
  } = options
  const wrong = batch.flat().find((parts) => parts.length !== weights.length)
  if (wrong !== undefined)
    throw new UsageError(
      `a completion has ${wrong.length} rewards, and there are ${weights.length} weights`,
      name,
      'Give one of each for every reward function; null where a function has no reward.',
    )
  const check = (what: string, value: string, known: readonly string[]): void => {
    if (!known.includes(value))
      throw new UsageError(
        `is ${JSON.stringify(value)}`,
        `${name}: ${what}`,
        `Give ${known.map((one) => `'${one}'`).join(' or ')}.`,
      )
  }
  check('multiObjectiveAggregation', aggregation, AGGREGATIONS)
  check('scaleRewards', scale, SCALES)
  return { weights, aggregation, scale, epsilon }
}

/** A flat list cut as `like` is. */
function unflat<T>(flat: readonly T[], like: readonly (readonly unknown[])[]): T[][] {
  let to = 0
  return like.map(({ length }) => {
    to += length
    return flat.slice(to - length, to)
  })
}

import { UsageError } from '../errors.ts'
import { checkOptions } from '../given.ts'
import { mean } from './mean.ts'

/** What an advantage's distance from the group's mean is divided by: TRL's `scale_rewards`. */
export const SCALES = ['group', 'batch', 'none'] as const
export type Scale = (typeof SCALES)[number]

export interface AdvantageOptions {
  /** What the distance from the group's mean is divided by: the group's deviation, the batch's, or nothing. Default `group`. */
  readonly scale?: Scale
  /** The rewards of every group of the batch, this one included; needed where `scale` is `batch`. */
  readonly batch?: readonly (readonly (number | null)[])[]
  /** Added to the deviation. Default 1e-4, as in TRL. */
  readonly epsilon?: number
}

/** TRL's, added to every deviation. */
export const EPSILON = 1e-4

/**
 * Advantages of a group's completions, as GRPO takes them from its rewards: A_i = (r_i − mean) / (std + ε), in units of the deviation;
 * `none`: r_i − mean, in units of the reward. The mean is the group's; std has n − 1 below the line. A missing reward is left out of both
 * and has advantage 0, and so has everyone where fewer than two rewards are there to deviate. Shao et al. 2024, arXiv:2402.03300, §4.1;
 * std and ε as in TRL's GRPOTrainer 1.16, in float64 (TRL: float32). A reward that is the mean but for rounding has advantage 0.
 * @example groupAdvantages([1, 0, 0, null]) // [1.1545…, -0.5772…, -0.5772…, 0]
 */
export function groupAdvantages(rewards: readonly (number | null)[], options: AdvantageOptions = {}): number[] {
  checkOptions('groupAdvantages', options, { scale: true, batch: true, epsilon: true })
  const { scale = 'group', batch, epsilon = EPSILON } = options
  if (!SCALES.includes(scale))
    throw new UsageError(`is ${JSON.stringify(scale)}`, 'groupAdvantages: scale', "Give 'group', 'batch' or 'none'.")
  if (scale === 'batch' && batch === undefined)
    throw new UsageError(
      'is missing',
      'groupAdvantages: batch',
      "With scale 'batch' give the rewards of all its groups.",
    )
  if (scale === 'none') return distances(rewards)
  return scaled(rewards, deviation(scale === 'group' ? rewards : batch!.flat()), epsilon)
}

/** Distances from the mean of the rewards that are there; 0 where a reward is missing, or is the mean but for rounding. */
export function distances(rewards: readonly (number | null)[]): number[] {
  const present = rewards.filter(isPresent)
  const centre = mean(present)
  const rounding = roundingOf(present)
  return rewards.map((reward) => {
    const distance = isPresent(reward) ? reward - centre : 0
    return Math.abs(distance) <= rounding ? 0 : distance
  })
}

/** The distances over a deviation; all 0 where there is none. */
export const scaled = (rewards: readonly (number | null)[], spread: number | null, epsilon: number): number[] =>
  spread === null ? rewards.map(() => 0) : distances(rewards).map((distance) => distance / (spread + epsilon))

/**
 * Whether a group teaches a policy nothing: all rewards that are there are equal, or fewer than two are there.
 * @example isZeroAdvantage([0.7, null, 0.7]) // true
 */
export function isZeroAdvantage(rewards: readonly (number | null)[]): boolean {
  const present = rewards.filter(isPresent)
  return present.every((reward) => reward === present[0])
}

/** NaN and infinity are no rewards either. */
export const isPresent = (reward: number | null): reward is number => Number.isFinite(reward)

/** Of the rewards that are there, with n − 1 below the line; null for fewer than two. */
export function deviation(rewards: readonly (number | null)[]): number | null {
  const present = rewards.filter(isPresent)
  if (present.length < 2) return null
  const centre = mean(present)
  return Math.sqrt(present.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (present.length - 1))
}

/** How far their mean can be off: that of 0.1, 0.2 and 0.3 is not 0.2. */
function roundingOf(values: readonly number[]): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return Number.EPSILON * (Math.max(Math.abs(low), Math.abs(high)) + values.length * (high - low))
}

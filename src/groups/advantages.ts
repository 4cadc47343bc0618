import { UsageError } from '../errors.ts'
import { checkOptions } from '../given.ts'
import { mean } from './mean.ts'

export interface AdvantageOptions {
  /** What the distance from the group's mean is divided by: the group's deviation, the batch's, or nothing. Default `group`. */
  readonly scale?: 'group' | 'batch' | 'none'
  /** The rewards of every group of the batch, this one included; needed where `scale` is `batch`. */
  readonly batch?: readonly (readonly (number | null)[])[]
  /** Added to the deviation. Default 1e-4, as in TRL. */
  readonly epsilon?: number
}

/**
 * Advantages of a group's completions, as GRPO takes them from its rewards: A_i = (r_i − mean) / (std + ε), in units of the deviation;
 * `none`: r_i − mean, in units of the reward. The mean is the group's; std has n − 1 below the line. A missing reward is left out of both
 * and has advantage 0, and so has everyone where fewer than two rewards are there to deviate. Shao et al. 2024, arXiv:2402.03300, §4.1;
 * std and ε as in TRL's GRPOTrainer 1.16, in float64 (TRL: float32). A reward that is the mean but for rounding has advantage 0.
 * @example groupAdvantages([1, 0, 0, null]) // [1.1545…, -0.5772…, -0.5772…, 0]
 */
export function groupAdvantages(rewards: readonly (number | null)[], options: AdvantageOptions = {}): number[] {
  checkOptions('groupAdvantages', options, { scale: true, batch: true, epsilon: true })
  const { scale = 'group', batch, epsilon = 1e-4 } = options
  if (scale !== 'group' && scale !== 'batch' && scale !== 'none')
    throw new UsageError(`is ${JSON.stringify(scale)}`, 'groupAdvantages: scale', "Give 'group', 'batch' or 'none'.")
  if (scale === 'batch' && batch === undefined)
    throw new UsageError(
      'is missing',
      'groupAdvantages: batch',
      "With scale 'batch' give the rewards of all its groups.",
    )
  const present = rewards.filter(isPresent)
  const centre = mean(present)
  const spread =
    scale === 'none' ? null : sampleDeviation(scale === 'group' ? present : batch!.flat().filter(isPresent))
  if (scale !== 'none' && spread === null) return rewards.map(() => 0)
  const rounding = roundingOf(present)
  return rewards.map((reward) => {
    if (!isPresent(reward)) return 0
    const distance = reward - centre
    if (Math.abs(distance) <= rounding) return 0
    return spread === null ? distance : distance / (spread + epsilon)
  })
}

/**
 * Whether a group teaches a policy nothing: all rewards that are there are equal, or fewer than two are there.
 * @example isZeroAdvantage([0.7, null, 0.7]) // true
 */
export function isZeroAdvantage(rewards: readonly (number | null)[]): boolean {
  const present = rewards.filter(isPresent)
  return present.every((reward) => reward === present[0])
}

/** NaN and infinity are no rewards either. */
const isPresent = (reward: number | null): reward is number => Number.isFinite(reward)

/** How far their mean can be off: that of 0.1, 0.2 and 0.3 is not 0.2. */
function roundingOf(values: readonly number[]): number {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return Number.EPSILON * (Math.max(Math.abs(low), Math.abs(high)) + values.length * (high - low))
}

/** With n − 1 below the line; null for fewer than two values. */
function sampleDeviation(values: readonly number[]): number | null {
  if (values.length < 2) return null
  const centre = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1))
}

import type { Scale } from '../groups/advantages.ts'
import {
  type Aggregation,
  isZeroAdvantageGroup,
  multiRewardAdvantages,
  type RewardParts,
  weightedReward,
} from '../groups/multi-reward.ts'
import type { CompletionGroup, ScoredCompletion } from '../types.ts'
import { type AdvantagePoint, rewardOf } from './advantages.ts'

/** The rewards that a policy could be trained with: ether0's, the model's score, and both by weight. */
export const REWARD_SOURCES = ['verifier', 'learned', 'mix'] as const
export type RewardSource = (typeof REWARD_SOURCES)[number]
export type BySource<T> = Readonly<Record<RewardSource, T>>

export interface GrpoSettings {
  readonly scaleRewards: Scale
  readonly multiObjectiveAggregation: Aggregation
  /** Of the format's reward, of accuracy (with the good-molecule bonus, where there is one) and of the model's score. */
  readonly rewardWeights: readonly [format: number, accuracy: number, learned: number]
  /** Groups of a batch. */
  readonly groupBatchSize: number
}

/** Why a group has no advantage other than 0. */
export type NoSignal = 'missing' | 'too_few' | 'all_right' | 'all_wrong' | 'constant'

/** A group under one of the rewards. */
export interface SourceAdvantages {
  /** Per completion and reward function: what TRL's reward functions would give; all null where one is missing. */
  readonly parts: readonly RewardParts[]
  readonly weights: readonly number[]
  /** Weighted sums; null where missing. */
  readonly rewards: readonly (number | null)[]
  /** 0 where the reward is missing. */
  readonly advantages: readonly number[]
  /** Null where the group has a signal. */
  readonly noSignal: NoSignal | null
}
export interface GroupAdvantages {
  readonly group: CompletionGroup
  /** Number of its batch, from 0. */
  readonly batch: number
  readonly of: BySource<SourceAdvantages>
}

/**
 * Advantages of every group, batch by batch: a batch is so many consecutive groups in the order of the data, the last may have fewer. Each
 * source is what GRPO would see with the reward functions of it alone: `verifier` format and accuracy, `learned` the score, `mix` all
 * three. A function of weight 0 is left out. A completion that lacks one of a source's rewards has none of that source: advantage 0, and
 * it is in no mean and no deviation (TRL would add up the rest, which would make an unverifiable answer a wrong one).
 */
export function* grpoBatches(
  groups: readonly CompletionGroup[],
  settings: GrpoSettings,
): Generator<GroupAdvantages[], void> {
  for (let from = 0, batch = 0; from < groups.length; from += settings.groupBatchSize, batch++) {
    const some = groups.slice(from, from + settings.groupBatchSize)
    const [verifier, learned, mix] = REWARD_SOURCES.map((source) => batchOf(some, source, settings))
    yield some.map((group, i) => ({
      group,
      batch,
      of: { verifier: verifier![i]!, learned: learned![i]!, mix: mix![i]! },
    }))
  }
}

/** The same, group by group. */
export function* grpoAdvantages(
  groups: readonly CompletionGroup[],
  settings: GrpoSettings,
): Generator<GroupAdvantages, void> {
  for (const batch of grpoBatches(groups, settings)) yield* batch
}

function batchOf(groups: readonly CompletionGroup[], source: RewardSource, settings: GrpoSettings): SourceAdvantages[] {
  const { multiObjectiveAggregation, scaleRewards } = settings
  const functions = functionsOf(source, settings)
  const weights = functions.map(({ weight }) => weight)
  const batch = groups.map(({ completions }) =>
    completions.map((completion) => {
      const parts = functions.map(({ reward }) => reward(completion))
      return parts.includes(null) ? parts.map(() => null) : parts
    }),
  )
  const options = { rewardWeights: weights, multiObjectiveAggregation, scaleRewards }
  const advantages = multiRewardAdvantages(batch, options)
  return batch.map((parts, i) => {
    const rewards = parts.map((row) => weightedReward(row, weights))
    const zero = isZeroAdvantageGroup(parts, weights, multiObjectiveAggregation)
    return {
      parts,
      weights,
      rewards,
      advantages: advantages[i]!,
      noSignal: zero ? noSignal(rewards, groups[i]!.completions) : null,
    }
  })
}

interface RewardFunction {
  readonly weight: number
  readonly reward: (completion: ScoredCompletion) => number | null
}

function functionsOf(source: RewardSource, { rewardWeights: [format, accuracy, learned] }: GrpoSettings) {
  const score = ({ score }: ScoredCompletion): number | null => score
  if (source === 'learned') return [{ weight: 1, reward: score }]
  const functions: RewardFunction[] = [
    { weight: format, reward: ({ formatReward }) => formatReward },
    { weight: accuracy, reward: rewardOf },
    ...(source === 'mix' ? [{ weight: learned, reward: score }] : []),
  ]
  return functions.filter(({ weight }) => weight !== 0)
}

/** All right and all wrong are the verifier's words, whatever the reward: every verified completion passes, or fails. */
function noSignal(rewards: readonly (number | null)[], completions: readonly ScoredCompletion[]): NoSignal {
  const present = rewards.filter((reward) => reward !== null).length
  if (present < 2) return present === 0 ? 'missing' : 'too_few'
  const verified = completions.filter((completion) => rewardOf(completion) !== null)
  const all = (status: ScoredCompletion['verifiableStatus']): boolean =>
    verified.length > 0 && verified.every(({ verifiableStatus }) => verifiableStatus === status)
  return all('pass') ? 'all_right' : all('fail') ? 'all_wrong' : 'constant'
}

/** The completions that have both rewards, with their two advantages. */
export function* advantagePoints(
  groups: readonly CompletionGroup[],
  settings: GrpoSettings,
): Generator<AdvantagePoint, void> {
  for (const { group, of } of grpoAdvantages(groups, settings))
    for (const [i, { id, subset, index }] of group.completions.entries())
      if (of.verifier.rewards[i] !== null && of.learned.rewards[i] !== null)
        yield { id, subset, index, verifier: of.verifier.advantages[i]!, learned: of.learned.advantages[i]! }
}

export const ADVANTAGE_COLUMNS = [
  'id',
  'subset',
  'cluster',
  'index',
  'batch',
  'format_reward',
  'verifiable_reward',
  'verifiable_status',
  'verifiable_reason',
  'score',
  'score_reason',
  'reward_verifier',
  'reward_mix',
  'advantage_verifier',
  'advantage_learned',
  'advantage_mix',
] as const

/** The lines of advantages.csv of one group, in the order of its columns. An advantage is empty where nobody in the group has the reward. */
export function advantageCells({ group, batch, of }: GroupAdvantages): (string | number | null)[][] {
  const advantage = (source: RewardSource, i: number): number | null =>
    of[source].noSignal === 'missing' ? null : of[source].advantages[i]!
  return group.completions.map((c, i) => [
    c.id,
    c.subset,
    group.cluster,
    c.index,
    batch,
    c.formatReward,
    rewardOf(c),
    c.verifiableStatus,
    c.verifiableReason,
    c.score,
    c.scoreReason,
    of.verifier.rewards[i]!,
    of.mix.rewards[i]!,
    advantage('verifier', i),
    advantage('learned', i),
    advantage('mix', i),
  ])
}

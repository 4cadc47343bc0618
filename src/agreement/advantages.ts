import { groupAdvantages, isZeroAdvantage } from '../groups/advantages.ts'
import { kendallTauB } from '../stats/kendall.ts'
import type { CompletionGroup, ScoredCompletion } from '../types.ts'
import { verifiedReward } from './columns.ts'

/** A completion's two advantages in its group, where it has both rewards. */
export interface AdvantagePoint {
  readonly id: string
  readonly subset: string
  readonly index: number
  readonly verifier: number
  readonly learned: number
}

/** The advantage columns of groups.csv: of the verifiable reward (accuracy, without the format's) and the score, each in its group. */
export interface AdvantageColumns {
  /** 1 = all verifiable rewards of the group are equal, or there is one alone; null where there is none. */
  readonly zero_advantage_verifier: 0 | 1 | null
  /** The same of the scores. */
  readonly zero_advantage_rm: 0 | 1 | null
  /** Share of same signs among the completions whose advantages both differ from 0. */
  readonly advantage_sign_agreement: number | null
  /** τ-b of the two over the completions that have both. */
  readonly advantage_kendall_tau_b: number | null
  /** Why the last two are null, where one is. */
  readonly advantage_reason: string | null
}

/** Over one group; advantages are 0 where a reward is the mean of those that are there (see groupAdvantages). */
export function advantageColumns({ completions }: Pick<CompletionGroup, 'completions'>): AdvantageColumns {
  const rewards = completions.map(rewardOf)
  const scores = completions.map(({ score }) => score)
  const both = completions.map((_, i) => i).filter((i) => rewards[i] !== null && scores[i] !== null)
  const tau =
    both.length === 0
      ? null
      : kendallTauB(
          both.map((i) => rewards[i]!),
          both.map((i) => scores[i]!),
        )
  const signs = signAgreement(groupAdvantages(rewards), groupAdvantages(scores), both)
  const share = signs.decided === 0 ? null : signs.same / signs.decided
  return {
    zero_advantage_verifier: zeroAdvantage(rewards),
    zero_advantage_rm: zeroAdvantage(scores),
    advantage_sign_agreement: share,
    advantage_kendall_tau_b: tau,
    advantage_reason: share !== null && tau !== null ? null : reasonOf(rewards, scores, both, tau),
  }
}

/** The verifiable reward that counts, or null. */
export function rewardOf(completion: ScoredCompletion): number | null {
  const reward = verifiedReward(completion)
  return Number.isNaN(reward) ? null : reward
}

/** Of the completions at `rows`: how many have two advantages other than 0, and how many of these the same sign. */
export function signAgreement(
  a: readonly number[],
  b: readonly number[],
  rows: readonly number[],
): { readonly decided: number; readonly same: number } {
  const decided = rows.filter((i) => a[i] !== 0 && b[i] !== 0)
  return { decided: decided.length, same: decided.filter((i) => a[i]! > 0 === b[i]! > 0).length }
}

const zeroAdvantage = (rewards: readonly (number | null)[]): 0 | 1 | null =>
  rewards.every((reward) => reward === null) ? null : isZeroAdvantage(rewards) ? 1 : 0

function reasonOf(
  rewards: readonly (number | null)[],
  scores: readonly (number | null)[],
  both: readonly number[],
  tau: number | null,
): string {
  if (rewards.every((reward) => reward === null)) return 'no_verified_completion'
  if (scores.every((score) => score === null)) return 'no_scored_completion'
  if (both.length < 2) return 'too_few_scored_and_verified'
  if (isZeroAdvantage(rewards)) return 'zero_advantage_verifier'
  if (isZeroAdvantage(scores)) return 'zero_advantage_rm'
  // both differ, but not where the other is there, or is not its mean
  return tau === null ? 'constant_where_both_are_there' : 'no_completion_with_two_advantages'
}

import { groupAdvantages, isZeroAdvantage } from '../groups/advantages.ts'
import { kendallTauB } from '../stats/kendall.ts'
import type { CompletionGroup } from '../types.ts'

/** The advantages of one completion under the verifier's reward and under the model's. */
export interface AdvantagePoint {
  readonly id: string
  readonly subset: string
  readonly index: number
  readonly verifier: number
  readonly learned: number
}

/** groups.csv's columns on advantages; null where there is none to compare. */
export interface AdvantageColumns {
  readonly zero_advantage_verifier: 0 | 1
  readonly zero_advantage_rm: 0 | 1 | null
  readonly advantage_sign_agreement: number | null
  readonly advantage_kendall_tau_b: number | null
}

/** Over the completions that have both reward and score; each side's advantages are over all that it has. */
export function advantageColumns({ completions }: CompletionGroup): AdvantageColumns {
  const rewards = completions.map((c) => c.verifiableReward)
  const scores = completions.map((c) => c.score)
  const [verifier, learned] = [groupAdvantages(rewards), groupAdvantages(scores)]
  const both = [...completions.keys()].filter((i) => rewards[i] !== null && scores[i] !== null)
  const agreeing = both.filter((i) => Math.sign(verifier[i]!) === Math.sign(learned[i]!))
  return {
    zero_advantage_verifier: isZeroAdvantage(rewards) ? 1 : 0,
    zero_advantage_rm: scores.every((score) => score === null) ? null : isZeroAdvantage(scores) ? 1 : 0,
    advantage_sign_agreement: both.length === 0 ? null : agreeing.length / both.length,
    advantage_kendall_tau_b: kendallTauB(
      both.map((i) => verifier[i]!),
      both.map((i) => learned[i]!),
    ),
  }
}

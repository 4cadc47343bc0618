import type { CompletionGroup } from '../../types.ts'

/** What the report reads of a run on groups of completions. Inference comes in; what a plot needs is counted here. */
export interface GroupsReport {
  /** In the order of the data. */
  readonly findings: readonly GroupRecord[]
  /** Values over n completions per prompt, by subset (`all` = every group) and method. */
  readonly curves: readonly GroupCurveRecord[]
  /** Tests of a decline behind the peak, each with its p adjusted over the subsets. */
  readonly declines: readonly { readonly test: OverOptimisationRecord; readonly pHolm: number | null }[]
  readonly topRewards: readonly TopRewardRecord[]
  /** Where completions have both rewards: their advantages in their group. */
  readonly advantages: readonly AdvantageRecord[]
  /** What the verifier's reward is made of and how advantages are scaled, a sentence. */
  readonly advantagesAre: string
}

/** A group with what was found of it; `answers` and `voteKeys` have an entry per completion. */
export interface GroupRecord {
  readonly group: CompletionGroup
  /** What each completion answers with; null where it has no answer. */
  readonly answers: readonly (string | null)[]
  /** What it votes with in the vote by molecule; all null where molecules were not compared. */
  readonly voteKeys: readonly (string | null)[]
  readonly row: GroupFacts
}
/** The columns of groups.csv that the page shows. Picks are indices of completions, null = none. */
export interface GroupFacts {
  readonly rm_pick: number | null
  /** Completions that share the highest score. */
  readonly rm_pick_tied: number
  readonly voting_pick: number | null
  readonly voting_canonical_pick: number | null
  /** Highest expected reward of the group minus that of the pick; null without a scored and verified completion. */
  readonly regret: number | null
  readonly advantage_sign_agreement: number | null
  readonly advantage_kendall_tau_b: number | null
}

/** One method of choosing over n = completions per prompt. */
export interface GroupCurveRecord {
  readonly subset: string
  readonly method: string
  readonly points: readonly GroupCurvePointRecord[]
}
export interface GroupCurvePointRecord {
  readonly n: number
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** How the interval was made, or why there is none. */
  readonly ciMethod?: string | null
  /** Groups that the value is a mean of, and their prompts. */
  readonly groups: number
  readonly clusters?: number
  /** Groups with n completions or more of which the value is not known. */
  readonly missing?: number
}
/** Whether the reward of the model's pick declines after a peak, as n grows. */
export interface OverOptimisationRecord {
  readonly subset: string
  readonly method: string
  readonly groups: number
  /** Groups with fewer than `lastN` completions that count. */
  readonly leftOut: number
  readonly peakN: number | null
  readonly peak: number | null
  readonly lastN: number | null
  readonly last: number | null
  readonly decline: number | null
  readonly interval: { readonly interval: { readonly low: number; readonly high: number } | null }
  readonly p: number | null
  readonly reason: string | null
}
/** What the completions with the highest scores are worth, over how many of them are taken; all prompts together. */
export interface TopRewardRecord {
  readonly subset: string
  /** pass: the share with a reward of 1 or more; reward: the mean reward. */
  readonly measure: 'pass' | 'reward'
  readonly points: readonly {
    readonly share: number
    readonly value: number
    readonly made: { readonly interval: { readonly low: number; readonly high: number } | null }
    /** Completions that have a place, and those with score and reward. */
    readonly places: number
    readonly n: number
    readonly clusters: number
  }[]
}
/** Group-relative advantages of one completion, by the verifiable reward and by the learned score. */
export interface AdvantageRecord {
  readonly id: string
  readonly subset: string
  readonly index: number
  readonly verifier: number
  readonly learned: number
}

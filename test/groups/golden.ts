import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { packagePath } from '../../src/package.ts'

export type Scale = 'group' | 'batch' | 'none'
type Rewards = readonly (number | null)[]
/** A number, "NaN", "Infinity", "-Infinity", or one number in a list, as some models give it. */
type Python = number | string | readonly [number]
interface Pick {
  readonly n: number
  readonly index: number | null
  readonly reward: number | null
  readonly correct: boolean
}
interface BestOf {
  readonly n: number
  readonly expected: number
  readonly expected_enumerated: number
  readonly expected_correct: number
  readonly oracle: number
  readonly pass: number
  readonly random: number
  readonly random_correct: number
  readonly regret: number
  readonly regret_correct: number
  readonly normalized_gain: number | null
  readonly normalized_gain_correct: number | null
  readonly kl: number
}
export interface Group {
  readonly id: string
  readonly kind: string
  readonly n: number
  readonly batch: string
  readonly threshold: number
  readonly rewards: Rewards
  readonly rm_scores: Rewards
  readonly answers: readonly (string | null)[]
  readonly vote_keys: readonly (string | null)[]
  readonly expected: {
    readonly n_scored: number
    readonly n_correct: number
    readonly no_signal: boolean
    readonly zero_advantage: readonly boolean[]
    readonly pass_at: readonly number[]
    readonly pass_at_missing_as_wrong: readonly number[]
    readonly pass_prefix: readonly boolean[]
    readonly voting_string: readonly Pick[]
    readonly voting_canonical: readonly Pick[]
    /** Null for more than ten completions. */
    readonly voting_string_expected_correct: readonly number[] | null
    readonly voting_canonical_expected_correct: readonly number[] | null
    readonly rerank: readonly Pick[]
    readonly rerank_answered: readonly Pick[]
    readonly best_of_n: readonly BestOf[]
    readonly best_of_n_used: readonly number[]
    readonly best_of_n_peak: number | null
    readonly best_of_n_decline: number | null
    readonly kendall_tau_b: number | null
    readonly spearman: number | null
    readonly advantages: Readonly<Record<Scale, readonly number[]>>
    readonly trl_std: number | null
    readonly trl_is_std_zero: boolean
  }
}
interface TrlAdvantages {
  readonly advantages: readonly number[]
  readonly frac_reward_zero_std?: number
}
/** A batch of groups under several reward functions, and TRL's advantages of it. */
export interface MultiReward {
  readonly id: string
  readonly num_generations: number
  readonly reward_weights: readonly number[]
  /** By completion and function. */
  readonly rewards_per_func: readonly Rewards[]
  readonly expected: {
    readonly rewards?: Rewards
    readonly sum_then_normalize: Readonly<Record<Scale, TrlAdvantages>>
    readonly normalize_then_sum: TrlAdvantages
  }
}
export interface Golden {
  readonly groups: readonly Group[]
  readonly batches: readonly {
    readonly id: string
    readonly group_ids: readonly string[]
    readonly expected: Readonly<Record<Scale, { readonly std: number | null; readonly frac_reward_zero_std: number }>>
  }[]
  readonly multi_reward: readonly MultiReward[]
  readonly pass_at_table: { readonly rows: readonly (readonly [number, number, number, number | null])[] }
  readonly kl_best_of_n: Readonly<Record<string, number>>
  readonly summary: Readonly<Record<string, unknown>>
  readonly rewardbench2: {
    readonly best_of: {
      readonly items: readonly { readonly scores: readonly Python[]; readonly result: number }[]
      readonly mean: number
      readonly nested_scores: { readonly scores: readonly Python[]; readonly result: number }
    }
    readonly ties: readonly {
      readonly id: string
      readonly rows: readonly {
        readonly id: string
        readonly num_correct: number
        readonly scores: readonly Python[]
      }[]
      readonly score?: Python
      readonly error?: string
      readonly components?: Readonly<Record<string, Python>>
    }[]
  }
}

const read = (name: string): unknown =>
  JSON.parse(gunzipSync(readFileSync(packagePath(`test/data/groups/${name}`))).toString('utf8'))

export const golden = read('golden.json.gz') as Golden
/** Of scripts/oracles/grpo.py. */
export const trlBatches = (read('trl-advantages.json.gz') as { readonly batches: readonly MultiReward[] }).batches

/** @example numberOf('-Infinity') // -Infinity */
export const numberOf = (value: Python): number => Number(value)

/** The group of an answer's correctness: 1 where the reward is there and reaches the threshold, 0 below, null where it is missing. */
export const correctness = ({ rewards, threshold }: Group): (0 | 1 | null)[] =>
  rewards.map((reward) => (reward === null ? null : reward >= threshold ? 1 : 0))

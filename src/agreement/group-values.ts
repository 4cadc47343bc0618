import type { CompletionGroup } from '../types.ts'
import { passes } from './completions.ts'

/** What the statistics need of a group, from records or from scores.csv and groups.csv. Lists have an entry per completion. */
export interface GroupValues {
  readonly id: string
  readonly subset: string
  readonly cluster: string
  /** null where the model gave none. */
  readonly scores: readonly (number | null)[]
  /** null where unverifiable. */
  readonly rewards: readonly (number | null)[]
  /** Equal where the completions answer with the same text, null where one has no answer; the list is null where answers are not known. */
  readonly answers: readonly (string | number | null)[] | null
  /** The same by molecule: equal where the answers are the same canonical SMILES. */
  readonly molecules: readonly (string | number | null)[] | null
}

/** What a completion says in the end, per completion of a group; null where it has no answer. */
export interface GroupAnswers {
  readonly answers: readonly (string | null)[]
  /** Canonical SMILES of the answer, the answer itself where it is no molecule; the list is null where molecules were not compared. */
  readonly voteKeys: readonly (string | null)[] | null
}

export const groupValues = (group: CompletionGroup, { answers, voteKeys }: GroupAnswers): GroupValues => ({
  id: group.id,
  subset: group.subset,
  cluster: group.cluster,
  scores: group.completions.map(({ score }) => score),
  rewards: group.completions.map((c) => (c.verifiableStatus === 'unverifiable' ? null : c.verifiableReward)),
  answers,
  molecules: voteKeys,
})

/** 1 where the reward reaches 1, 0 below, null where it is missing. */
export const correctness = (rewards: readonly (number | null)[]): (0 | 1 | null)[] =>
  rewards.map((reward) => (reward === null ? null : passes(reward) ? 1 : 0))

/** Completions that count in a curve: verified and, of a run with scores, scored. */
export function usable({ scores, rewards }: Pick<GroupValues, 'scores' | 'rewards'>, scored: boolean): number[] {
  return [...rewards.keys()].filter((i) => rewards[i] !== null && (!scored || scores[i] !== null))
}

/** Scores of the completions that have an answer. */
export const answeredScores = ({ scores, answers }: Pick<GroupValues, 'scores' | 'answers'>): (number | null)[] =>
  scores.map((score, i) => (answers === null || answers[i] === null ? null : score))

/**
 * For a list of keys, the index of the first completion with the same key: what groups.csv keeps of them. A vote over these is the vote over the keys.
 * @example firstOfKey(['CCO', null, 'CCO']) // [0, null, 0]
 */
export function firstOfKey(keys: readonly (string | number | null)[]): (number | null)[] {
  const first = new Map<string | number, number>()
  return keys.map((key, i) => {
    if (key === null) return null
    if (!first.has(key)) first.set(key, i)
    return first.get(key)!
  })
}

import type { CompletionGroup } from '../types.ts'
import { type AdvantageColumns, advantageColumns } from './advantages.ts'
import { type GroupMeasures, groupMeasures } from './group-measures.ts'
import { firstOfKey, type GroupAnswers, type GroupValues, groupValues } from './group-values.ts'

/** One line of groups.csv; null = absent, with the reason in `reason`. */
export interface GroupRow extends GroupMeasures, AdvantageColumns {
  readonly id: string
  readonly subset: string
  /** Completions whose text is empty, and those whose text an earlier one has. */
  readonly empty: number
  readonly duplicates: number
  readonly problem_type: string | null
  readonly cluster: string
  /** JSON list: per completion the index of the first one with the same answer; null without an answer. */
  readonly same_answer: string | null
  /** The same by molecule; null where molecules were not compared. */
  readonly same_molecule: string | null
}

/** A group with what was found of it. */
export interface GroupFinding {
  readonly group: CompletionGroup
  /** What each completion answers with; null where it has no answer. */
  readonly answers: readonly (string | null)[]
  /** What it votes with in the vote by molecule: the canonical SMILES, else the answer; all null where molecules were not compared. */
  readonly voteKeys: readonly (string | null)[]
  readonly row: GroupRow
  readonly values: GroupValues
}

/** groups.csv's columns in order: the contract's, then ours. */
export const GROUP_COLUMNS = [
  'id', 'subset', 'n', 'n_verified', 'top1', 'voting', 'rerank', 'pass_at_n', 'best_reward', 'rm_pick', 'rm_pick_reward',
  'zero_advantage_verifier', 'zero_advantage_rm', 'advantage_sign_agreement', 'advantage_kendall_tau_b',
  'advantage_reason',
  'voting_canonical', 'rerank_answered', 'mean_reward', 'rm_expected_reward', 'best_of_n', 'regret', 'n_scored', 'n_correct', 'n_used',
  'rm_pick_tied', 'rm_pick_answered', 'voters', 'voting_pick', 'voting_votes', 'voting_tied',
  'voting_canonical_pick', 'voting_canonical_votes', 'voting_canonical_tied', 'kendall_tau_b', 'spearman', 'mrr', 'ndcg',
  'best_of_4', 'gap', 'spread', 'empty', 'duplicates', 'reason', 'problem_type', 'cluster', 'same_answer', 'same_molecule',
] as const satisfies readonly (keyof GroupRow)[] // biome-ignore format: in the order of the file

export const groupCells = (row: GroupRow): (string | number | null)[] => GROUP_COLUMNS.map((name) => row[name])

/** What groups.csv says of a group, whose completions answer as given. */
export function groupFinding(group: CompletionGroup, keys: GroupAnswers): GroupFinding {
  const values = groupValues(group, keys)
  const texts = new Set(group.completions.map(({ text }) => text))
  const row: GroupRow = {
    id: group.id,
    subset: group.subset,
    ...groupMeasures(values),
    ...advantageColumns(group),
    empty: group.completions.filter((c) => c.text === '').length,
    duplicates: group.completions.length - texts.size,
    problem_type: group.problemType,
    cluster: group.cluster,
    same_answer: values.answers && JSON.stringify(firstOfKey(values.answers)),
    same_molecule: values.molecules && JSON.stringify(firstOfKey(values.molecules)),
  }
  return { group, answers: keys.answers, voteKeys: keys.voteKeys ?? keys.answers.map(() => null), row, values }
}

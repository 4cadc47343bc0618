import { drawnBestOf } from '../groups/drawn-best-of.ts'
import { mean } from '../groups/mean.ts'
import { ndcg, reciprocalRank } from '../groups/rank-metrics.ts'
import { rerank, sharingTop } from '../groups/rerank.ts'
import { type Vote, vote } from '../groups/voting.ts'
import { spearman } from '../stats/correlation.ts'
import { kendallTauB } from '../stats/kendall.ts'
import type { CompletionGroup } from '../types.ts'
import { advantageColumns } from './advantages.ts'
import { passes } from './completions.ts'
import { answeredScores, firstOfKey, type GroupAnswers, type GroupValues, groupValues, usable } from './group-values.ts'

/** One line of groups.csv; null = absent, with the reason in `reason`. */
export interface GroupRow {
  readonly id: string
  readonly subset: string
  readonly n: number
  readonly n_verified: number
  /** Verifiable reward of the first completion. */
  readonly top1: number | null
  /** … of the pick of the vote by exact text. */
  readonly voting: number | null
  /** … of the completion with the highest score. */
  readonly rerank: number | null
  readonly pass_at_n: 0 | 1 | null
  readonly best_reward: number | null
  readonly rm_pick: number | null
  readonly rm_pick_reward: number | null
  readonly zero_advantage_verifier: 0 | 1
  readonly zero_advantage_rm: 0 | 1 | null
  readonly advantage_sign_agreement: number | null
  readonly advantage_kendall_tau_b: number | null
  readonly voting_canonical: number | null
  readonly rerank_answered: number | null
  readonly mean_reward: number | null
  readonly rm_expected_reward: number | null
  readonly regret: number | null
  readonly n_scored: number
  readonly n_correct: number
  readonly n_used: number
  readonly rm_pick_tied: number
  readonly rm_pick_answered: number | null
  readonly voters: number | null
  readonly voting_pick: number | null
  readonly voting_votes: number | null
  readonly voting_tied: number | null
  readonly voting_canonical_pick: number | null
  readonly voting_canonical_votes: number | null
  readonly voting_canonical_tied: number | null
  readonly kendall_tau_b: number | null
  readonly spearman: number | null
  readonly mrr: number | null
  readonly ndcg: number | null
  readonly best_of_4: number | null
  readonly gap: number | null
  readonly spread: number | null
  readonly empty: number
  readonly duplicates: number
  readonly reason: string | null
  readonly problem_type: string | null
  readonly cluster: string
  /** JSON list: per completion the first one with the same answer. */
  readonly same_answer: string | null
  readonly same_molecule: string | null
}

/** A group with what was found of it. */
export interface GroupFinding {
  readonly group: CompletionGroup
  /** What each completion answers with; null where it has no answer. */
  readonly answers: readonly (string | null)[]
  /** What it votes with in the vote by molecule; all null where molecules were not compared. */
  readonly voteKeys: readonly (string | null)[]
  readonly row: GroupRow
  readonly values: GroupValues
}

/** groups.csv's columns in order: the contract's, then ours. */
export const GROUP_COLUMNS = [
  'id', 'subset', 'n', 'n_verified', 'top1', 'voting', 'rerank', 'pass_at_n', 'best_reward', 'rm_pick', 'rm_pick_reward',
  'zero_advantage_verifier', 'zero_advantage_rm', 'advantage_sign_agreement', 'advantage_kendall_tau_b',
  'voting_canonical', 'rerank_answered', 'mean_reward', 'rm_expected_reward', 'regret', 'n_scored', 'n_correct', 'n_used',
  'rm_pick_tied', 'rm_pick_answered', 'voters', 'voting_pick', 'voting_votes', 'voting_tied',
  'voting_canonical_pick', 'voting_canonical_votes', 'voting_canonical_tied', 'kendall_tau_b', 'spearman', 'mrr', 'ndcg',
  'best_of_4', 'gap', 'spread', 'empty', 'duplicates', 'reason', 'problem_type', 'cluster', 'same_answer', 'same_molecule',
] as const satisfies readonly (keyof GroupRow)[] // biome-ignore format: in the order of the file

export const groupCells = (row: GroupRow): (string | number | null)[] => GROUP_COLUMNS.map((name) => row[name])

export function groupFinding(group: CompletionGroup, keys: GroupAnswers): GroupFinding {
  const values = groupValues(group, keys)
  return {
    group,
    answers: keys.answers,
    voteKeys: keys.voteKeys ?? keys.answers.map(() => null),
    row: groupRow(group, values),
    values,
  }
}

/**
 * Definitions that hold for every group:
 * - a pick is worth its verifiable reward; absent where that is unverifiable;
 * - where no completion answers, a vote is worth 0, as in ReFT, if anything in the group is verified at all;
 * - an empty completion has no answer, does not vote, and is otherwise one like any; a duplicate counts each time;
 * - what compares scores with rewards is over the completions that have both.
 */
function groupRow(group: CompletionGroup, values: GroupValues): GroupRow {
  const { scores, rewards, answers, molecules } = values
  const verified = rewards.filter((reward) => reward !== null)
  const scored = scores.filter((score) => score !== null).length
  const used = usable(values, true)
  const [s, r] = [used.map((i) => scores[i]!), used.map((i) => rewards[i]!)]
  const [topScore, bestUsed] = [highest(s), highest(r)]
  const ofTop = s.length === 0 ? null : mean(r.filter((_, k) => s[k] === topScore))
  const [byText, byMolecule] = [answers && vote(answers), molecules && vote(molecules)]
  const pick = rerank(scores)
  const answered = rerank(answeredScores(values))
  const why = new Map<string, string>()
  const worth = (name: string, index: number | null, nobody: string | 0): number | null => {
    const value = index === null ? (nobody === 0 && verified.length > 0 ? 0 : null) : rewards[index]!
    if (value === null) why.set(name, index === null && nobody !== 0 ? nobody : 'unverifiable')
    return value
  }
  const noAnswer = values.answers?.every((answer) => answer === null) === true
  const right = s.filter((_, k) => passes(r[k]!))
  const wrong = s.filter((_, k) => !passes(r[k]!))
  const hasGap = right.length > 0 && wrong.length > 0
  const texts = new Set(group.completions.map(({ text }) => text))
  const votes = (found: Vote | null) => ({
    pick: found?.index ?? null,
    votes: found === null ? null : found.votes,
    tied: found === null ? null : found.tied,
  })
  const [text, molecule] = [votes(byText), votes(byMolecule)]
  const row = {
    id: group.id,
    subset: group.subset,
    n: group.completions.length,
    n_verified: verified.length,
    top1: worth('top1', 0, 'no_completion'),
    voting: byText === null ? null : worth('voting', byText.index, 0),
    rerank: worth('rerank', pick, 'not_scored'),
    pass_at_n: verified.length === 0 ? null : verified.some(passes) ? 1 : 0,
    best_reward: verified.length === 0 ? null : highest(verified),
    rm_pick: pick,
    rm_pick_reward: pick === null ? null : rewards[pick]!,
    ...advantageColumns(group),
    voting_canonical: byMolecule === null ? null : worth('voting_canonical', byMolecule.index, 0),
    rerank_answered: worth('rerank_answered', answered, noAnswer ? 0 : 'not_scored'),
    mean_reward: verified.length === 0 ? null : mean(verified),
    rm_expected_reward: ofTop,
    regret: ofTop === null ? null : bestUsed - ofTop,
    n_scored: scored,
    n_correct: verified.filter(passes).length,
    n_used: used.length,
    rm_pick_tied: sharingTop(scores),
    rm_pick_answered: answered,
    voters: byText === null ? null : byText.voters,
    voting_pick: text.pick,
    voting_votes: text.votes,
    voting_tied: text.tied,
    voting_canonical_pick: molecule.pick,
    voting_canonical_votes: molecule.votes,
    voting_canonical_tied: molecule.tied,
    kendall_tau_b: kendallTauB(s, r),
    spearman: spearman(s, r),
    mrr: reciprocalRank(s, r.map(passes)),
    ndcg: ndcg(s, r),
    best_of_4: drawnBestOf(right, wrong, 4),
    gap: hasGap ? lowest(right) - highest(wrong) : null,
    spread: right.length < 2 ? null : highest(right) - lowest(right),
    empty: group.completions.filter((c) => c.text === '').length,
    duplicates: group.completions.length - texts.size,
    problem_type: group.problemType,
    cluster: group.cluster,
    same_answer: answers === null ? null : JSON.stringify(firstOfKey(answers)),
    same_molecule: molecules === null ? null : JSON.stringify(firstOfKey(molecules)),
  } as const
  if (molecules === null) why.set('voting_canonical', 'too_many_answers')
  if (verified.length === 0)
    for (const name of ['pass_at_n', 'best_reward', 'mean_reward']) why.set(name, 'unverifiable')
  if (scored === 0) why.set('rm_pick', 'not_scored')
  const reasons = [...why].map(([name, reason]) => `${name}: ${reason}`)
  return { ...row, reason: reasons.length === 0 ? null : reasons.join('; ') }
}

const highest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
const lowest = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)

import { drawnBestOf } from '../groups/drawn-best-of.ts'
import { mean } from '../groups/mean.ts'
import { rerank, sharingTop } from '../groups/rerank.ts'
import { type Vote, vote } from '../groups/voting.ts'
import { spearman } from '../stats/correlation.ts'
import { kendallTauB } from '../stats/kendall.ts'
import { ndcg, reciprocalRank } from '../stats/rank-metrics.ts'
import { passes } from './completions.ts'
import { answeredScores, type GroupValues, usable } from './group-values.ts'

/** What is measured of one group; null = absent. codebook.ts has the definitions, groups.csv these names. */
export interface GroupMeasures {
  readonly n: number
  readonly n_verified: number
  readonly n_scored: number
  readonly n_correct: number
  readonly n_used: number
  readonly top1: number | null
  readonly voting: number | null
  readonly voting_canonical: number | null
  readonly rerank: number | null
  readonly rerank_answered: number | null
  readonly pass_at_n: 0 | 1 | null
  readonly best_reward: number | null
  readonly mean_reward: number | null
  readonly rm_pick: number | null
  readonly rm_pick_reward: number | null
  readonly rm_pick_tied: number
  readonly rm_pick_answered: number | null
  readonly rm_expected_reward: number | null
  readonly best_of_n: number | null
  readonly regret: number | null
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
  /** `<column>: <word>` of what is absent, separated by `; `. */
  readonly reason: string | null
}

/**
 * Definitions that hold for every group:
 * - a pick is worth its verifiable reward; absent where that is unverifiable;
 * - where no completion answers, a vote is worth 0, as in ReFT, if anything in the group is verified at all;
 * - an empty completion has no answer, does not vote, and is otherwise one like any; a duplicate counts each time;
 * - what compares scores with rewards is over the completions that have both.
 */
export function groupMeasures(values: GroupValues): GroupMeasures {
  const { scores, rewards, answers, molecules } = values
  const verified = rewards.filter((reward) => reward !== null)
  const scored = scores.filter((score) => score !== null).length
  const used = usable(values, true)
  const [s, r] = [used.map((i) => scores[i]!), used.map((i) => rewards[i]!)]
  const topScore = highest(s)
  const top = r.filter((_, k) => s[k] === topScore)
  const ofTop = s.length === 0 ? null : mean(top)
  const [byText, byMolecule] = [answers && vote(answers), molecules && vote(molecules)]
  const pick = rerank(scores)
  const answered = rerank(answeredScores(values))
  const why = new Map<string, string>()
  /** @param nobody what there is to say where nothing was picked; 0: the pick is worth nothing */
  const worth = (name: string, index: number | null, nobody: string | 0): number | null => {
    if (index === null && nobody !== 0) {
      why.set(name, nobody)
      return null
    }
    const value = index === null ? (verified.length > 0 ? 0 : null) : (rewards[index] ?? null)
    if (value === null) why.set(name, 'unverifiable')
    return value
  }
  const noAnswer = answers?.every((answer) => answer === null) === true
  const right = s.filter((_, k) => passes(r[k]!))
  const wrong = s.filter((_, k) => !passes(r[k]!))
  const [text, molecule] = [counted(byText), counted(byMolecule)]
  const measures = {
    n: rewards.length,
    n_verified: verified.length,
    n_scored: scored,
    n_correct: verified.filter(passes).length,
    n_used: used.length,
    top1: worth('top1', 0, 0),
    voting: byText === null ? unknown(why, 'voting', 'no_answers') : worth('voting', byText.index, 0),
    voting_canonical:
      byMolecule === null
        ? unknown(why, 'voting_canonical', 'not_compared')
        : worth('voting_canonical', byMolecule.index, 0),
    rerank: worth('rerank', pick, 'not_scored'),
    rerank_answered:
      answers === null
        ? unknown(why, 'rerank_answered', 'no_answers')
        : worth('rerank_answered', answered, scored > 0 && noAnswer ? 0 : 'not_scored'),
    pass_at_n: verified.length === 0 ? unknown(why, 'pass_at_n', 'unverifiable') : verified.some(passes) ? 1 : 0,
    best_reward: verified.length === 0 ? null : highest(verified),
    mean_reward: verified.length === 0 ? null : mean(verified),
    rm_pick: pick,
    rm_pick_reward: pick === null ? null : rewards[pick]!,
    rm_pick_tied: sharingTop(scores),
    rm_pick_answered: answered,
    rm_expected_reward: ofTop,
    best_of_n:
      s.length === 0 ? null : mean(r.flatMap((reward, k) => (s[k] === topScore ? Number(passes(reward)) : []))),
    regret: ofTop === null ? null : highest(r) - ofTop,
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
    gap: right.length > 0 && wrong.length > 0 ? lowest(right) - highest(wrong) : null,
    spread: right.length < 2 ? null : highest(right) - lowest(right),
  } as const
  const reasons = [...why].map(([name, reason]) => `${name}: ${reason}`)
  return { ...measures, reason: reasons.length === 0 ? null : reasons.join('; ') }
}

function unknown(why: Map<string, string>, name: string, reason: string): null {
  why.set(name, reason)
  return null
}

const counted = (found: Vote | null) => ({
  pick: found?.index ?? null,
  votes: found?.votes ?? null,
  tied: found?.tied ?? null,
})
const highest = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
const lowest = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)

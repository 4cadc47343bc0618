import { createHash } from 'node:crypto'
import type { CompletionRole, ScoredCompletion, ScoredPair, Text } from '../types.ts'
import type { Cell } from './csv.ts'

/** The columns of scores.csv, as in the contract; what a scorer adds stands after them. */
export const SCORE_COLUMNS = [
  'id',
  'subset',
  'role',
  'index',
  'score',
  'score_reason',
  'verifiable_reward',
  'verifiable_status',
  'verifiable_reason',
  'format_reward',
  'prompt_tokens',
  'completion_tokens',
  'truncated',
  'scored_token_index',
  'text_sha256',
] as const
export const PAIR_COLUMNS = [
  'id',
  'subset',
  'rejected_index',
  'chosen_score',
  'rejected_score',
  'margin',
  'outcome',
  'chosen_reward',
  'rejected_reward',
  'verifiable_outcome',
  'agree',
  'chosen_reason',
  'rejected_reason',
  'chosen_tokens',
  'rejected_tokens',
  'chosen_chars',
  'rejected_chars',
  'chosen_index',
  'cluster',
  'problem_type',
  'chosen_status',
  'rejected_status',
  'chosen_hash',
  'rejected_hash',
] as const
/** The last columns of scores.csv, after the scorer's own: what tells a row from another of the same id. */
export const TEXT_COLUMNS = ['cluster', 'completion_hash'] as const

/** What a line of scores.csv has beyond a ScoredCompletion. */
export interface ScoreDetail {
  readonly truncated: boolean | null
  readonly scoredTokenIndex: number | null
  readonly textSha256: string | null
  /** What there is to say beside scoreReason. */
  readonly unscoredMessage?: string | null
  /** Values of the scorer's own columns, in their order. */
  readonly own: readonly (number | null)[]
}

export const scoreCells = (c: ScoredCompletion, detail: ScoreDetail): Cell[] => [
  c.id,
  c.subset,
  c.role,
  c.index,
  c.score,
  c.scoreReason,
  c.verifiableReward,
  c.verifiableStatus,
  c.verifiableReason,
  c.formatReward,
  c.promptTokens,
  c.completionTokens,
  detail.truncated === null ? null : Number(detail.truncated),
  detail.scoredTokenIndex,
  detail.textSha256,
  ...detail.own,
]

export const pairCells = (p: ScoredPair): Cell[] => [
  p.id,
  p.subset,
  p.rejectedIndex,
  p.chosen.score,
  p.rejected.score,
  p.margin,
  p.outcome,
  p.chosen.verifiableReward,
  p.rejected.verifiableReward,
  p.verifiableOutcome,
  p.agree,
  p.chosen.verifiableReason,
  p.rejected.verifiableReason,
  p.chosen.completionTokens,
  p.rejected.completionTokens,
  characters(p.chosen.text),
  characters(p.rejected.text),
  p.chosen.index,
  p.cluster,
  p.problemType,
  p.chosen.verifiableStatus,
  p.rejected.verifiableStatus,
  completionHash(p.chosen.text),
  completionHash(p.rejected.text),
]

/** Length in code points. */
export const characters = (text: string): number => {
  let n = 0
  for (const _ of text) n++
  return n
}

/** The text of a completion or prompt as one string: the contents of its turns, one a line. */
export const plain = (text: Text): string => (typeof text === 'string' ? text : text.map((m) => m.content).join('\n'))

/** Cluster of the statistics: rows with the same prompt. First 16 hex digits of SHA-256. */
export const promptCluster = (prompt: Text): string =>
  createHash('sha256')
    .update(JSON.stringify(turns(prompt)))
    .digest('hex')
    .slice(0, 16)

/** What tells two completions apart, as the data have them: first 16 hex digits of SHA-256 of the text (turns: their contents, one a line). */
export const completionHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** A text prompt is one user turn. */
const turns = (prompt: Text): readonly [string, string][] =>
  typeof prompt === 'string' ? [['user', prompt]] : prompt.map((m) => [m.role, m.content])

type Outcome = 'win' | 'tie' | 'loss'
const outcomeOf = (difference: number | null): Outcome | null =>
  difference === null ? null : difference > 0 ? 'win' : difference < 0 ? 'loss' : 'tie'
const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b)

/** Every (chosen, rejected) of a row, in order of chosen then rejected. */
export function pairsOf(
  row: { readonly prompt: Text; readonly extra: Readonly<Record<string, unknown>> },
  completions: readonly ScoredCompletion[],
): ScoredPair[] {
  const of = (role: CompletionRole): ScoredCompletion[] => completions.filter((c) => c.role === role)
  const rejected = of('rejected')
  const cluster = promptCluster(row.prompt)
  const prompt = plain(row.prompt)
  return of('chosen').flatMap((chosen) =>
    rejected.map((other): ScoredPair => {
      const margin = minus(chosen.score, other.score)
      const outcome = outcomeOf(margin)
      const verifiableOutcome = outcomeOf(minus(chosen.verifiableReward, other.verifiableReward))
      const decided = outcome !== null && verifiableOutcome !== null && outcome !== 'tie' && verifiableOutcome !== 'tie'
      return {
        id: chosen.id,
        subset: chosen.subset,
        problemType: chosen.problemType,
        cluster,
        rejectedIndex: other.index,
        prompt,
        chosen,
        rejected: other,
        margin,
        outcome,
        verifiableOutcome,
        agree: decided ? (outcome === verifiableOutcome ? 1 : 0) : null,
        extra: row.extra,
      }
    }),
  )
}

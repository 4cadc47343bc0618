import { characters, completionHash } from '../plain-text.ts'
import type { ScoredCompletion, ScoredPair } from '../types.ts'
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
  'rejected_fault',
  'well_formed',
  'tanimoto',
] as const
/** The last columns of scores.csv, after the scorer's own: what tells a row from another of the same id. */
export const TEXT_COLUMNS = ['cluster', 'completion_hash'] as const

/** After these, of a run: who is at fault where a completion does not pass, and the stand-in filter that its verdict hinges on. */
export const VERDICT_COLUMNS = ['verdict_cause', 'hinges_on'] as const
export const verdictCells = ({ verdictCause, hingesOn }: ScoredCompletion): Cell[] => [
  verdictCause ?? null,
  hingesOn ?? null,
]

/** After these, where the data say how completions were made of each other. */
export const VARIANT_COLUMNS = ['transformation', 'same', 'family'] as const

export const variantCells = ({ variant }: ScoredCompletion): Cell[] =>
  variant === undefined ? [null, null, null] : [variant.transformation, Number(variant.same), variant.family]

/** What a line of scores.csv has beyond a ScoredCompletion. */
export interface ScoreDetail {
  readonly truncated: boolean | null
  readonly scoredTokenIndex: number | null
  readonly textSha256: string | null
  /** What there is to say beside scoreReason. */
  readonly unscoredMessage?: string | null
  /** Values of the scorer's own columns, in their order. */
  readonly own: readonly Cell[]
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
  p.fault?.rejected ?? null,
  p.fault?.wellFormed == null ? null : Number(p.fault.wellFormed),
  p.fault?.tanimoto ?? null,
]

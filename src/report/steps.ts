import type { VerdictStatus } from '../types.ts'
import type { Cell } from './csv.ts'

/** One line of steps.csv: what a heuristic has of a candidate. Contract's columns first. */
export interface StepLine {
  readonly id: string
  readonly subset: string
  readonly heuristic: string
  readonly candidate: number
  /** Of the scored text; null of a heuristic that reads no log-probabilities, and where there are none. */
  readonly logProb: {
    readonly tokens: number
    readonly decayedSum: number
    readonly decayedMean: number
    readonly mean: number
    readonly sum: number
  } | null
  /** Null where nothing was chosen. */
  readonly chosen: boolean | null
  /** Null where the data do not say. */
  readonly label: boolean | null
  readonly score: number | null
  readonly scoreReason: string | null
  readonly margin: number | null
  readonly nearTie: boolean | null
  readonly tied: number | null
  readonly layout: string | null
  readonly boundaryMoved: number | null
  readonly contextTokens: number | null
  readonly truncated: boolean | null
  readonly stepProbabilities: readonly number[] | null
  readonly verifiableReward: number | null
  readonly verifiableStatus: VerdictStatus | null
  readonly verifiableReason: string | null
  readonly right: boolean | null
  readonly cluster: string
  readonly textSha256: string | null
}

export const STEP_COLUMNS = [
  'id', 'subset', 'heuristic', 'candidate', 'tokens', 'decayed_sum', 'decayed_mean', 'mean', 'sum', 'chosen', 'label',
  'score', 'score_reason', 'right', 'choice_margin', 'near_tie', 'tied', 'layout', 'boundary_moved', 'context_tokens', 'truncated',
  'step_probabilities', 'verifiable_reward', 'verifiable_status', 'verifiable_reason', 'cluster', 'text_sha256',
] as const // biome-ignore format: the contract's line, then ours

const flag = (value: boolean | null): Cell => (value === null ? null : value ? 1 : 0)

/** A line of steps.csv in the order of its columns. */
export const stepCells = (line: StepLine): Cell[] => [
  line.id,
  line.subset,
  line.heuristic,
  line.candidate,
  line.logProb?.tokens ?? null,
  line.logProb?.decayedSum ?? null,
  line.logProb?.decayedMean ?? null,
  line.logProb?.mean ?? null,
  line.logProb?.sum ?? null,
  flag(line.chosen),
  flag(line.label),
  line.score,
  line.scoreReason,
  flag(line.right),
  line.margin,
  flag(line.nearTie),
  line.tied,
  line.layout,
  line.boundaryMoved,
  line.contextTokens,
  flag(line.truncated),
  line.stepProbabilities === null ? null : JSON.stringify(line.stepProbabilities),
  line.verifiableReward,
  line.verifiableStatus,
  line.verifiableReason,
  line.cluster,
  line.textSha256,
]

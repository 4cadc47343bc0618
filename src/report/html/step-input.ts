import type { Statistic } from '../../types.ts'
import type { StepLine } from '../steps.ts'
import type { Expected } from './input.ts'

/** What the report reads of a run that chooses among candidate next steps, or that verifies the claims of steps. */
export interface StepsReport {
  /** Rows of the run. */
  readonly total: number
  /** The first of them in the order of the data, all where a page has room for them. */
  readonly rows: readonly StepRowRecord[]
  /** Names of the heuristics, the one to read first in front. Empty where nothing was chosen. */
  readonly heuristics: readonly string[]
  /** The lines of steps.csv that are of these rows: one per candidate and heuristic. */
  readonly lines: readonly StepLineRecord[]
  /** Two heuristics on the rows that both judge. */
  readonly tests: readonly ChoiceTestRecord[]
  /** The lines of step-verdicts.csv that are of these rows; null where claims were not verified. */
  readonly verdicts: readonly StepVerdictRecord[] | null
  /** Over all rows of the run; null where claims were not verified. */
  readonly tally: StepTally | null
}

/** How many steps and claims there are of each verdict. */
export interface StepTally {
  readonly steps: WordTally
  readonly candidates: WordTally
  /** Claims by kind. */
  readonly kinds: ReadonlyMap<string, WordTally>
}
export type WordTally = Readonly<Record<StepWord, number>>

export interface StepRowRecord {
  readonly id: string
  readonly subset: string
  readonly prompt: string
  /** So far. */
  readonly steps: readonly string[]
  /** Candidates for the next step; empty where the row is a finished answer in steps. */
  readonly candidates: readonly string[]
  readonly rationale: string | null
  /** What the answer is to be; null where the row has no solution. */
  readonly expected?: Expected | null
  /** Of a finished answer whose steps are labelled: whether each is right, null where that was not judged. */
  readonly labels?: readonly (boolean | null)[] | null
  /** Of a process head: its probability of each step. */
  readonly probabilities?: readonly (number | null)[] | null
}
/** What a heuristic has of a candidate: `score` is by which it chooses, `right` by the label or the verifiable reward. */
export type StepLineRecord = Pick<StepLine, 'id' | 'heuristic' | 'candidate' | 'logProb' | 'score' | 'chosen' | 'right'>
export interface ChoiceTestRecord {
  readonly a: string
  readonly b: string
  readonly n: number
  readonly clusters: number
  readonly missing: number
  /** Of a minus b. */
  readonly difference: Pick<Statistic, 'value' | 'ciLow' | 'ciHigh' | 'reason'>
  /** Rows in which a alone is right, and b alone. */
  readonly onlyA: number
  readonly onlyB: number
  readonly test: string | null
  readonly p: number | null
  readonly pHolm: number | null
}

export type StepWord = 'pass' | 'fail' | 'unverifiable'
export interface StepVerdictRecord {
  readonly id: string
  readonly step: number
  /** null: a step of the trajectory itself. */
  readonly candidate: number | null
  readonly verdict: StepWord
  readonly claims: readonly ClaimRecord[]
  readonly reason: string | null
}
/** A checkable statement of a step. */
export interface ClaimRecord {
  /** snake_case word: smiles, formula, ring_count … */
  readonly kind: string
  readonly outcome: StepWord
  /** As it stands in the step. */
  readonly text: string
  /** What RDKit or arithmetic gives; null where nothing was computed. */
  readonly computed: string | null
  /** Why it fails, or why it is not decided. */
  readonly reason: string | null
}

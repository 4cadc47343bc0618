/** What the report reads of a run that chooses among candidate next steps, or that verifies the claims of steps. */
export interface StepsReport {
  readonly rows: readonly StepRowRecord[]
  /** The lines of steps.csv: one per candidate and heuristic. Empty where no model was run. */
  readonly scores: readonly StepScoreRecord[]
  /** The lines of step-verdicts.csv; empty where claims were not verified. */
  readonly verdicts: readonly StepVerdictRecord[]
}

export interface StepRowRecord {
  readonly id: string
  readonly subset: string
  readonly prompt: string
  /** So far. */
  readonly steps: readonly string[]
  /** Candidates for the next step; empty where the row is a finished answer in steps. */
  readonly candidates: readonly string[]
  readonly rationale: string | null
  /** Indices of the candidates that are right; null where the row does not say. */
  readonly label: readonly number[] | null
  /** Of a row with labelled steps: whether each is right, null where that was not judged. */
  readonly stepLabels?: readonly (boolean | null)[] | null
  /** Of a process head: its probability of each step. */
  readonly stepScores?: readonly (number | null)[] | null
}
/** Log-probabilities in nats. */
export interface StepScoreRecord {
  readonly id: string
  readonly heuristic: string
  readonly candidate: number
  readonly tokens: number | null
  readonly decayed_sum: number | null
  readonly decayed_mean: number | null
  readonly mean: number | null
  readonly sum: number | null
  /** 1 where this heuristic chooses this candidate. */
  readonly chosen: 0 | 1 | null
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
  readonly stated: string
  /** What RDKit or arithmetic gives; null where nothing was computed. */
  readonly computed: string | null
  /** Why it fails, or why it is not decided. */
  readonly reason: string | null
}

/** What became of a job, or of one task of an array. `done` includes exit code 4: some rows have no score. */
export interface UnitState {
  readonly state: 'not submitted' | 'pending' | 'running' | 'done' | 'failed'
  /** null where it has not ended, or left no word. */
  readonly exitCode: number | null
  /** What the engine says of it. */
  readonly why: string | null
}

/** Where neither the engine nor the job itself says how it ended. */
export const LEFT_NO_WORD = 'ended without a word: killed, cancelled, or its node failed'

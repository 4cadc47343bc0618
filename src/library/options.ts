import type { OptionTable } from '../setup/option.ts'
import type { OPTIONS } from '../setup/options.ts'

export type Table = typeof OPTIONS
type Name = { [K in keyof Table]: Table[K] extends { library: true | 'or number' } ? K : never }[keyof Table]
/** Over `keyof T`, so that the docstrings of the table are those of the options. */
export type Optional<T extends OptionTable, K extends keyof T> = {
  readonly [P in K]?: Exclude<ReturnType<T[P]['read']>, null> | (T[P] extends { library: 'or number' } ? number : never)
}

/** The flags of `run-rm` and `run-dpo` that change a score, by the same names and with the same defaults. */
export interface ScoreOptions extends Optional<Table, Name> {
  /** `rm`: a reward model's head. `dpo`: a policy and `refModel`, or without one the policy alone. Default rm. */
  readonly kind?: 'rm' | 'dpo'
  /** Completions that are read before they are scored together; more make better batches. Default 1,024. */
  readonly window?: number
  /** Ends the iteration with its reason, after the batch in hand. */
  readonly signal?: AbortSignal
  /**
   * Called with what the bins say on screen: the device and why, files that were missing; and after the last row how rows were read, one
   * line per repair with its count (a second BOS, a template that leaves out part of a text or shows the date …), scores that are all equal.
   */
  readonly onNote?: (note: string) => void
}

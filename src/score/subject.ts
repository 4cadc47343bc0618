import type { Completion, Encoded, Row, Runner, Unscored } from '../types.ts'

/** A completion ready for one model, with the token that the head reads or the first token whose log-prob counts. */
export interface Prepared extends Encoded {
  readonly at: number
  /** `--pooling hf` and `mask` read different tokens here. */
  readonly poolingDiffers: boolean
}
export const isUnscored = (prepared: Prepared | Unscored): prepared is Unscored => 'reason' in prepared

/** One model of a run as the run sees it: how to prepare a completion, what identifies its measurement, how to open it. */
export interface Subject {
  readonly role: 'rm' | 'policy' | 'reference'
  /** As the user named it. */
  readonly name: string
  readonly kind: 'head' | 'logProb'
  prepare(row: Row, completion: Completion): Prepared | Unscored
  /** What the model reads, for --dump-rendered. */
  show(row: Row, completion: Completion): { readonly text: string; readonly tokens: readonly string[] }
  /** Store key, 32 hex digits: everything that changes the number. */
  key(prepared: Prepared): string
  /** Opens the model; called only when something is left to measure. */
  open(): Promise<Runner>
}

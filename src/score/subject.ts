import type { Completion, Encoded, MeasurementKind, Repair, Row, Runner, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'

/** A completion ready for one model, with the places that the head reads or the first token whose log-prob counts. */
export interface Prepared extends Encoded {
  readonly reads: Int32Array
  /** `--pooling hf` and `mask` read different tokens here. */
  readonly poolingDiffers: boolean
  /** As in Sequence. */
  readonly turnsAs?: number
  /** Of a span: tokens of its context that are scored with it (text/context.ts). */
  readonly boundaryMoved?: number
}
/** The side on which a completion was cut, scored or not. */
export const cutOf = (prepared: Prepared | Unscored): Encoded['truncated'] =>
  isUnscored(prepared) ? (prepared.cut ?? 'no') : prepared.truncated

/** All that was mended of a completion, or is worth a word; without a score the cut alone. */
export function repairsOf(prepared: Prepared | Unscored): readonly Repair[] {
  if (isUnscored(prepared)) {
    const { cut } = prepared
    return cut === undefined ? [] : [cut === 'left' ? 'cut_left' : 'cut_right']
  }
  const { repairs, poolingDiffers } = prepared
  return poolingDiffers ? [...repairs, 'pooling_differs'] : repairs
}

/** One model of a run as the run sees it: how to prepare a completion, what identifies its measurement, how to open it. */
export interface Subject {
  readonly role: 'rm' | 'policy' | 'reference'
  /** As the user named it. */
  readonly name: string
  readonly kind: MeasurementKind
  /** Every completion of a row, in order. */
  prepare(row: Row): readonly (Prepared | Unscored)[]
  /** What the model reads of a completion, as text; '' where the template refuses it. */
  show(row: Row, completion: Completion): string
  /** Store key, 32 hex digits: everything that changes the number. */
  key(prepared: Prepared): string
  /** Opens the model; called only when something is left to measure. `ownThread`: its runs do not block the caller's. */
  open(where?: { readonly ownThread: boolean }): Promise<Runner>
}

/** A policy of which the log-probability of every token is kept. */
export const keepingTokens = (runner: Runner): Runner => ({
  get info() {
    return { ...runner.info, perToken: true }
  },
  run: (batch, sequences) => runner.run(batch, sequences),
  unreadable: (sequence) => runner.unreadable?.(sequence) ?? null,
  busyMs: runner.busyMs,
  ...(runner.checkWeights !== undefined && { checkWeights: () => runner.checkWeights!() }),
  release: () => runner.release(),
})

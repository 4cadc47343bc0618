import { visibleLines } from './visible-text.ts'

/**
 * The closed family of expected failures. Everything else that is thrown is a bug and shows its stack (exit 1).
 * `where` names the place (file:line, flag, tensor), the message says what, `hint` says how to mend it.
 */
export type ErrorTag = 'usage' | 'data' | 'model' | 'device' | 'network' | 'interrupted'

/** Exit codes of every bin; 0 done, 1 a bug, 4 done but some rows could not be read or scored. */
export const EXIT_CODES: Readonly<Record<ErrorTag, number>> = {
  usage: 2,
  data: 3,
  model: 5,
  device: 6,
  network: 7,
  interrupted: 130,
}

export abstract class HarnessError extends Error {
  abstract readonly tag: ErrorTag
  readonly where: string
  readonly hint: string | null
  /** What of the words comes from files, the hub or a command line acts on no terminal: it is cleaned here, once for all who print it. */
  constructor(message: string, where: string, hint: string | null = null, options?: { cause?: unknown }) {
    super(visibleLines(message), options)
    this.name = new.target.name
    this.where = visibleLines(where)
    this.hint = hint === null ? null : visibleLines(hint)
  }
  get exitCode(): number {
    return EXIT_CODES[this.tag]
  }
}

/** A flag, a config key or a combination of them. */
export class UsageError extends HarnessError {
  readonly tag = 'usage'
}
/** An input file that cannot be used at all. One bad row is data (`RowFailure`), not an error. */
export class DataError extends HarnessError {
  readonly tag = 'data'
}
/** Model files: config.json, safetensors, tokenizer, template, unknown architecture, NaN from the graph. */
export class ModelError extends HarnessError {
  readonly tag = 'model'
}
/** A device that was asked for and is not usable. */
export class DeviceError extends HarnessError {
  readonly tag = 'device'
}
/** Memory ran out on a device that is usable: less at a time may fit. */
export class DeviceMemoryError extends DeviceError {}
/** Hub or network. */
export class NetworkError extends HarnessError {
  readonly tag = 'network'
}
/** Ctrl-C: what was measured is kept. */
export class InterruptedError extends HarnessError {
  readonly tag = 'interrupted'
}

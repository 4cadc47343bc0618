/** What one request may ask for, and how long it may take. */
export interface ServerLimits {
  /** Bytes of a request body. */
  readonly bodyBytes: number
  /** SMILES strings of one purchasability request. */
  readonly batch: number
  /** Requests that may be under way; beyond it a client is told to come again (503). */
  readonly pending: number
  /** Requests of one address that may be under way; beyond it that client is told to come again (429). Null: as many as of all. */
  readonly perClient: number | null
  /** Milliseconds in which a request must have arrived, body included (408); and in which a client must have taken its answer. */
  readonly requestMs: number
  /** Milliseconds from a whole request to its answer; beyond it 503. */
  readonly answerMs: number
  /** Connections that may be open; further ones are closed at once. */
  readonly connections: number
}
export const DEFAULT_LIMITS: ServerLimits = {
  bodyBytes: 8 << 20,
  batch: 1000,
  pending: 1024,
  perClient: null,
  requestMs: 30_000,
  answerMs: 120_000,
  connections: 1024,
}

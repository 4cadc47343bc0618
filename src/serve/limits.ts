/** What one request may ask for. */
export interface ServerLimits {
  /** Bytes of a request body. */
  readonly bodyBytes: number
  /** SMILES strings of one purchasability request. */
  readonly batch: number
  /** Requests that may be under way; beyond it a client is told to come again (503). */
  readonly pending: number
}
export const DEFAULT_LIMITS: ServerLimits = { bodyBytes: 1 << 20, batch: 1000, pending: 256 }

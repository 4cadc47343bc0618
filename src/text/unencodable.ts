import type { Unscored } from '../types.ts'

/** A text that the tokenizer cannot turn into ids: the row's trouble, not the run's. */
export class UnencodableText extends Error {
  readonly reason: string
  /** @param reason snake_case word for the row */
  constructor(reason: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.reason = reason
  }
}

/** What `encode` gives, or why its text has no ids. */
export function encodedOr<T>(encode: () => T): T | Unscored {
  try {
    return encode()
  } catch (error) {
    if (error instanceof UnencodableText) return { reason: error.reason, message: error.message }
    throw error
  }
}

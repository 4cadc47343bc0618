import { DataError } from '../errors.ts'
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

/** A text that is too long to become tokens, whatever `--max-length` says. Its reason is that of a text of too many tokens. */
export class TextTooLong extends UnencodableText {
  constructor(message: string) {
    super('too_long', message)
  }
}

/**
 * What `encode` gives, or why its text has no ids.
 * @param under of texts that end the run where they are too long
 * @throws DataError under truncation `error`, where a text is too long
 */
export function encodedOr<T>(
  encode: () => T,
  under?: { readonly truncation: string; readonly where: string },
): T | Unscored {
  try {
    return encode()
  } catch (error) {
    if (error instanceof TextTooLong && under?.truncation === 'error')
      throw new DataError(error.message, under.where, 'Shorten the text, or leave such rows out: --truncation skip.')
    if (error instanceof UnencodableText) return { reason: error.reason, message: error.message }
    throw error
  }
}

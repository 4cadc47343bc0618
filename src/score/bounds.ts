import type { Unscored } from '../types.ts'
import type { Prepared } from './subject.ts'

/** What a model has rows for. */
export interface Bounds {
  /** As the user named it. */
  readonly name: string
  /** Rows of the embedding. */
  readonly vocab: number
  /** Rows of learned positions; null for rotary ones. */
  readonly positions: number | null
  /** Text of an id, for the message. */
  tokenOf(id: number): string
}

/** The reason of a completion with a token id beyond the embedding. */
export const NOT_EMBEDDED = 'token_not_embedded'

/**
 * A completion that the model can read, or why it cannot: an added token that was never embedded, a position beyond the last. One
 * such row is not scored, and the others are. The session checks the same once more before it computes.
 */
export function withinBounds<T extends Pick<Prepared, 'ids' | 'positionStart'>>(
  prepared: T,
  { name, vocab, positions, tokenOf }: Bounds,
): T | Unscored {
  const { ids, positionStart } = prepared
  const beyond = ids.find((id) => id < 0 || id >= vocab)
  if (beyond !== undefined)
    return {
      reason: NOT_EMBEDDED,
      message: `the token ${JSON.stringify(tokenOf(beyond))} has the id ${beyond}, and the embedding of ${name} has ${vocab} rows`,
    }
  const last = positionStart + ids.length
  if (positions !== null && last > positions)
    return { reason: 'too_long', message: `${last} positions, ${name} has learned ${positions}` }
  return prepared
}

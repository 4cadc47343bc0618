import type { Row, RowFailure } from '../types.ts'
import { cutText } from '../visible-text.ts'

/** Why one record is no row. Thrown inside `pairs/` only; `parseRecord` turns it into a `RowFailure`. */
export class BadRecord extends Error {
  constructor(
    readonly reason: string,
    message: string,
    readonly hint: string | null = null,
  ) {
    super(message)
  }
}

/** What is listed of it: a text of the record that it quotes is not repeated whole. */
export const badRow = ({ reason, message, hint }: BadRecord, where: string, id: string | null): RowFailure => ({
  where,
  id,
  reason,
  message: cutText(message),
  hint: hint === null ? null : cutText(hint),
})

export const isFailure = (row: Row | RowFailure): row is RowFailure => 'reason' in row

export const README_HINT = 'See test/data/pairs/README.md for the row forms.'

/** The key of an object that stands for bytes that are no text. */
export const NOT_UTF8 = 'not UTF-8 (base64)'

/** What a value is, in the words of an error message. @example nameOf([1]) // 'a list' */
export function nameOf(value: unknown): string {
  if (value === null || value === undefined) return 'missing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return NOT_UTF8 in value ? 'not UTF-8 text' : 'an object'
  if (typeof value === 'bigint') return 'a number'
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return `a ${typeof value}`
}

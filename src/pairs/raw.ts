import { duplicateKey } from '../unique-keys.ts'
import { jsonHint, parseJsonText } from './json-text.ts'
import { outsizedJson } from './outsized-json.ts'

/** What a format reader gives: one record as JSON-like data with its place, or why that place holds none. */
export type RawRecord =
  | {
      readonly at: number
      readonly value: unknown
      /** What the format's reader did that is worth a word; see `Reading`. */
      readonly notes?: readonly string[]
    }
  | { readonly at: number; readonly reason: string; readonly message: string; readonly hint: string | null }

/** The largest single record that is read into memory; a longer one is listed as `record_too_long` and skipped. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024

export const tooLong = (at: number, most = MAX_RECORD_BYTES): Extract<RawRecord, { readonly reason: string }> => ({
  at,
  reason: 'record_too_long',
  message: `the record is longer than ${most / 1024 / 1024} MiB`,
  hint: null,
})

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Strict UTF-8, or null: a replaced byte would change the text that is scored. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes)
  } catch {
    return null
  }
}

/** One JSON text as a record. `at` is its line. */
export function parseJson(bytes: Uint8Array, at: number): RawRecord {
  const text = decodeUtf8(bytes)
  if (text === null)
    return { at, reason: 'invalid_utf8', message: 'the text is not UTF-8', hint: 'Save the file as UTF-8.' }
  const outsized = outsizedJson(text)
  if (outsized !== null) return { at, ...outsized, hint: null }
  let value: unknown
  try {
    value = parseJsonText(text)
  } catch (error) {
    return { at, reason: 'invalid_json', message: `invalid JSON: ${(error as Error).message}`, hint: jsonHint(text) }
  }
  const twice = duplicateKey(text)
  if (twice === null) return { at, value }
  return {
    at,
    reason: 'duplicate_key',
    message: `the key ${JSON.stringify(twice)} stands twice in one object`,
    hint: 'Which of the two counts cannot be told; leave one of them out.',
  }
}

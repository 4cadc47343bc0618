import { ModelError } from './errors.ts'
import { isRecord } from './is-record.ts'
import { readRegular } from './read-regular.ts'
import { isSystemError, systemWords } from './system-words.ts'
import { closingQuote } from './unique-keys.ts'

/**
 * The one reader of files beside a model: config.json, tokenizer files, indexes, headers, templates. They come from strangers: regular files
 * only, at most so many bytes, UTF-8, and JSON that is not nested beyond what any such file needs, since whatever walks it recurses.
 */

/** Lists and objects inside each other: those of the hub have up to ten. */
const MAX_NESTING = 100
/** Largest file but for the weights: tokenizer.json of the largest vocabularies is 35 MB. */
export const MAX_MODEL_TEXT_BYTES = 200_000_000

/**
 * @param where how messages call it
 * @returns null where there is no such file
 * @throws ModelError where it is no regular file, too large, or not shown by the system
 */
export function modelBytes(path: string, where: string, most = MAX_MODEL_TEXT_BYTES): Buffer | null {
  try {
    return readRegular(path, most)
  } catch (cause) {
    if (isSystemError(cause) && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return null
    throw new ModelError(systemWords(cause), where, null, { cause })
  }
}

/** Bytes as text, without the byte order mark. @throws ModelError where they are not UTF-8 */
export function modelText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new ModelError('is not valid UTF-8', where, null, { cause })
  }
}

/** @throws ModelError where the text is not JSON, or is nested without end */
export function parseModelJson(text: string, where: string, hint: string | null = null): unknown {
  if (text.startsWith('version https://git-lfs'))
    throw new ModelError('is a Git LFS pointer, not valid JSON', where, 'Fetch the real file with: git lfs pull')
  if (deeperThan(text, MAX_NESTING))
    throw new ModelError(`is nested more than ${MAX_NESTING} deep`, where, 'It is damaged, or made to do harm.')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ModelError(`is not valid JSON: ${(cause as Error).message}`, where, hint, { cause })
  }
}

/** A JSON text that must be an object. */
export function parseModelObject(
  text: string,
  where: string,
  hint: string | null = null,
): Readonly<Record<string, unknown>> {
  const value = parseModelJson(text, where, hint)
  if (!isRecord(value)) throw new ModelError('is not a JSON object', where, hint)
  return value
}

/** Whether lists and objects stand inside each other more than `most` deep; of what is no JSON, any answer. */
export function deeperThan(json: string, most: number): boolean {
  let depth = 0
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === QUOTE) i = closingQuote(json, i)
    else if (code === LIST || code === OBJECT) {
      if (++depth > most) return true
    } else if (code === LIST_END || code === OBJECT_END) depth--
  }
  return false
}
const [QUOTE, LIST, LIST_END, OBJECT, OBJECT_END] = [0x22, 0x5b, 0x5d, 0x7b, 0x7d]

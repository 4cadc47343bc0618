import { closingQuote } from '../unique-keys.ts'

/** Lists and objects inside each other: what walks a record recurses. A column may be 100 deep (carried.ts). */
const MAX_NESTING = 1000
/**
 * Texts, keys, lists and objects of one record: each takes 20 to 100 bytes of memory however short it is written. Numbers take 8, and are
 * bounded by the bytes of a record alone: token_ids and token_logprobs of a group are hundreds of thousands.
 */
const MAX_PARTS = 500_000

/**
 * Why a JSON text is not read, whatever it says: it would take a stack or a memory that its length does not tell. Of what is no JSON, any
 * answer.
 */
export function outsizedJson(text: string): { readonly reason: string; readonly message: string } | null {
  let depth = 0
  let parts = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) {
      i = closingQuote(text, i)
      parts++
    } else if (code === LIST || code === OBJECT) {
      parts++
      if (++depth > MAX_NESTING)
        return { reason: 'nested_too_deep', message: `the record is nested more than ${MAX_NESTING} deep` }
    } else if (code === LIST_END || code === OBJECT_END) depth--
    if (parts > MAX_PARTS)
      return {
        reason: 'too_many_parts',
        message: `the record holds more than ${MAX_PARTS.toLocaleString('en')} texts, keys, lists and objects`,
      }
  }
  return null
}
const [QUOTE, LIST, LIST_END, OBJECT, OBJECT_END] = [0x22, 0x5b, 0x5d, 0x7b, 0x7d]

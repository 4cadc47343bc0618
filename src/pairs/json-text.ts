import { closingQuote } from '../unique-keys.ts'

/** Worth a closer look: numbers that JSON does not have, and integers that a double may not hold. */
const ODD = /NaN|Infinity|\d{16}/
/** Python's json.loads reads no longer integer either (sys.int_info.default_max_str_digits), since reading one takes time by its square. */
const MAX_DIGITS = 4300
/** Stands for an odd number between the two parsings; no data has such a key. */
const KEY = '\u0000number'

/**
 * JSON as Python writes it: bare `NaN`, `Infinity` and `-Infinity` become these numbers, integers beyond 2^53 become bigints, so that
 * none is rounded. Everything else as JSON.parse.
 * @throws SyntaxError where it is neither
 * @example parseJsonText('{"x": NaN, "id": 9007199254740993}') // { x: NaN, id: 9007199254740993n }
 */
export function parseJsonText(text: string): unknown {
  if (!ODD.test(text)) return JSON.parse(text)
  const marked = markNumbers(text)
  if (marked === null) return JSON.parse(text)
  return JSON.parse(marked, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, KEY)) return value
    const written = (value as Record<string, string>)[KEY]!
    return /\d/.test(written) ? BigInt(written) : Number(written)
  })
}

/** The text with the odd numbers outside its strings marked; null where there are none. */
function markNumbers(text: string): string | null {
  const pieces: string[] = []
  let done = 0
  const numbers = /"|-?Infinity\b|\bNaN\b|-?\d{16,}[\d.eE+-]*/g
  for (let found = numbers.exec(text); found !== null; found = numbers.exec(text)) {
    const [written] = found
    if (written === '"') {
      const end = closingQuote(text, found.index)
      numbers.lastIndex = end + 1
      continue
    }
    // digits behind a point or an exponent are no integer; a word may not begin in the middle of another
    if (/[\w.+]/.test(text[found.index - 1] ?? '')) continue
    if (/[.eE+]|\d-/.test(written)) continue
    const digits = written.length - (written.startsWith('-') ? 1 : 0)
    if (digits > MAX_DIGITS)
      throw new SyntaxError(`a whole number of ${digits.toLocaleString('en')} digits, at most 4,300 are read`)
    if (/\d/.test(written) && Number.isSafeInteger(Number(written))) continue
    pieces.push(text.slice(done, found.index), `{"\\u0000number":"${written}"}`)
    done = found.index + written.length
  }
  return pieces.length === 0 ? null : pieces.join('') + text.slice(done)
}

/** Why a text that is not JSON is none, as far as it can be told. */
export function jsonHint(text: string): string | null {
  if (/^\s*[[{]\s*(?:\{\s*)?'/.test(text)) return 'This is how Python prints a dict; write it with json.dumps.'
  if (/^\ufeff?\s*"?[A-Za-z_][\w -]*"?[,;\t]/.test(text))
    return 'If the file is CSV, let its name end in .csv, or in .tsv for tabs.'
  if (text.trimEnd().endsWith(',')) return 'Take the comma behind the record off.'
  return null
}

/** What Python's `str` methods mean by white space, digits, letters and case, where JavaScript means something else. */

/** Python's `\s` and `str.isspace`: unlike JavaScript's it has U+001C–001F and U+0085, and lacks U+FEFF. */
export const PY_SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

const LEADING_SPACE = new RegExp(`^[${PY_SPACE}]+`)
const SPACE = new RegExp(`[${PY_SPACE}]`)

export const isPySpace = (char: string): boolean => SPACE.test(char)

/** `str.strip()`. */
export const pyStrip = (text: string): string => pyTrimEnd(text.replace(LEADING_SPACE, ''))

/** `str.rstrip()`; a loop, since a trailing-space pattern is quadratic on long runs of space inside the text. */
export function pyTrimEnd(text: string): string {
  let end = text.length
  while (end > 0 && isPySpace(text[end - 1]!)) end--
  return text.slice(0, end)
}

/** `len(str)`: code points. */
export function pyLength(text: string): number {
  let n = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0xdc00 || unit > 0xdfff || !isHighSurrogate(text.charCodeAt(i - 1))) n++
  }
  return n
}
const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

/** Cherokee folds to its capitals, the dotless ı to itself. */
const FOLDS_TO_CAPITAL = /^[\u13a0-\u13fd\uab70-\uabbf]$/

/**
 * `str.casefold()`: full Unicode case folding. Folding a code point is lowering its capital, except as above; checked against Python 3.11
 * over all of Unicode (what differs is assigned only after Unicode 14).
 * @example casefold('Straße') // 'strasse'
 */
export function casefold(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase()
  let out = ''
  for (const char of text) {
    if (char === 'ı') out += char
    else if (FOLDS_TO_CAPITAL.test(char)) out += char.toUpperCase()
    // each code point alone: lowering whole words turns a final Σ into ς
    else for (const capital of char.toLowerCase().toUpperCase()) out += capital.toLowerCase()
  }
  return out
}

/** `int(digits)` for a run of Unicode decimal digits (the zeros of each script start a block of ten). */
export function pyDigits(digits: string): bigint {
  let ascii = ''
  for (const char of digits) ascii += digitValue(char)
  return BigInt(ascii)
}
const DIGIT = /^\p{Nd}$/u
function digitValue(char: string): number {
  if (char >= '0' && char <= '9') return char.charCodeAt(0) - 48
  // blocks of ten are contiguous, and a zero is the first of its run; mathematical digits run on for five blocks
  const code = char.codePointAt(0)!
  if (code >= 0x1d7ce && code <= 0x1d7ff) return (code - 0x1d7ce) % 10
  let first = code
  while (code - first < 10 && DIGIT.test(String.fromCodePoint(first - 1))) first--
  return (code - first) % 10
}
export const hasDigitsOnly = (text: string): boolean => /^\p{Nd}+$/u.test(text)
/** Unicode decimal digits as ASCII ones. */
export const asciiDigits = (text: string): string => text.replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))

/** Order of Python's `sorted` on strings: by code points, where JavaScript compares UTF-16 units. */
export function byCodePoint(a: string, b: string): number {
  const x = [...a]
  const y = [...b]
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!
    if (difference !== 0) return difference
  }
  return x.length - y.length
}

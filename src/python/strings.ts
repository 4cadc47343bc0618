/** Python's str on JavaScript strings, where JavaScript means something else by white space, characters, digits or case. */

// ── characters ──────────────────────────────────────────────────────────────────────────────────────────────────────

const SURROGATE = /[\ud800-\udbff]/
/** `len(str)`: code points. */
export function pyLength(text: string): number {
  if (!SURROGATE.test(text)) return text.length
  let count = 0
  for (const _ of text) count++
  return count
}
/** The text by code points: itself where each is one UTF-16 unit. */
export const points = (text: string): string | readonly string[] => (SURROGATE.test(text) ? Array.from(text) : text)
/** `text[start:stop]` of what `points` gives. */
export function head(text: string, start: number, stop: number): string {
  const part = points(text).slice(start, stop)
  return typeof part === 'string' ? part : part.join('')
}

/** Order of Python's `sorted` on strings: by code points, where JavaScript compares UTF-16 units. */
export function byCodePoint(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue
    // equal up to here: both stand within a pair of surrogates, or neither does
    const at = i > 0 && isHighSurrogate(a.charCodeAt(i - 1)) ? i - 1 : i
    return a.codePointAt(at)! - b.codePointAt(at)! || a.charCodeAt(i) - b.charCodeAt(i)
  }
  return a.length - b.length
}
const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

// ── white space ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Python's `\s` and `str.isspace`: unlike JavaScript's it has U+001C–001F and U+0085, and lacks U+FEFF. */
export const PY_SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

const LEADING_SPACE = new RegExp(`^[${PY_SPACE}]+`)
const SPACE = new RegExp(`[${PY_SPACE}]`)
const WORDS = new RegExp(`[^${PY_SPACE}]+`, 'g')

export const isPySpace = (char: string): boolean => SPACE.test(char)

/** `str.strip()`. */
export const pyStrip = (text: string): string =>
  isBlack(text.charCodeAt(0)) && isBlack(text.charCodeAt(text.length - 1))
    ? text
    : pyTrimEnd(text.replace(LEADING_SPACE, ''))
/** Surely no white space: a visible character of ASCII. */
const isBlack = (unit: number): boolean => unit > 0x20 && unit < 0x7f

/** `str.rstrip()`; a loop, since a trailing-space pattern is quadratic on long runs of space inside the text. */
export function pyTrimEnd(text: string): string {
  let end = text.length
  while (end > 0 && isPySpace(text[end - 1]!)) end--
  return text.slice(0, end)
}

/** str.strip, lstrip, rstrip: of white space, or of any of the characters given. */
export function strip(text: string, side: 'left' | 'right' | 'both', chars: string | null): string {
  if (chars === null) {
    const kept = side === 'left' ? text : pyTrimEnd(text)
    return side === 'right' ? kept : kept.replace(LEADING_SPACE, '')
  }
  const set = new Set(chars)
  const points = Array.from(text)
  let start = 0
  let end = points.length
  if (side !== 'right') while (start < end && set.has(points[start]!)) start++
  if (side !== 'left') while (end > start && set.has(points[end - 1]!)) end--
  return points.slice(start, end).join('')
}

/** str.split; `limit` < 0 is no limit. `separator` null splits at runs of white space. */
export function split(text: string, separator: string | null, limit: number): string[] {
  if (separator === null) {
    const parts: string[] = []
    for (const { 0: word, index } of text.matchAll(WORDS)) {
      if (limit >= 0 && parts.length === limit) return [...parts, text.slice(index)]
      parts.push(word)
    }
    return parts
  }
  const parts = text.split(separator)
  if (limit < 0 || parts.length <= limit + 1) return parts
  return [...parts.slice(0, limit), parts.slice(limit).join(separator)]
}
/** str.rsplit: as split, but a limit counts from the right. */
export function rsplit(text: string, separator: string | null, limit: number): string[] {
  if (limit < 0) return split(text, separator, limit)
  if (separator === null) {
    const words = [...text.matchAll(WORDS)]
    if (words.length <= limit) return words.map(({ 0: word }) => word)
    const last = words[words.length - limit - 1]!
    const head = text.slice(0, last.index + last[0].length)
    return [head, ...words.slice(words.length - limit).map(({ 0: word }) => word)]
  }
  const parts = text.split(separator)
  if (parts.length <= limit + 1) return parts
  const cut = parts.length - limit
  return [parts.slice(0, cut).join(separator), ...parts.slice(cut)]
}

const LINE_BREAK = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g
/** str.splitlines. @example splitLines('a\r\nb\n', false) // ['a', 'b'] */
export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = []
  let start = 0
  for (const { 0: end, index } of text.matchAll(LINE_BREAK)) {
    lines.push(text.slice(start, keepEnds ? index + end.length : index))
    start = index + end.length
  }
  if (start < text.length) lines.push(text.slice(start))
  return lines
}

/** Occurrences of `part`, not overlapping. An empty part lies between and around all characters. */
export function count(text: string, part: string): number {
  if (part === '') return Array.from(text).length + 1
  let found = 0
  for (let i = text.indexOf(part); i !== -1; i = text.indexOf(part, i + part.length)) found++
  return found
}
/** str.replace; `limit` < 0 replaces all. */
export function replace(text: string, old: string, replacement: string, limit: number): string {
  if (limit < 0) {
    return old === '' ? ['', ...Array.from(text), ''].join(replacement) : text.split(old).join(replacement)
  }
  if (old === '') {
    const points = Array.from(text)
    const n = Math.min(limit, points.length + 1)
    let built = ''
    for (let i = 0; i < n; i++) built += replacement + (points[i] ?? '')
    return built + points.slice(n).join('')
  }
  const parts = text.split(old)
  const n = Math.min(limit, parts.length - 1)
  return (
    parts.slice(0, n + 1).join(replacement) +
    parts
      .slice(n + 1)
      .map((part) => old + part)
      .join('')
  )
}

// ── digits ──────────────────────────────────────────────────────────────────────────────────────────────────────────

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
/** Unicode decimal digits as ASCII ones. */
export const asciiDigits = (text: string): string => text.replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))

// ── case ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Title case of a character where Unicode has one apart from upper case: DZ digraphs, Greek with iota below, Georgian. */
function titleChar(char: string): string {
  const code = char.codePointAt(0)!
  if (code >= 0x1c4 && code <= 0x1cc) return String.fromCodePoint(code <= 0x1c6 ? 0x1c5 : code <= 0x1c9 ? 0x1c8 : 0x1cb)
  if (code >= 0x1f1 && code <= 0x1f3) return '\u01f2'
  if (code >= 0x10d0 && code <= 0x10ff) return char
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCodePoint(code | 8)
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCodePoint(code + 9)
  if (code === 0x1fbc || code === 0x1fcc || code === 0x1ffc) return char
  const upper = char.toUpperCase()
  const [first, ...rest] = upper
  if (rest.length === 0) return upper
  // ß → Ss, ﬁ → Fi; a letter with its own marks (ΐ, ŉ, ᾂ) keeps them.
  return first! + rest.map((part) => part.toLowerCase()).join('')
}
export function capitalize(text: string): string {
  const [first, ...rest] = text
  return first === undefined ? '' : titleChar(first) + lowerTail(first, rest.join(''))
}
/** Lower case of what follows `before`: a final sigma depends on what stands before it. */
const lowerTail = (before: string, text: string): string => {
  if (!text.includes('Σ')) return text.toLowerCase()
  return (before + text).toLowerCase().slice(before.toLowerCase().length)
}
const CASED = /\p{Cased}/u

/** str.title: a cased character after one that is not is a title; the others are lower. */
export function title(text: string): string {
  let built = ''
  let word = ''
  const flush = (): void => {
    built += capitalize(word)
    word = ''
  }
  for (const char of text) {
    if (CASED.test(char)) word += char
    else {
      flush()
      built += char
    }
  }
  flush()
  return built
}
export const swapCase = (text: string): string =>
  Array.from(text, (char) => (/\p{Lu}/u.test(char) ? char.toLowerCase() : char.toUpperCase())).join('')

/** str.istitle: upper only after uncased, lower only after cased, and at least one cased. */
export function isTitle(text: string): boolean {
  let afterCased = false
  let any = false
  for (const char of text) {
    if (/[\p{Lu}\p{Lt}]/u.test(char)) {
      if (afterCased) return false
      afterCased = any = true
    } else if (/\p{Lowercase}/u.test(char)) {
      if (!afterCased) return false
      afterCased = any = true
    } else afterCased = false
  }
  return any
}

/** The `is…` methods of str that hold when every character is of a kind, and there is one. */
export const CHARACTER_TESTS: Readonly<Record<string, RegExp>> = {
  isalnum: /^[\p{L}\p{N}]+$/u,
  isalpha: /^\p{L}+$/u,
  isdecimal: /^\p{Nd}+$/u,
  isidentifier: /^[\p{XID_Start}_]\p{XID_Continue}*$/u,
  isspace: new RegExp(`^[${PY_SPACE}]+$`),
  // No cased character of the other kind, and at least one of this kind.
  islower: /^(?=[\s\S]*\p{Lowercase})[^\p{Lu}\p{Lt}]*$/u,
  isupper: /^(?=[\s\S]*\p{Uppercase})[^\p{Ll}\p{Lt}]*$/u,
  isascii: /^[\x00-\x7f]*$/,
  isprintable: /^[^\p{C}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]*$/u,
}

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

import { PythonError, valueError } from './error.ts'
import { SIMPLE_ESCAPES } from './escapes.ts'
import { Bytes } from './values.ts'

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'end'
  /** The text as written; a string's with prefix and quotes. */
  readonly text: string
}

export const syntaxError = (message: string): PythonError => new PythonError('SyntaxError', message)

const STRING_START = /(?:[rR][bB]?|[bB][rR]?|[uU]|[fF][rR]?|[rR][fF])?('''|"""|'|")/y
const NUMBER =
  /(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?[jJ]?|\d(?:_?\d)*\.?(?:[eE][+-]?\d(?:_?\d)*)?[jJ]?)/y
const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}_]*/uy
const OPERATOR = /\*\*|\/\/|<<|>>|<=|>=|==|!=|:=|->|\.\.\.|[-+*/%@&|^~<>()[\]{},:.;=]/y
/** Brackets within brackets that Python's tokenizer takes. */
const MAX_BRACKETS = 200
const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }

/**
 * The tokens of one Python expression (3.11), whose lines end with `\n`. They may break inside brackets; a second line outside them is a
 * SyntaxError, which is what `compile(…, mode='eval')` makes of it (white space and comments may follow).
 */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = []
  const open: string[] = []
  let at = 0
  let ended = false
  const read = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const match = pattern.exec(source)
    return match === null ? null : match[0]
  }
  if (source.includes('\0')) throw valueError('source code string cannot contain null bytes')
  while (at < source.length) {
    const char = source[at]!
    if (char === ' ' || char === '\t' || char === '\f') at++
    else if (char === '#') at = lineEnd(source, at)
    else if (char === '\n') {
      if (open.length === 0 && tokens.length > 0) ended = true
      at++
    } else if (char === '\\' && source[at + 1] === '\n') at += 2
    else {
      if (ended) throw syntaxError('invalid syntax')
      const string = read(STRING_START)
      const text = string !== null ? readString(source, at, string) : (read(NUMBER) ?? read(NAME) ?? read(OPERATOR))
      if (text === null || text === '') throw syntaxError(`invalid character ${JSON.stringify(char)}`)
      const kind = string !== null ? 'string' : /^(?:\d|\.\d)/.test(text) ? 'number' : operatorOrName(text)
      if (kind === 'number') checkNumber(source, at + text.length, text)
      if ('([{'.includes(text)) {
        if (open.push(text) > MAX_BRACKETS) throw syntaxError('too many nested parentheses')
      } else if (text in OPENING && open.pop() !== OPENING[text]) throw syntaxError(`unmatched '${text}'`)
      tokens.push({ kind, text })
      at += text.length
    }
  }
  if (open.length > 0) throw syntaxError(`'${open.at(-1)}' was never closed`)
  tokens.push({ kind: 'end', text: '' })
  return tokens
}

const operatorOrName = (text: string): 'name' | 'operator' => (/^[\p{L}\p{Nl}_]/u.test(text) ? 'name' : 'operator')
const lineEnd = (source: string, at: number): number => {
  const end = source.indexOf('\n', at)
  return end < 0 ? source.length : end
}

/** Numbers such as `012` or `1abc` are errors; a keyword may follow at once (`1if x else 2`). */
function checkNumber(source: string, end: number, text: string): void {
  if (/^0[\d_]*[1-9]/.test(text) && /^[\d_]+$/.test(text)) throw syntaxError('leading zeros are not permitted')
  if (
    /^[\p{L}_\d]/u.test(source.slice(end, end + 2)) &&
    !/^(?:and|else|for|if|in|is|or|not)\b/.test(source.slice(end))
  ) {
    throw syntaxError('invalid decimal literal')
  }
}

function readString(source: string, at: number, opening: string): string {
  const quote = /['"]+$/.exec(opening)![0]
  let i = at + opening.length
  for (; i < source.length; i++) {
    if (source[i] === '\\') i++
    else if (source.startsWith(quote, i)) return source.slice(at, i + quote.length)
    else if (quote.length === 1 && source[i] === '\n') break
  }
  throw syntaxError(quote.length === 3 ? 'unterminated triple-quoted string literal' : 'unterminated string literal')
}

// ── strings ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]*)\}|([\s\S]))/gu

/** The value of one string token, prefix and quotes included; null for an f-string (which is no literal). */
export function stringValue(token: string): string | Bytes | null {
  const [, prefix = '', quote = ''] = /^([a-zA-Z]*)('''|"""|'|")/.exec(token)!
  const body = token.slice(prefix.length + quote.length, token.length - quote.length)
  const flags = prefix.toLowerCase()
  if (flags.includes('f')) return null
  const bytes = flags.includes('b')
  if (bytes && /[^\x00-\x7f]/.test(body)) throw syntaxError('bytes can only contain ASCII literal characters')
  const value = flags.includes('r') ? body : withEscapes(body, bytes)
  return bytes ? new Bytes([...value].map((char) => char.charCodeAt(0))) : value
}

function withEscapes(body: string, bytes: boolean): string {
  return body.replace(
    ESCAPE,
    (whole, octal?: string, hex?: string, u4?: string, u8?: string, name?: string, char?: string) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & (bytes ? 0xff : 0x1ff))
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      if (bytes && char === undefined) return whole
      if (u4 !== undefined) return String.fromCharCode(Number.parseInt(u4, 16))
      if (u8 !== undefined) {
        const code = Number.parseInt(u8, 16)
        if (code > 0x10ffff) throw syntaxError('(unicode error) illegal Unicode character')
        return String.fromCodePoint(code)
      }
      // names of characters need Unicode's name table, which we do not carry
      if (name !== undefined) throw new PythonError('UnsupportedLiteral', `\\N{${name}} is not supported`)
      if (char === 'x')
        throw bytes ? new PythonError('SyntaxError', 'invalid \\x escape') : syntaxError('truncated \\xXX escape')
      if (!bytes && (char === 'u' || char === 'U' || char === 'N')) throw syntaxError('truncated Unicode escape')
      return SIMPLE_ESCAPES[char!] ?? whole
    },
  )
}

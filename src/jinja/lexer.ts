import { SIMPLE_ESCAPES } from '../python/escapes.ts'
import { PY_SPACE } from '../python/strings.ts'
import { TemplateFault } from './exceptions.ts'

/** One token. Operators, and the words of the grammar, are their own type; `name`, `string`, `integer`, `float`, `data` carry a value. */
export interface Token {
  readonly type: string
  readonly value: string | bigint | number
  readonly line: number
}

const S = `[${PY_SPACE}]`

const WHITESPACE = new RegExp(`${S}+`, 'y')
const TRAILING_SPACE = new RegExp(`${S}+$`)
const ALL_SPACE = new RegExp(`^${S}+$`)
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy
const NAME = /[\p{L}\p{N}_]+/uy
const IDENTIFIER = /^[\p{XID_Start}_]\p{XID_Continue}*$/u
const STRING = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y
const OPERATOR = /\*\*|\/\/|==|!=|>=|<=|[-+/*%~[\](){}<>=.:|,;]/y
const RAW_BEGIN = new RegExp(`\\{%([-+]?)${S}*raw${S}*(?:-%\\}${S}*|%\\})`, 'y')
const RAW_END = new RegExp(`\\{%([-+]?)${S}*endraw${S}*(?:\\+%\\}|-%\\}${S}*|%\\}\\n?)`, 'g')
const BLOCK_END = new RegExp(`\\+%\\}|-%\\}${S}*|%\\}\\n?`, 'y')
const COMMENT_END = new RegExp(`\\+#\\}|-#\\}${S}*|#\\}\\n?`, 'g')
const VARIABLE_END = new RegExp(`-\\}\\}${S}*|\\}\\}`, 'y')
const CLOSERS: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

const syntax = (message: string, line: number): TemplateFault =>
  new TemplateFault('syntax', 'TemplateSyntaxError', message, line)

/**
 * Splits a template as jinja2/lexer.py does with trim_blocks and lstrip_blocks on and keep_trailing_newline off, which is how
 * transformers opens chat templates. Comments and raw marks are gone from the result.
 */
export function tokenize(template: string): Token[] {
  const lines = template.replace(/\r\n?/g, '\n')
  const source = lines.endsWith('\n') ? lines.slice(0, -1) : lines
  const tokens: Token[] = []
  let position = 0
  let line = 1
  let lineStarting = true

  let newline = source.indexOf('\n')
  const advance = (end: number): void => {
    for (; newline !== -1 && newline < end; newline = source.indexOf('\n', newline + 1)) line++
    if (end > position) lineStarting = source[end - 1] === '\n'
    position = end
  }
  const matchAt = (pattern: RegExp, at: number): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(source)
  }
  /** Text before a tag: `-` strips all white space; lstrip_blocks the blanks before a tag that opens its line. */
  const pushData = (text: string, sign: string, variable: boolean): void => {
    let kept = text
    if (sign === '-') kept = text.replace(TRAILING_SPACE, '')
    else if (sign !== '+' && !variable) {
      const lineStart = text.lastIndexOf('\n') + 1
      if ((lineStart > 0 || lineStarting) && ALL_SPACE.test(text.slice(lineStart))) kept = text.slice(0, lineStart)
    }
    if (kept !== '') tokens.push({ type: 'data', value: kept, line })
  }

  /** Reads one token, or white space, inside a tag; returns its length. */
  const lexeme = (open: string[]): number => {
    const blank = matchAt(WHITESPACE, position)
    if (blank) return blank[0].length
    const float = matchAt(FLOAT, position)
    if (float) {
      tokens.push({ type: 'float', value: Number(float[0].replaceAll('_', '')), line })
      return float[0].length
    }
    const integer = matchAt(INTEGER, position)
    if (integer) {
      tokens.push({ type: 'integer', value: BigInt(integer[0].replaceAll('_', '')), line })
      return integer[0].length
    }
    const name = matchAt(NAME, position)
    if (name) {
      if (!IDENTIFIER.test(name[0])) throw syntax('Invalid character in identifier', line)
      tokens.push({ type: 'name', value: name[0], line })
      return name[0].length
    }
    const string = matchAt(STRING, position)
    if (string) {
      tokens.push({ type: 'string', value: decodeEscapes(string[0].slice(1, -1), line), line })
      return string[0].length
    }
    const operator = matchAt(OPERATOR, position)?.[0]
    if (operator === undefined)
      throw syntax(`unexpected char '${String.fromCodePoint(source.codePointAt(position)!)}' at ${position}`, line)
    const closer = CLOSERS[operator]
    if (closer !== undefined) open.push(closer)
    else if (operator === ')' || operator === ']' || operator === '}') {
      const expected = open.pop()
      if (expected === undefined) throw syntax(`unexpected '${operator}'`, line)
      if (expected !== operator) throw syntax(`unexpected '${operator}', expected '${expected}'`, line)
    }
    tokens.push({ type: operator, value: operator, line })
    return operator.length
  }

  /** Tokens of one `{% … %}` or `{{ … }}`, its end included. */
  const tokenizeTag = (end: RegExp, endType: string): void => {
    const open: string[] = []
    while (true) {
      const closing = open.length === 0 ? matchAt(end, position) : null
      if (closing) {
        tokens.push({ type: endType, value: closing[0], line })
        advance(end.lastIndex)
        return
      }
      if (position >= source.length) throw syntax('unexpected end of template inside a tag', line)
      const length = lexeme(open)
      advance(position + length)
    }
  }

  while (position < source.length) {
    let tag = source.indexOf('{', position)
    while (tag !== -1 && !'%#{'.includes(source[tag + 1] ?? ' ')) tag = source.indexOf('{', tag + 1)
    if (tag === -1) {
      tokens.push({ type: 'data', value: source.slice(position), line })
      break
    }
    const text = source.slice(position, tag)
    const raw = matchAt(RAW_BEGIN, tag)
    const sign = raw ? raw[1]! : '-+'.includes(source[tag + 2] ?? ' ') ? source[tag + 2]! : ''
    const kind = source[tag + 1]!
    pushData(text, sign, !raw && kind === '{')
    if (raw) {
      advance(tag + raw[0].length)
      const end = matchAt(RAW_END, position)
      if (!end) throw syntax('Missing end of raw directive', line)
      pushData(source.slice(position, end.index), end[1]!, false)
      advance(end.index + end[0].length)
      continue
    }
    advance(tag + 2 + sign.length)
    if (kind === '#') {
      const end = matchAt(COMMENT_END, position)
      if (!end) throw syntax('Missing end of comment tag', line)
      advance(end.index + end[0].length)
    } else if (kind === '%') {
      tokens.push({ type: 'block_begin', value: '{%', line })
      tokenizeTag(BLOCK_END, 'block_end')
    } else {
      tokens.push({ type: 'variable_begin', value: '{{', line })
      tokenizeTag(VARIABLE_END, 'variable_end')
    }
  }
  tokens.push({ type: 'eof', value: '', line })
  return tokens
}

/** Python's `value.encode('ascii', 'backslashreplace').decode('unicode-escape')`; an unknown escape keeps its backslash. */
function decodeEscapes(text: string, line: number): string {
  if (!text.includes('\\')) return text
  return text.replace(
    /\\(?:([0-7]{1,3})|x([\da-fA-F]{0,2})|u([\da-fA-F]{0,4})|U([\da-fA-F]{0,8})|([\s\S]))/gu,
    (whole, octal?: string, x?: string, u?: string, long?: string, other?: string) => {
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
      const hex = x ?? u ?? long
      if (hex !== undefined) {
        const width = x !== undefined ? 2 : u !== undefined ? 4 : 8
        if (hex.length < width) throw syntax(`truncated \\${whole[1]!} escape`, line)
        const code = Number.parseInt(hex, 16)
        if (code > 0x10ffff) throw syntax('illegal Unicode character', line)
        return String.fromCodePoint(code)
      }
      const simple = SIMPLE_ESCAPES[other!]
      if (simple !== undefined) return simple
      if (other === 'N') throw syntax('\\N{…} escapes are not supported here', line)
      const code = other!.codePointAt(0)!
      if (code < 0x80) return whole
      // Python has turned the character into an escape by now, and reads `\` + `\xe9` as a backslash and the letters xe9.
      const name = code < 0x100 ? `x${hexOf(code, 2)}` : code < 0x10000 ? `u${hexOf(code, 4)}` : `U${hexOf(code, 8)}`
      return `\\${name}`
    },
  )
}

const hexOf = (code: number, width: number): string => code.toString(16).padStart(width, '0')

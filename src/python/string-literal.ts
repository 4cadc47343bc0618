import { PythonError } from './error.ts'
import { syntaxError } from './tokens.ts'
import type { PyValue } from './value.ts'

const SIMPLE: Readonly<Record<string, string>> = {
  // biome-ignore format: a table
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}
const ESCAPE = /\\(?:(\n)|([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]*)\}|([\s\S]))/gu

/** The value of one string token, prefix and quotes included; null for an f-string (which is no literal). */
export function stringValue(token: string): PyValue | null {
  const [, prefix = '', quote = ''] = /^([a-zA-Z]*)('''|"""|'|")/.exec(token)!
  const body = token.slice(prefix.length + quote.length, token.length - quote.length)
  const flags = prefix.toLowerCase()
  if (flags.includes('f')) return null
  const bytes = flags.includes('b')
  if (bytes && /[^\x00-\x7f]/.test(body)) throw syntaxError('bytes can only contain ASCII literal characters')
  const value = flags.includes('r') ? body : withEscapes(body, bytes)
  return bytes ? { type: 'bytes', value: [...value].map((char) => char.charCodeAt(0)) } : { type: 'str', value }
}

function withEscapes(body: string, bytes: boolean): string {
  return body.replace(
    ESCAPE,
    (whole, line?: string, octal?: string, hex?: string, u4?: string, u8?: string, name?: string, char?: string) => {
      if (line !== undefined) return ''
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
      return SIMPLE[char!] ?? whole
    },
  )
}

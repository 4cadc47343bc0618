/**
 * Python's regular expressions as JavaScript's (`re:` filters, PEFT's names of modules): what `re.compile(pattern).match(text)` says, 3.11 syntax.
 * The differences that matter are written out: `$` before a last newline, `\A \Z`, `.` and line ends, Unicode `\w \d \s \b`, `(?P<name>…)`,
 * `(?P=name)`, global flags, `{,n}`, `\a`, `\U…`. What has no counterpart (possessive and atomic groups, conditionals, verbose or
 * scoped flags, `\N{…}`) is refused, never approximated. One thing stays JavaScript's: a back-reference to a group that took no part matches empty.
 * Anchored at the start, as `match` is.
 * @throws SyntaxError
 * @example pythonRegex('(?i)PROPERTY').test('property-cat-smell') // true
 */
export function pythonRegex(pattern: string): { test(text: string): boolean } {
  const regex = new RegExp(translate([...pattern]), pattern.match(/^\(\?[a-z]*i[a-z]*\)/) ? 'ivy' : 'vy')
  return {
    test(text) {
      regex.lastIndex = 0
      return regex.test(text)
    },
  }
}

const SPACE = '[\\t-\\r\\x1c-\\x20\\x85\\p{Z}]'
const ASCII_SPACE = '[\\t-\\r\\x20]'
const END = '(?![\\s\\S])'

/** Shorthand classes under the Unicode and the ASCII rule. */
const classes = (ascii: boolean): Readonly<Record<string, string>> => ({
  d: ascii ? '[0-9]' : '\\p{Nd}',
  D: ascii ? '[^0-9]' : '\\P{Nd}',
  w: ascii ? '[A-Za-z0-9_]' : '[\\p{L}\\p{N}_]',
  W: ascii ? '[^A-Za-z0-9_]' : '[^\\p{L}\\p{N}_]',
  s: ascii ? ASCII_SPACE : SPACE,
  S: (ascii ? ASCII_SPACE : SPACE).replace('[', '[^'),
})
const CONTROLS: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, f: 12, v: 11, a: 7 }

const literal = (char: string): string =>
  /^[A-Za-z0-9]$/.test(char) ? char : `\\u{${char.codePointAt(0)!.toString(16)}}`

function translate(pattern: readonly string[]): string {
  const source = pattern.join('')
  const flags = /^\(\?([a-zA-Z]+)\)/.exec(source)
  let at = flags === null ? 0 : flags[0].length
  const flag = (name: string): boolean => flags?.[1]?.includes(name) ?? false
  for (const name of flags?.[1] ?? '')
    if (!'aimsu'.includes(name)) throw new SyntaxError(`the flag (?${name}) is not supported`)
  const shorthand = classes(flag('a'))
  const word = shorthand.w!
  const ahead = (text: string): boolean => pattern.slice(at, at + text.length).join('') === text

  /** A character that an escape stands for, or null. `at` is behind the letter. */
  const escapedChar = (letter: string, inClass: boolean): string | null => {
    const control = CONTROLS[letter] ?? (inClass && letter === 'b' ? 8 : undefined)
    if (control !== undefined) return String.fromCodePoint(control)
    const digits = { x: 2, u: 4, U: 8 }[letter]
    if (digits !== undefined) {
      const hex = pattern.slice(at, at + digits).join('')
      if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex))
        throw new SyntaxError(`incomplete escape \\${letter}${hex}`)
      at += digits
      return String.fromCodePoint(Number.parseInt(hex, 16))
    }
    const octal = /^(?:0[0-7]{0,2}|[1-3][0-7]{2})/.exec(letter + pattern.slice(at, at + 2).join(''))
    if (octal !== null) {
      at += octal[0].length - 1
      return String.fromCodePoint(Number.parseInt(octal[0], 8))
    }
    if (/[A-Za-z0-9]/.test(letter)) return null
    return letter
  }

  const escaped = (): string => {
    const letter = pattern[at++]
    if (letter === undefined) throw new SyntaxError('bad escape (end of pattern)')
    if (letter in shorthand) return shorthand[letter]!
    if (letter === 'A') return '(?<![\\s\\S])'
    if (letter === 'Z') return END
    if (letter === 'b') return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`
    if (letter === 'B') return `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`
    const char = escapedChar(letter, false)
    if (char !== null) return literal(char)
    if (!/[1-9]/.test(letter)) throw new SyntaxError(`bad escape \\${letter}`)
    const second = /\d/.test(pattern[at] ?? '') ? pattern[at++]! : ''
    return `(?:\\${letter}${second})`
  }

  const characterClass = (): string => {
    let text = '['
    if (ahead('^')) {
      at++
      text += '^'
    }
    const first = at
    for (;;) {
      const char = pattern[at++]
      if (char === undefined) throw new SyntaxError('unterminated character set')
      if (char === ']' && at > first + 1) return `${text}]`
      if (char === '-' && text.length > 1 && at > first + 1 && pattern[at] !== ']' && rangeOpen(text)) {
        text += '-'
        continue
      }
      if (char !== '\\') {
        text += literal(char)
        continue
      }
      const letter = pattern[at++] ?? ''
      const inside = shorthand[letter] ?? null
      const plain = inside === null ? escapedChar(letter, true) : null
      if (inside === null && plain === null) throw new SyntaxError(`bad escape \\${letter}`)
      text += inside ?? literal(plain!)
    }
  }

  const group = (): string => {
    if (!ahead('?')) return '('
    for (const kept of ['?:', '?=', '?!', '?<=', '?<!'])
      if (ahead(kept)) {
        at += kept.length
        return `(${kept}`
      }
    const rest = pattern.slice(at).join('')
    const named = /^\?P<([A-Za-z_]\w*)>/.exec(rest)
    const back = /^\?P=([A-Za-z_]\w*)\)/.exec(rest)
    const comment = /^\?#[^)]*\)/.exec(rest)
    const match = named ?? back ?? comment
    if (match === null) throw new SyntaxError(`the group (${rest.slice(0, 3)}… is not supported`)
    at += match[0].length
    return named !== null ? `(?<${named[1]}>` : back !== null ? `\\k<${back[1]}>` : ''
  }

  let out = ''
  while (at < pattern.length) {
    const char = pattern[at++]!
    if (char === '\\') out += escaped()
    else if (char === '[') out += characterClass()
    else if (char === '(') out += group()
    else if (char === '.') out += flag('s') ? '[\\s\\S]' : '[^\\n]'
    else if (char === '^') out += flag('m') ? '(?<![^\\n])' : '(?<![\\s\\S])'
    else if (char === '$') out += flag('m') ? '(?![^\\n])' : `(?=\\n?${END})`
    else if ('*+?'.includes(char) || (char === '{' && /^\{(\d+(,\d*)?|,\d+)\}/.test(pattern.slice(at - 1).join('')))) {
      let quantifier = char
      if (char === '{') {
        while (pattern[at - 1] !== '}') quantifier += pattern[at++]!
        quantifier = quantifier.replace('{,', '{0,')
      }
      if (ahead('+')) throw new SyntaxError(`the possessive quantifier ${quantifier}+ is not supported`)
      out += quantifier
      if (ahead('?')) {
        out += '?'
        at++
      }
    } else if (char === '|' || char === ')') out += char
    else out += literal(char)
  }
  return out
}

/** Whether a `-` after this text of a class opens a range: not right behind a range or a shorthand class. */
const rangeOpen = (text: string): boolean =>
  !/\]$|\\[pP]\{\w+\}$/.test(text) && !/-(?:[A-Za-z0-9]|\\u\{\w+\})$/.test(text)

import { PythonError } from './error.ts'
import { stringValue, syntaxError, type Token, tokenize } from './tokens.ts'
import { Bytes, Complex, ELLIPSIS, type Value } from './values.ts'

/** A Python expression as far as a literal can have it; `other` is what no literal has (a name, a call, an f-string, 1 * 2 …). */
export type Expression =
  | { readonly kind: 'constant'; readonly value: Value }
  | { readonly kind: 'tuple' | 'list' | 'set'; readonly items: readonly Expression[] }
  | { readonly kind: 'dict'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'empty-set' }
  | { readonly kind: 'sign'; readonly operator: string; readonly operand: Expression }
  | { readonly kind: 'sum'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'other' }

const OTHER: Expression = { kind: 'other' }
const CONSTANTS: ReadonlyMap<string, Value> = new Map([
  ['None', null],
  ['True', true],
  ['False', false],
])
const KEYWORDS = new Set(
  'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
)
const BINARY = new Set('* / // % @ ** << >> & | ^ < > <= >= == != and or in is'.split(' '))
/** Expressions within expressions; CPython's parser gives up at some thousands. */
const MAX_DEPTH = 1000

/** Parses one expression, as `compile(source, mode='eval')` does. @throws PythonError SyntaxError where Python's parser would */
export function parseExpression(source: string): Expression {
  return new Parser(tokenize(source)).whole()
}

class Parser {
  private at = 0
  private depth = 0
  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Expression {
    if (this.is('*')) throw syntaxError('invalid syntax')
    const whole = this.tuple('end')
    if (this.peek().kind !== 'end') throw syntaxError('invalid syntax')
    return whole
  }

  private peek(): Token {
    return this.tokens[this.at]!
  }
  private is(text: string): boolean {
    const token = this.peek()
    return token.text === text && token.kind !== 'string'
  }
  private accept(text: string): boolean {
    if (!this.is(text)) return false
    this.at++
    return true
  }
  private expect(text: string): void {
    if (!this.accept(text)) throw syntaxError('invalid syntax')
  }

  /** Items separated by commas, up to (not including) the closing token; one item without a comma stays itself. */
  private tuple(close: string): Expression {
    const starred = this.is('*')
    const first = this.starred()
    if (!this.is(',')) {
      if (starred) throw syntaxError('cannot use starred expression here')
      return first
    }
    const items = [first]
    while (this.accept(',')) {
      if (this.peek().kind === 'end' || this.is(close)) break
      items.push(this.starred())
    }
    return { kind: 'tuple', items }
  }

  private starred(): Expression {
    if (!this.accept('*')) return this.expression()
    this.expression()
    return OTHER
  }

  private expression(): Expression {
    return this.nested(() => this.operators())
  }

  private operand(): Expression {
    return this.nested(() => this.prefixed())
  }

  private nested(parse: () => Expression): Expression {
    if (++this.depth > MAX_DEPTH) throw new PythonError('MemoryError', 'too deeply nested')
    const parsed = parse()
    this.depth--
    return parsed
  }

  /** Operators are read without precedence: only signs and ±complex matter, everything else is no literal. */
  private operators(): Expression {
    let left = this.operand()
    for (;;) {
      const { text, kind } = this.peek()
      if (kind === 'string' || kind === 'end') return left
      if (text === '+' || text === '-') {
        this.at++
        left = { kind: 'sum', operator: text, left, right: this.term() }
      } else if (BINARY.has(text)) {
        this.at++
        if (text === 'is') this.accept('not')
        this.operand()
        left = OTHER
      } else if (text === 'not' && this.tokens[this.at + 1]?.text === 'in') {
        this.at += 2
        this.operand()
        left = OTHER
      } else if (text === 'if') {
        this.at++
        this.expression()
        this.expect('else')
        this.expression()
        left = OTHER
      } else return left
    }
  }

  /** An operand and the tighter operators that follow it, so that 1 + 2 * 3j is not read as (1 + 2) * 3j. */
  private term(): Expression {
    let left = this.operand()
    while (this.peek().kind === 'operator' && /^(?:\*\*?|\/\/?|%|@)$/.test(this.peek().text)) {
      this.at++
      this.operand()
      left = OTHER
    }
    return left
  }

  private prefixed(): Expression {
    const token = this.peek()
    if (this.accept('-') || this.accept('+')) return { kind: 'sign', operator: token.text, operand: this.operand() }
    if (this.accept('~') || this.accept('not') || this.accept('await')) {
      this.operand()
      return OTHER
    }
    if (this.accept('lambda')) {
      while (!this.is(':') && this.peek().kind !== 'end') this.at++
      this.expect(':')
      this.expression()
      return OTHER
    }
    return this.trailers(this.atom(), token)
  }

  private trailers(atom: Expression, first: Token): Expression {
    const called = first.kind === 'name' && first.text === 'set' && this.is('(')
    let value = atom
    for (let trailers = 0; ; trailers++) {
      if (this.accept('(')) {
        const empty = this.is(')')
        this.arguments()
        value = called && empty && trailers === 0 ? { kind: 'empty-set' } : OTHER
      } else if (this.accept('[')) {
        this.subscripts()
        value = OTHER
      } else if (this.accept('.')) {
        if (this.peek().kind !== 'name') throw syntaxError('invalid syntax')
        this.at++
        value = OTHER
      } else return value
    }
  }

  private arguments(): void {
    while (!this.accept(')')) {
      if (this.accept('**')) this.expression()
      else {
        this.starred()
        if (this.accept('=') || this.accept(':=')) this.expression()
        if (this.is('for')) this.comprehension()
      }
      if (!this.is(')')) this.expect(',')
    }
  }

  private subscripts(): void {
    if (this.is(']')) throw syntaxError('invalid syntax')
    while (!this.accept(']')) {
      if (!this.is(':') && !this.is(',')) this.starred()
      if (!this.accept(':') && !this.is(']')) this.expect(',')
    }
  }

  private comprehension(): void {
    while (this.accept('for') || this.accept('if')) {
      this.expression()
      while (this.accept(',')) this.expression()
      if (this.accept('in')) this.expression()
    }
  }

  private atom(): Expression {
    const token = this.peek()
    this.at++
    switch (token.kind) {
      case 'string':
        return this.strings(token)
      case 'number':
        return { kind: 'constant', value: numberValue(token.text) }
      case 'name': {
        if (KEYWORDS.has(token.text)) throw syntaxError('invalid syntax')
        const value = CONSTANTS.get(token.text)
        return value === undefined ? OTHER : { kind: 'constant', value }
      }
      case 'operator':
        if (token.text === '(') return this.parenthesis()
        if (token.text === '[') return this.list()
        if (token.text === '{') return this.braces()
        if (token.text === '...') return { kind: 'constant', value: ELLIPSIS }
    }
    throw syntaxError('invalid syntax')
  }

  /** A string and those that follow it at once, joined. */
  private strings(first: Token): Expression {
    const parts = [stringValue(first.text)]
    for (; this.peek().kind === 'string'; this.at++) parts.push(stringValue(this.peek().text))
    const bytes = parts.filter((part) => part instanceof Bytes)
    if (bytes.length > 0 && bytes.length < parts.length) throw syntaxError('cannot mix bytes and nonbytes literals')
    if (bytes.length > 0) return { kind: 'constant', value: new Bytes(bytes.flatMap(({ values }) => values)) }
    // an f-string is no literal
    return parts.includes(null) ? OTHER : { kind: 'constant', value: parts.join('') }
  }

  private parenthesis(): Expression {
    if (this.accept(')')) return { kind: 'tuple', items: [] }
    if (this.accept('yield')) {
      this.accept('from')
      if (!this.is(')')) this.tuple(')')
      this.expect(')')
      return OTHER
    }
    const inner = this.tuple(')')
    if (this.accept(')')) return inner
    if (this.accept(':=')) this.expression()
    else this.comprehension()
    this.expect(')')
    return OTHER
  }

  private list(): Expression {
    const items: Expression[] = []
    while (!this.accept(']')) {
      items.push(this.starred())
      if (this.is('for')) {
        this.comprehension()
        items.push(OTHER)
      }
      if (!this.is(']')) this.expect(',')
    }
    return { kind: 'list', items }
  }

  private braces(): Expression {
    const items: Expression[] = []
    const entries: [Expression, Expression][] = []
    while (!this.accept('}')) {
      if (this.accept('**')) entries.push([OTHER, this.expression()])
      else {
        const item = this.starred()
        if (this.accept(':')) entries.push([item, this.expression()])
        else items.push(item)
        if (this.is('for')) {
          this.comprehension()
          if (entries.length > 0) entries.push([OTHER, OTHER])
          else items.push(OTHER)
        }
      }
      if (items.length > 0 && entries.length > 0) throw syntaxError('invalid syntax')
      if (!this.is('}')) this.expect(',')
    }
    return items.length > 0 ? { kind: 'set', items } : { kind: 'dict', entries }
  }
}

function numberValue(text: string): Value {
  const plain = text.replaceAll('_', '')
  if (/^0[xXoObB]/.test(plain)) return BigInt(plain.toLowerCase())
  if (/[jJ]$/.test(plain)) return new Complex(0, Number(plain.slice(0, -1)))
  if (/^\d+$/.test(plain)) {
    if (plain.length > 4300) throw syntaxError('Exceeds the limit (4300 digits) for integer string conversion')
    return BigInt(plain)
  }
  return Number(plain)
}

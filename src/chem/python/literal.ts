import { PythonError } from './error.ts'
import { stringValue } from './string-literal.ts'
import { syntaxError, type Token, tokenize } from './tokens.ts'
import { type PyValue, pyEquals } from './value.ts'

/** An expression: a literal's value, or `null` for what is Python but no literal (a name, a call, an f-string, 1 + 1 …). */
type Node = { readonly value: PyValue | null; readonly signed?: boolean }
const OTHER: Node = { value: null }

const CONSTANTS: Readonly<Record<string, PyValue>> = {
  None: { type: 'NoneType' },
  True: { type: 'bool', value: true },
  False: { type: 'bool', value: false },
}
const KEYWORDS = new Set(
  'and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield'.split(
    ' ',
  ),
)
const BINARY = new Set(['*', '/', '//', '%', '@', '**', '<<', '>>', '&', '|', '^', '<', '>', '<=', '>=', '==', '!='])
/** CPython's parser gives up (MemoryError) or its compiler does (RecursionError) at about this depth. */
const MAX_DEPTH = 200

/**
 * Python's `ast.literal_eval`: strings (prefixes, escapes, adjacent ones joined), bytes, numbers (underscores, hex, octal, binary,
 * complex), tuples, lists, sets, dicts, `set()`, None, True, False, `...`, with signs, comments and line breaks.
 * Raises SyntaxError where Python's parser would, ValueError for an expression that is no literal, TypeError for an unhashable key.
 * @example literalEval("('C2H6O', ['primary alcohol'])")
 */
export function literalEval(source: string): PyValue {
  const text = source.replace(/^[ \t]+/, '')
  if (/^[ \t]*(?:\r?\n[ \t]*)+[ \t]+\S/.test(text) && indentedAfterBlankLines(text)) {
    throw new PythonError('IndentationError', 'unexpected indent')
  }
  const parser = new Parser(tokenize(text))
  const node = parser.whole()
  if (node.value === null) throw malformed()
  return node.value
}

const malformed = (): PythonError => new PythonError('ValueError', 'malformed node or string')
const indentedAfterBlankLines = (text: string): boolean => /^(?:[ \t\f]*(?:#[^\n]*)?\r?\n)*[ \t]+[^\s#]/.test(text)

class Parser {
  private at = 0
  private depth = 0
  constructor(private readonly tokens: readonly Token[]) {}

  whole(): Node {
    const node = this.tuple('end')
    if (this.peek().kind !== 'end') throw syntaxError('invalid syntax')
    return node
  }

  private peek(): Token {
    return this.tokens[this.at]!
  }
  private next(): Token {
    return this.tokens[this.at++]!
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
  private tuple(close: string): Node {
    const first = this.starred()
    if (!this.is(',')) return first
    const items = [first]
    while (this.accept(',')) {
      if (this.peek().kind === 'end' || this.is(close)) break
      items.push(this.starred())
    }
    return collection('tuple', items)
  }

  private starred(): Node {
    if (!this.accept('*')) return this.expression()
    this.expression()
    return OTHER
  }

  /** Operators are read without precedence: only signs and ±complex matter, everything else is no literal. */
  private expression(): Node {
    if (++this.depth > MAX_DEPTH) throw new PythonError('MemoryError', 'too deeply nested')
    let left = this.operand()
    for (;;) {
      const { text, kind } = this.peek()
      if (kind === 'string' || kind === 'end') break
      if (text === '+' || text === '-') {
        this.next()
        left = complexSum(left, text, this.term())
      } else if (BINARY.has(text) || text === 'and' || text === 'or' || text === 'in' || text === 'is') {
        this.next()
        if (text === 'is') this.accept('not')
        this.operand()
        left = OTHER
      } else if (text === 'not' && this.tokens[this.at + 1]?.text === 'in') {
        this.at += 2
        this.operand()
        left = OTHER
      } else if (text === 'if') {
        this.next()
        this.expression()
        this.expect('else')
        this.expression()
        left = OTHER
      } else break
    }
    this.depth--
    return left
  }

  /** An operand and the tighter operators that follow it, so that 1 + 2 * 3j is not read as (1 + 2) * 3j. */
  private term(): Node {
    let left = this.operand()
    while (this.peek().kind === 'operator' && /^(?:\*\*?|\/\/?|%|@)$/.test(this.peek().text)) {
      this.next()
      this.operand()
      left = OTHER
    }
    return left
  }

  private operand(): Node {
    if (this.accept('-') || this.accept('+')) return sign(this.tokens[this.at - 1]!.text, this.operand())
    if (this.accept('~') || this.accept('not') || this.accept('await')) {
      this.operand()
      return OTHER
    }
    if (this.accept('lambda')) {
      while (!this.is(':') && this.peek().kind !== 'end') this.next()
      this.expect(':')
      this.expression()
      return OTHER
    }
    const token = this.peek()
    const node = this.atom()
    return this.trailers(node, token)
  }

  private trailers(node: Node, first: Token): Node {
    let value = node
    for (;;) {
      if (this.accept('(')) {
        const empty = this.is(')')
        this.arguments()
        const plain = first.kind === 'name' && first.text === 'set' && this.tokens[this.at - 3] === first
        value = empty && plain ? { value: { type: 'set', items: [] } } : OTHER
      } else if (this.accept('[')) {
        this.subscripts()
        value = OTHER
      } else if (this.accept('.')) {
        if (this.peek().kind !== 'name') throw syntaxError('invalid syntax')
        this.next()
        value = OTHER
      } else return value
    }
  }

  private arguments(): void {
    while (!this.accept(')')) {
      if (this.accept('**')) this.expression()
      else {
        this.starred()
        if (this.accept('=')) this.expression()
        if (this.is('for')) this.comprehension()
      }
      if (!this.is(')')) this.expect(',')
    }
  }

  private subscripts(): void {
    if (this.is(']')) throw syntaxError('invalid syntax')
    while (!this.accept(']')) {
      if (!this.is(':') && !this.is(',')) this.expression()
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

  private atom(): Node {
    const token = this.next()
    switch (token.kind) {
      case 'string':
        return this.strings(token)
      case 'number':
        return { value: numberValue(token.text) }
      case 'name':
        if (KEYWORDS.has(token.text)) throw syntaxError('invalid syntax')
        return Object.hasOwn(CONSTANTS, token.text) ? { value: CONSTANTS[token.text]! } : OTHER
      case 'operator':
        if (token.text === '(') return this.parenthesis()
        if (token.text === '[') return this.list()
        if (token.text === '{') return this.braces()
        if (token.text === '...') return { value: { type: 'ellipsis' } }
    }
    throw syntaxError('invalid syntax')
  }

  private strings(first: Token): Node {
    const parts = [stringValue(first.text)]
    while (this.peek().kind === 'string') parts.push(stringValue(this.next().text))
    const bytes = parts.filter((part) => part?.type === 'bytes').length
    if (bytes > 0 && bytes < parts.length) throw syntaxError('cannot mix bytes and nonbytes literals')
    if (parts.includes(null)) return OTHER
    if (bytes > 0)
      return { value: { type: 'bytes', value: parts.flatMap((p) => (p?.type === 'bytes' ? p.value : [])) } }
    return { value: { type: 'str', value: parts.map((p) => (p?.type === 'str' ? p.value : '')).join('') } }
  }

  private parenthesis(): Node {
    if (this.accept(')')) return { value: { type: 'tuple', items: [] } }
    if (this.is('yield')) throw malformed()
    const inner = this.tuple(')')
    if (this.is('for')) {
      this.comprehension()
      this.expect(')')
      return OTHER
    }
    if (this.accept(':=')) {
      this.expression()
      this.expect(')')
      return OTHER
    }
    this.expect(')')
    return inner
  }

  private list(): Node {
    const items: Node[] = []
    while (!this.accept(']')) {
      items.push(this.starred())
      if (this.is('for')) {
        this.comprehension()
        items.push(OTHER)
      }
      if (!this.is(']')) this.expect(',')
    }
    return collection('list', items)
  }

  private braces(): Node {
    const keys: Node[] = []
    const values: Node[] = []
    while (!this.accept('}')) {
      if (this.accept('**')) {
        keys.push(this.expression())
        values.push(OTHER)
      } else {
        keys.push(this.starred())
        if (this.accept(':')) values.push(this.expression())
        if (this.is('for')) {
          this.comprehension()
          keys.push(OTHER)
          if (values.length > 0) values.push(OTHER)
        }
      }
      if (values.length > 0 && values.length !== keys.length) throw syntaxError('invalid syntax')
      if (!this.is('}')) this.expect(',')
    }
    if (values.length === 0 && keys.length > 0) return collection('set', keys)
    return dictionary(keys, values)
  }
}

function collection(type: 'tuple' | 'list' | 'set', nodes: readonly Node[]): Node {
  const items: PyValue[] = []
  for (const { value } of nodes) {
    if (value === null) return OTHER
    if (type === 'set') checkHashable(value)
    if (type !== 'set' || !items.some((item) => pyEquals(item, value))) items.push(value)
  }
  return { value: { type, items } }
}

function dictionary(keys: readonly Node[], values: readonly Node[]): Node {
  const entries: [PyValue, PyValue][] = []
  for (const [i, { value: key }] of keys.entries()) {
    const value = values[i]!.value
    if (key === null || value === null) return OTHER
    checkHashable(key)
    const entry = entries.find(([other]) => pyEquals(other, key))
    if (entry === undefined) entries.push([key, value])
    else entry[1] = value
  }
  return { value: { type: 'dict', entries } }
}

function checkHashable(value: PyValue): void {
  if (value.type === 'tuple') for (const item of value.items) checkHashable(item)
  else if (value.type === 'list' || value.type === 'set' || value.type === 'dict') {
    throw new PythonError('TypeError', `unhashable type: '${value.type}'`)
  }
}

/** literal_eval takes a sign on numbers only, and only one. */
function sign(operator: string, node: Node): Node {
  const value = node.value
  if (value === null || node.signed === true) return OTHER
  const negative = operator === '-'
  if (value.type === 'int')
    return { value: { type: 'int', value: negative ? -value.value : value.value }, signed: true }
  if (value.type === 'float')
    return { value: { type: 'float', value: negative ? -value.value : value.value }, signed: true }
  if (value.type === 'complex') {
    const { real, imag } = value
    return { value: negative ? { type: 'complex', real: -real, imag: -imag } : value, signed: true }
  }
  return OTHER
}

/** `real ± imaginary` is the only sum that literal_eval takes. */
function complexSum(left: Node, operator: string, right: Node): Node {
  const real = left.value
  const imaginary = right.value
  if (imaginary?.type !== 'complex' || right.signed === true) return OTHER
  if (real?.type !== 'int' && real?.type !== 'float') return OTHER
  const imag = operator === '-' ? -imaginary.imag : imaginary.imag
  return { value: { type: 'complex', real: Number(real.value), imag } }
}

function numberValue(text: string): PyValue {
  const plain = text.replaceAll('_', '')
  if (/^0[xXoObB]/.test(plain)) return { type: 'int', value: BigInt(plain.toLowerCase()) }
  if (/[jJ]$/.test(plain)) return { type: 'complex', real: 0, imag: Number(plain.slice(0, -1)) }
  if (/^\d+$/.test(plain)) {
    if (plain.length > 4300) throw syntaxError('Exceeds the limit (4300 digits) for integer string conversion')
    return { type: 'int', value: BigInt(plain) }
  }
  return { type: 'float', value: Number(plain) }
}

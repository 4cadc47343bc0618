import { MAX_DEPTH } from '../python/budget.ts'
import type { BinaryOperator } from '../python/numbers.ts'
import type { CompareOperator } from '../python/operators.ts'
import { TemplateFault, unsupported } from './exceptions.ts'
import { type Token, tokenize } from './lexer.ts'
import type { Branch, CallParts, Comparison, Expr, FilterNode, ForNode, MacroNode, Signature, Stmt } from './nodes.ts'

const COMPARE: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>='])
/** Tags that Jinja2 knows and that a chat template, rendered alone, has no use for. */
const REFUSED_TAGS: ReadonlySet<string> = new Set(['block', 'extends', 'include', 'import', 'from', 'autoescape'])
const ARGUMENT_STARTS: ReadonlySet<string> = new Set(['name', 'string', 'integer', 'float', '(', '[', '{'])
const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
}

/** Reads a template into its tree: a port of jinja2/parser.py with loop controls and transformers' generation tag. */
export const parseTemplate = (source: string): Stmt[] => new Parser(tokenize(source)).template()

class Parser {
  private at = 0
  private depth = 0
  constructor(private readonly tokens: readonly Token[]) {}

  template(): Stmt[] {
    return this.statements(null)
  }

  // ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private get current(): Token {
    return this.tokens[this.at]!
  }
  private get next(): Token {
    return this.tokens[Math.min(this.at + 1, this.tokens.length - 1)]!
  }
  private is(type: string): boolean {
    return this.current.type === type
  }
  private isWord(word: string): boolean {
    return this.current.type === 'name' && this.current.value === word
  }
  private advance(): Token {
    const token = this.current
    if (token.type !== 'eof') this.at++
    return token
  }
  private skip(type: string): boolean {
    if (!this.is(type)) return false
    this.at++
    return true
  }
  private skipWord(word: string): boolean {
    if (!this.isWord(word)) return false
    this.at++
    return true
  }
  private expect(type: string): Token {
    if (!this.is(type)) this.fail(`expected token '${describe(type)}', got '${describeToken(this.current)}'`)
    return this.advance()
  }
  private expectWord(word: string): Token {
    if (!this.isWord(word)) this.fail(`expected token '${word}', got '${describeToken(this.current)}'`)
    return this.advance()
  }
  private name(): string {
    return String(this.expect('name').value)
  }
  private fail(message: string, line: number = this.current.line): never {
    throw new TemplateFault('syntax', 'TemplateSyntaxError', message, line)
  }
  /** Keeps hostile nesting from overflowing the stack. */
  private nested<T>(parse: () => T): T {
    if (++this.depth > MAX_DEPTH) this.fail(`nested more than ${MAX_DEPTH} deep`)
    const result = parse()
    this.depth--
    return result
  }

  // ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Statements up to one of the end tags (not consumed), or to the end of the template. */
  private statements(ends: readonly string[] | null): Stmt[] {
    return this.nested(() => {
      const body: Stmt[] = []
      while (true) {
        const token = this.current
        if (token.type === 'eof') {
          if (ends) this.fail(`Unexpected end of template. Jinja was looking for ${ends.join(' or ')}.`)
          return body
        }
        this.advance()
        if (token.type === 'data') {
          body.push({ kind: 'data', text: String(token.value), line: token.line })
        } else if (token.type === 'variable_begin') {
          body.push({ kind: 'output', expr: this.tuple({}), line: token.line })
          this.expect('variable_end')
        } else {
          if (ends?.some((end) => this.isWord(end))) return body
          body.push(...this.statement(ends))
          this.expect('block_end')
        }
      }
    })
  }
  /** The body after a tag: its `%}`, then statements; the end tag's name is consumed and returned. */
  private body(...ends: readonly string[]): { body: Stmt[]; end: string } {
    this.skip(':')
    this.expect('block_end')
    const body = this.statements(ends)
    return { body, end: String(this.advance().value) }
  }

  private statement(ends: readonly string[] | null): Stmt[] {
    const { value, line } = this.expect('name')
    switch (value) {
      case 'for':
        return [this.forLoop(line)]
      case 'if':
        return [this.ifElse(line)]
      case 'set':
        return [this.set(line)]
      case 'macro': {
        const name = this.name()
        const signature = this.signature()
        return [{ kind: 'macro', name, ...signature, body: this.body('endmacro').body, line } satisfies MacroNode]
      }
      case 'call': {
        const signature = this.is('(') ? this.signature() : { params: [], defaults: [] }
        const call = this.expression()
        if (call.kind !== 'call') this.fail('expected call', line)
        return [{ kind: 'callblock', call, ...signature, body: this.body('endcall').body, line }]
      }
      case 'filter': {
        const filter = this.filters(null, true)
        return [{ kind: 'filterblock', filter: filter!, body: this.body('endfilter').body, line }]
      }
      case 'with':
        return [this.with(line)]
      case 'print': {
        const outputs: Stmt[] = []
        while (!this.is('block_end')) {
          if (outputs.length > 0) this.expect(',')
          outputs.push({ kind: 'output', expr: this.expression(), line })
        }
        return outputs
      }
      case 'break':
      case 'continue':
        return [{ kind: value, line }]
      case 'generation':
        return [{ kind: 'generation', body: this.body('endgeneration').body, line }]
      default:
        if (REFUSED_TAGS.has(String(value))) throw unsupported(`the tag '${value}'`, line)
        this.fail(
          `Encountered unknown tag '${value}'.${ends ? ` Jinja was looking for ${ends.join(' or ')}.` : ''}`,
          line,
        )
    }
  }

  private forLoop(line: number): ForNode {
    const target = this.assignTarget({ extraEnd: 'in' })
    this.expectWord('in')
    const iter = this.tuple({ condition: false, extraEnd: 'recursive' })
    const test = this.skipWord('if') ? this.expression() : null
    const recursive = this.skipWord('recursive')
    const { body, end } = this.body('endfor', 'else')
    const otherwise = end === 'else' ? this.body('endfor').body : []
    return { kind: 'for', target, iter, body, otherwise, test, recursive, line }
  }

  private ifElse(line: number): Stmt {
    const branches: Branch[] = []
    while (true) {
      const test = this.tuple({ condition: false })
      const { body, end } = this.body('elif', 'else', 'endif')
      branches.push({ test, body })
      if (end === 'elif') continue
      return { kind: 'if', branches, otherwise: end === 'else' ? this.body('endif').body : [], line }
    }
  }

  private set(line: number): Stmt {
    const target = this.assignTarget({ namespace: true })
    if (this.skip('=')) return { kind: 'assign', target, value: this.tuple({}), line }
    const filter = this.filters(null, false)
    return { kind: 'assignblock', target, filter, body: this.body('endset').body, line }
  }

  private with(line: number): Stmt {
    const targets: Expr[] = []
    const values: Expr[] = []
    while (!this.is('block_end')) {
      if (targets.length > 0) this.expect(',')
      targets.push(this.assignTarget({}))
      this.expect('=')
      values.push(this.expression())
    }
    return { kind: 'with', targets, values, body: this.body('endwith').body, line }
  }

  private signature(): Signature {
    const params: string[] = []
    const defaults: Expr[] = []
    this.expect('(')
    while (!this.is(')')) {
      if (params.length > 0) this.expect(',')
      const param = this.name()
      if (this.skip('=')) defaults.push(this.expression())
      else if (defaults.length > 0) this.fail('non-default argument follows default argument')
      params.push(param)
    }
    this.expect(')')
    if (new Set(params).size < params.length) this.fail('duplicate argument in a signature')
    return { params, defaults }
  }

  private assignTarget(options: { extraEnd?: string; namespace?: boolean }): Expr {
    const target = this.tuple({ ...options, simplified: true })
    const stored = (expr: Expr): Expr => {
      if (expr.kind === 'nsref') return expr
      if (expr.kind === 'name') return { ...expr, store: true }
      if (expr.kind === 'tuple') return { ...expr, items: expr.items.map(stored) }
      return this.fail(`can't assign to '${expr.kind}'`, expr.line)
    }
    return stored(target)
  }

  // ── expressions, loosest first ──────────────────────────────────────────────────────────────────────────────────

  private tuple(options: {
    readonly simplified?: boolean
    readonly condition?: boolean
    readonly extraEnd?: string
    readonly parentheses?: boolean
    readonly namespace?: boolean
  }): Expr {
    const line = this.current.line
    const parse = options.simplified
      ? () => this.primary(options.namespace ?? false)
      : () => this.expression(options.condition ?? true)
    const items: Expr[] = []
    let isTuple = false
    while (true) {
      if (items.length > 0) this.expect(',')
      const ended = this.is('variable_end') || this.is('block_end') || this.is(')')
      if (ended || (options.extraEnd !== undefined && this.isWord(options.extraEnd))) break
      items.push(parse())
      if (!this.is(',')) break
      isTuple = true
    }
    if (!isTuple) {
      if (items.length > 0) return items[0]!
      if (!options.parentheses) this.fail(`Expected an expression, got '${describeToken(this.current)}'`)
    }
    return { kind: 'tuple', items, line }
  }

  private expression(withCondition = true): Expr {
    return this.nested(() => (withCondition ? this.condition() : this.or()))
  }
  private condition(): Expr {
    let expr = this.or()
    while (this.isWord('if')) {
      const { line } = this.advance()
      const test = this.or()
      const otherwise = this.skipWord('else') ? this.nested(() => this.condition()) : null
      expr = { kind: 'condition', test, value: expr, otherwise, line }
    }
    return expr
  }
  private or(): Expr {
    let left = this.and()
    while (this.isWord('or')) {
      const { line } = this.advance()
      left = { kind: 'or', left, right: this.and(), line }
    }
    return left
  }
  private and(): Expr {
    let left = this.not()
    while (this.isWord('and')) {
      const { line } = this.advance()
      left = { kind: 'and', left, right: this.not(), line }
    }
    return left
  }
  private not(): Expr {
    if (!this.isWord('not')) return this.compare()
    const { line } = this.advance()
    return { kind: 'not', operand: this.nested(() => this.not()), line }
  }
  private compare(): Expr {
    const first = this.sum()
    const rest: Comparison[] = []
    while (true) {
      if (COMPARE.has(this.current.type)) {
        const operator = this.advance().type as CompareOperator
        rest.push({ operator, operand: this.sum() })
      } else if (this.skipWord('in')) {
        rest.push({ operator: 'in', operand: this.sum() })
      } else if (this.isWord('not') && this.next.type === 'name' && this.next.value === 'in') {
        this.at += 2
        rest.push({ operator: 'notin', operand: this.sum() })
      } else {
        return rest.length === 0 ? first : { kind: 'compare', first, rest, line: first.line }
      }
    }
  }
  private leftAssociative(operators: readonly BinaryOperator[], operand: () => Expr): Expr {
    let left = operand()
    while (operators.includes(this.current.type as BinaryOperator)) {
      const { type, line } = this.advance()
      left = { kind: 'binary', operator: type as BinaryOperator, left, right: operand(), line }
    }
    return left
  }
  private sum(): Expr {
    return this.leftAssociative(['+', '-'], () => this.concat())
  }
  /** `~` binds tighter than `+` and looser than `*`. */
  private concat(): Expr {
    const first = this.product()
    if (!this.is('~')) return first
    const parts = [first]
    while (this.skip('~')) parts.push(this.product())
    return { kind: 'concat', parts, line: first.line }
  }
  private product(): Expr {
    return this.leftAssociative(['*', '/', '//', '%'], () => this.power())
  }
  /** Left-associative, and after the sign: `-2 ** 2` is 4, unlike in Python. */
  private power(): Expr {
    return this.leftAssociative(['**'], () => this.unary(true))
  }
  private unary(withFilter: boolean): Expr {
    const { type, line } = this.current
    let node: Expr
    if (type === '-' || type === '+') {
      this.advance()
      node = { kind: type === '-' ? 'negative' : 'positive', operand: this.nested(() => this.unary(false)), line }
    } else {
      node = this.primary(false)
    }
    node = this.postfix(node)
    return withFilter ? this.filterOrTest(node) : node
  }

  private primary(namespace: boolean): Expr {
    const { type, value, line } = this.current
    switch (type) {
      case 'name': {
        this.advance()
        const word = String(value)
        if (Object.hasOwn(CONSTANTS, word)) return { kind: 'const', value: CONSTANTS[word]!, line }
        if (namespace && this.skip('.')) return { kind: 'nsref', name: word, attr: this.name(), line }
        return { kind: 'name', name: word, store: false, line }
      }
      case 'string': {
        let text = ''
        while (this.is('string')) text += this.advance().value
        return { kind: 'const', value: text, line }
      }
      case 'integer':
      case 'float':
        this.advance()
        return { kind: 'const', value, line }
      case '(': {
        this.advance()
        const node = this.nested(() => this.tuple({ parentheses: true }))
        this.expect(')')
        return node
      }
      case '[': {
        this.advance()
        const items = this.separated(']', () => this.expression())
        return { kind: 'list', items, line }
      }
      case '{': {
        this.advance()
        const pairs = this.separated('}', (): readonly [Expr, Expr] => {
          const key = this.expression()
          this.expect(':')
          return [key, this.expression()]
        })
        return { kind: 'dict', pairs, line }
      }
      default:
        return this.fail(`unexpected '${describeToken(this.current)}'`)
    }
  }
  private separated<T>(end: string, parse: () => T): T[] {
    const items: T[] = []
    while (!this.is(end)) {
      if (items.length > 0) this.expect(',')
      if (this.is(end)) break
      items.push(parse())
    }
    this.expect(end)
    return items
  }

  private postfix(start: Expr): Expr {
    let node = start
    while (true) {
      if (this.is('.') || this.is('[')) node = this.subscript(node)
      else if (this.is('(')) node = this.call(node)
      else return node
    }
  }
  private filterOrTest(start: Expr): Expr {
    let node = start
    while (true) {
      if (this.is('|')) node = this.filters(node, false)!
      else if (this.isWord('is')) node = this.test(node)
      else if (this.is('(')) node = this.call(node)
      else return node
    }
  }

  private subscript(object: Expr): Expr {
    const { type, line } = this.advance()
    if (type === '.') {
      const token = this.advance()
      if (token.type === 'name') return { kind: 'getattr', object, attr: String(token.value), line }
      if (token.type !== 'integer') this.fail('expected name or number', token.line)
      return { kind: 'getitem', object, index: { kind: 'const', value: token.value, line }, line }
    }
    const args: Expr[] = []
    while (!this.is(']')) {
      if (args.length > 0) this.expect(',')
      args.push(this.subscribed())
    }
    this.expect(']')
    const index: Expr = args.length === 1 ? args[0]! : { kind: 'tuple', items: args, line }
    return { kind: 'getitem', object, index, line }
  }
  private subscribed(): Expr {
    const { line } = this.current
    const atEnd = (): boolean => this.is(']') || this.is(',')
    let start: Expr | null = null
    if (!this.skip(':')) {
      start = this.expression()
      if (!this.skip(':')) return start
    }
    const stop = this.is(':') || atEnd() ? null : this.expression()
    const step = this.skip(':') && !atEnd() ? this.expression() : null
    return { kind: 'slice', start, stop, step, line }
  }

  private call(callee: Expr): Expr {
    const { line } = this.current
    return { kind: 'call', callee, ...this.callArgs(), line }
  }
  private callArgs(): CallParts {
    const { line } = this.expect('(')
    const args: Expr[] = []
    const kwargs: (readonly [string, Expr])[] = []
    let spread: Expr | null = null
    let kwSpread: Expr | null = null
    const ensure = (ok: boolean): void => {
      if (!ok) this.fail('invalid syntax for function call expression', line)
    }
    let first = true
    while (!this.is(')')) {
      if (!first) {
        this.expect(',')
        if (this.is(')')) break
      }
      first = false
      if (this.is('*')) {
        ensure(spread === null && kwSpread === null)
        this.advance()
        spread = this.expression()
      } else if (this.is('**')) {
        ensure(kwSpread === null)
        this.advance()
        kwSpread = this.expression()
      } else if (this.is('name') && this.next.type === '=') {
        ensure(kwSpread === null)
        const key = this.name()
        this.advance()
        ensure(!kwargs.some(([other]) => other === key))
        kwargs.push([key, this.expression()])
      } else {
        ensure(spread === null && kwSpread === null && kwargs.length === 0)
        args.push(this.expression())
      }
    }
    this.expect(')')
    return { args, kwargs, spread, kwSpread }
  }

  private dottedName(): string {
    let name = this.name()
    while (this.skip('.')) name += `.${this.name()}`
    return name
  }
  private filters(operand: null, inline: boolean): FilterNode | null
  private filters(operand: Expr, inline: false): Expr
  private filters(operand: Expr | null, inline: boolean): Expr | null {
    let node = operand
    let pending = inline
    while (this.is('|') || pending) {
      if (!pending) this.advance()
      pending = false
      const { line } = this.current
      const name = this.dottedName()
      const parts = this.is('(') ? this.callArgs() : NO_ARGS
      node = { kind: 'filter', operand: node, name, ...parts, line }
    }
    return node
  }
  private test(operand: Expr): Expr {
    const { line } = this.advance()
    const negated = this.skipWord('not')
    const name = this.dottedName()
    let parts: CallParts = NO_ARGS
    if (this.is('(')) {
      parts = this.callArgs()
    } else if (
      ARGUMENT_STARTS.has(this.current.type) &&
      !this.isWord('else') &&
      !this.isWord('or') &&
      !this.isWord('and')
    ) {
      if (this.isWord('is')) this.fail('You cannot chain multiple tests with is')
      parts = { ...NO_ARGS, args: [this.postfix(this.primary(false))] }
    }
    const node: Expr = { kind: 'test', operand, name, ...parts, line }
    return negated ? { kind: 'not', operand: node, line } : node
  }
}

const NO_ARGS: CallParts = { args: [], kwargs: [], spread: null, kwSpread: null }

const NAMES: Readonly<Record<string, string>> = {
  block_begin: 'begin of statement block',
  block_end: 'end of statement block',
  variable_begin: 'begin of print statement',
  variable_end: 'end of print statement',
  data: 'template data / text',
  eof: 'end of template',
}
const describe = (type: string): string => NAMES[type] ?? type
const describeToken = (token: Token): string => (token.type === 'name' ? String(token.value) : describe(token.type))

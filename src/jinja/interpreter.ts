import type { Budget } from '../python/budget.ts'
import { typeError, valueError } from '../python/error.ts'
import { binary, compare, negate, plus, Slice } from '../python/operators.ts'
import { pyStr } from '../python/repr.ts'
import {
  Callable,
  Dict,
  firstOf,
  Iter,
  iterate,
  type Kwargs,
  Tuple,
  toArray,
  truthy,
  typeName,
  type Value,
} from '../python/values.ts'
import { templateGlobals } from './defaults.ts'
import { faultAt, runtimeError, TemplateFault, unsupported } from './exceptions.ts'
import type { FilterContext } from './filters/filter.ts'
import { applyFilter } from './filters.ts'
import {
  type CallParts,
  type Expr,
  type FilterNode,
  type ForNode,
  type Signature,
  type Stmt,
  undeclared,
} from './nodes.ts'
import { LoopContext, Namespace, Undefined } from './runtime.ts'
import { getAttribute, getItem } from './sandbox.ts'
import { testValue } from './tests.ts'

/** Variables of one block. A loop's turn, a macro's call, a set block and `with` open a new one; `if` does not. */
class Scope {
  readonly variables = new Map<string, Value>()
  constructor(readonly parent: Scope | null) {}
  find(name: string): Value | undefined {
    for (let scope: Scope | null = this; scope; scope = scope.parent) {
      const value = scope.variables.get(name)
      if (value !== undefined) return value
    }
    return undefined
  }
}

/** Collects what a block prints. */
class Output {
  private readonly parts: string[] = []
  private length = 0
  constructor(private readonly budget: Budget) {}
  write(text: string): void {
    this.length += text.length
    this.budget.chars(text.length)
    if (this.length > text.length) this.budget.room(this.length)
    this.parts.push(text)
  }
  get text(): string {
    return this.parts.join('')
  }
}

type Signal = 'break' | 'continue' | null

/** Evaluates a template: what jinja2/compiler.py makes Python do. */
export class Renderer implements FilterContext {
  private readonly globals: ReadonlyMap<string, Value>
  private depth = 0

  constructor(
    private readonly variables: ReadonlyMap<string, Value>,
    readonly budget: Budget,
    now: Date,
    onClock?: () => void,
  ) {
    this.globals = templateGlobals(budget, now, onClock)
  }

  run(template: readonly Stmt[]): string {
    return this.block(template, new Scope(null))
  }

  // ── statements ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** What a body prints, where `break` and `continue` have no loop to reach. */
  private block(body: readonly Stmt[], scope: Scope): string {
    const output = new Output(this.budget)
    const signal = this.execute(body, scope, output)
    if (signal) throw new TemplateFault('syntax', 'TemplateSyntaxError', `'${signal}' outside loop`)
    return output.text
  }

  private execute(body: readonly Stmt[], scope: Scope, output: Output): Signal {
    for (const statement of body) {
      try {
        const signal = this.statement(statement, scope, output)
        if (signal) return signal
      } catch (error) {
        throw faultAt(error, statement.line)
      }
    }
    return null
  }

  private statement(node: Stmt, scope: Scope, output: Output): Signal {
    this.budget.charge(1)
    switch (node.kind) {
      case 'data':
        output.write(node.text)
        return null
      case 'output':
        output.write(pyStr(this.evaluate(node.expr, scope), this.budget))
        return null
      case 'if': {
        const taken = node.branches.find((branch) => truthy(this.evaluate(branch.test, scope)))
        return this.execute(taken ? taken.body : node.otherwise, scope, output)
      }
      case 'for':
        return this.loop(node, this.evaluate(node.iter, scope), scope, output, 0)
      case 'assign':
        this.assign(node.target, this.evaluate(node.value, scope), scope)
        return null
      case 'assignblock': {
        const inner = new Output(this.budget)
        const signal = this.execute(node.body, new Scope(scope), inner)
        if (signal) return signal
        this.assign(node.target, node.filter ? this.blockFiltered(node.filter, inner.text, scope) : inner.text, scope)
        return null
      }
      case 'filterblock': {
        const inner = new Output(this.budget)
        const signal = this.execute(node.body, new Scope(scope), inner)
        if (signal) return signal
        output.write(pyStr(this.blockFiltered(node.filter, inner.text, scope), this.budget))
        return null
      }
      case 'with': {
        const inner = new Scope(scope)
        const values = node.values.map((value) => this.evaluate(value, scope))
        node.targets.forEach((target, i) => {
          this.assign(target, values[i]!, inner)
        })
        return this.execute(node.body, inner, output)
      }
      case 'macro':
        scope.variables.set(node.name, this.macro(node.name, node, node.body, scope))
        return null
      case 'callblock': {
        const caller = this.macro('caller', node, node.body, scope)
        output.write(pyStr(this.call(node.call, scope, caller), this.budget))
        return null
      }
      case 'generation':
        // transformers makes it a call block: a scope of its own, and no way for break to leave it.
        output.write(this.block(node.body, new Scope(scope)))
        return null
      case 'break':
      case 'continue':
        return node.kind
    }
  }

  private assign(target: Expr, value: Value, scope: Scope): void {
    if (target.kind === 'name') {
      scope.variables.set(target.name, value)
    } else if (target.kind === 'nsref') {
      const namespace = this.lookup(target.name, scope)
      if (!(namespace instanceof Namespace))
        throw runtimeError('TemplateRuntimeError', 'cannot assign attribute on non-namespace object')
      namespace.attributes.set(target.attr, value)
    } else if (target.kind === 'tuple') {
      const wanted = target.items.length
      if (value instanceof Undefined && wanted > 0)
        throw valueError(`not enough values to unpack (expected ${wanted}, got 0)`)
      const items = toArray(value, this.budget)
      if (items.length > wanted) throw valueError(`too many values to unpack (expected ${wanted})`)
      if (items.length < wanted)
        throw valueError(`not enough values to unpack (expected ${wanted}, got ${items.length})`)
      target.items.forEach((item, i) => {
        this.assign(item, items[i]!, scope)
      })
    }
  }

  /** Each turn has its own scope: what it sets is gone in the next. */
  private loop(node: ForNode, iterable: Value, scope: Scope, output: Output, depth0: number): Signal {
    this.budget.depth(depth0)
    const { test } = node
    let source = iterable
    if (test) {
      const items = iterate(iterable, this.budget)
      source = new Iter('generator', this.chosen(node, items, test, scope))
    }
    const recurse = node.recursive
      ? (inner: Value): Value => {
          const collected = new Output(this.budget)
          this.loop(node, inner, scope, collected, depth0 + 1)
          return collected.text
        }
      : null
    const loop = new LoopContext(source, this.budget, depth0, recurse)
    let completed = false
    for (let item = loop.next(); item !== undefined; item = loop.next()) {
      const turn = new Scope(scope)
      turn.variables.set('loop', loop)
      this.assign(node.target, item, turn)
      const signal = this.execute(node.body, turn, output)
      if (signal === 'break') break
      if (signal === null) completed = true
    }
    // As Jinja2 compiles it, `else` also runs where every turn was left by break or continue.
    return completed ? null : this.execute(node.otherwise, new Scope(scope), output)
  }
  /** Items that pass a loop's `if`, tested only when their turn comes. */
  private *chosen(node: ForNode, items: Iterator<Value>, test: Expr, scope: Scope): Generator<Value> {
    for (let next = items.next(); !next.done; next = items.next()) {
      const turn = new Scope(scope)
      this.assign(node.target, next.value, turn)
      if (truthy(this.evaluate(test, turn))) yield next.value
    }
  }

  /** A macro closes over where it stands; free names are looked up when it runs. */
  private macro(name: string, { params, defaults }: Signature, body: readonly Stmt[], scope: Scope): Callable {
    const special = undeclared(body, ['caller', 'kwargs', 'varargs'])
    const call = (args: readonly Value[], given: Kwargs): Value => {
      const kwargs = new Map(given)
      const inner = new Scope(scope)
      params.forEach((param, i) => {
        const position = args[i]
        inner.variables.set(param, firstOf(position, kwargs.get(param), MISSING))
        if (position === undefined) kwargs.delete(param)
      })
      if (special.has('caller') && !params.includes('caller')) {
        inner.variables.set('caller', firstOf(kwargs.get('caller'), new Undefined('No caller defined')))
        kwargs.delete('caller')
      }
      if (special.has('kwargs')) inner.variables.set('kwargs', Dict.named(kwargs))
      else if (kwargs.size > 0)
        throw typeError(`macro '${name}' takes no keyword argument '${kwargs.keys().next().value}'`)
      if (special.has('varargs')) inner.variables.set('varargs', new Tuple(args.slice(params.length)))
      else if (args.length > params.length)
        throw typeError(`macro '${name}' takes not more than ${params.length} argument(s)`)
      params.forEach((param, i) => {
        if (inner.variables.get(param) !== MISSING) return
        const fallback = defaults[i - params.length + defaults.length]
        const value = fallback ? this.evaluate(fallback, inner) : new Undefined(`parameter '${param}' was not provided`)
        inner.variables.set(param, value)
      })
      this.budget.depth(++this.depth)
      const text = this.block(body, inner)
      this.depth--
      return text
    }
    const attributes: [string, Value][] = [
      ['name', name],
      ['arguments', new Tuple(params)],
      ['catch_kwargs', special.has('kwargs')],
      ['catch_varargs', special.has('varargs')],
      ['caller', special.has('caller')],
    ]
    return new Callable(name, call, new Map(attributes))
  }

  // ── expressions ─────────────────────────────────────────────────────────────────────────────────────────────────

  private lookup(name: string, scope: Scope): Value {
    const set = scope.find(name)
    if (set !== undefined) return set
    const given = this.variables.get(name)
    if (given !== undefined) return given
    if (name === 'self') throw unsupported('the name "self"')
    return firstOf(this.globals.get(name), new Undefined(`'${name}' is undefined`))
  }

  private evaluate(node: Expr, scope: Scope): Value {
    this.budget.charge(1)
    switch (node.kind) {
      case 'const':
        return node.value
      case 'name':
      case 'nsref':
        return this.lookup(node.name, scope)
      case 'tuple':
        return new Tuple(node.items.map((item) => this.evaluate(item, scope)))
      case 'list':
        return node.items.map((item) => this.evaluate(item, scope))
      case 'dict':
        return Dict.of(
          node.pairs.map(([key, value]) => [this.evaluate(key, scope), this.evaluate(value, scope)] as const),
          this.budget,
        )
      case 'condition':
        if (truthy(this.evaluate(node.test, scope))) return this.evaluate(node.value, scope)
        if (node.otherwise) return this.evaluate(node.otherwise, scope)
        return new Undefined(
          `the inline if-expression on line ${node.line} evaluated to false and no else section was defined.`,
        )
      case 'and':
      case 'or': {
        const left = this.evaluate(node.left, scope)
        return truthy(left) === (node.kind === 'and') ? this.evaluate(node.right, scope) : left
      }
      case 'not':
        return !truthy(this.evaluate(node.operand, scope))
      case 'negative':
        return negate(this.evaluate(node.operand, scope))
      case 'positive':
        return plus(this.evaluate(node.operand, scope))
      case 'binary':
        return binary(node.operator, this.evaluate(node.left, scope), this.evaluate(node.right, scope), this.budget)
      case 'concat': {
        const parts = node.parts.map((part) => pyStr(this.evaluate(part, scope), this.budget))
        this.budget.chars(parts.reduce((length, part) => length + part.length, 0))
        return parts.join('')
      }
      case 'compare': {
        let left = this.evaluate(node.first, scope)
        for (const { operator, operand } of node.rest) {
          const right = this.evaluate(operand, scope)
          if (!compare(operator, left, right, this.budget)) return false
          left = right
        }
        return true
      }
      case 'getattr':
        return getAttribute(this.evaluate(node.object, scope), node.attr, this.budget)
      case 'getitem': {
        const object = this.evaluate(node.object, scope)
        return getItem(object, this.index(node.index, scope), this.budget)
      }
      case 'slice':
        throw new TemplateFault('syntax', 'TemplateSyntaxError', 'a slice stands outside a subscript')
      case 'test': {
        const value = this.evaluate(node.operand, scope)
        const { args, kwargs } = this.arguments(node, scope)
        return testValue(node.name, value, args, kwargs, this.budget)
      }
      case 'filter': {
        if (!node.operand) throw new TemplateFault('syntax', 'TemplateSyntaxError', 'a filter without a value')
        return this.filtered(node, this.evaluate(node.operand, scope), scope)
      }
      case 'call':
        return this.call(node, scope, null)
    }
  }

  private index(node: Expr, scope: Scope): Value | Slice {
    if (node.kind !== 'slice') return this.evaluate(node, scope)
    const bound = (expr: Expr | null): Value => (expr ? this.evaluate(expr, scope) : null)
    return new Slice(bound(node.start), bound(node.stop), bound(node.step))
  }

  private arguments(node: CallParts, scope: Scope): { args: Value[]; kwargs: Map<string, Value> } {
    const args = node.args.map((arg) => this.evaluate(arg, scope))
    const kwargs = new Map(node.kwargs.map(([key, value]) => [key, this.evaluate(value, scope)] as const))
    if (node.spread) args.push(...iterate(this.evaluate(node.spread, scope), this.budget))
    if (node.kwSpread) {
      const more = this.evaluate(node.kwSpread, scope)
      if (!(more instanceof Dict)) throw typeError(`argument after ** must be a mapping, not ${typeName(more)}`)
      for (const [key, value] of more.entries()) {
        if (typeof key !== 'string') throw typeError('keywords must be strings')
        if (kwargs.has(key)) throw typeError(`got multiple values for keyword argument '${key}'`)
        kwargs.set(key, value)
      }
    }
    return { args, kwargs }
  }

  private call(node: Expr & { kind: 'call' }, scope: Scope, caller: Callable | null): Value {
    const callee = this.evaluate(node.callee, scope)
    const { args, kwargs } = this.arguments(node, scope)
    if (caller) kwargs.set('caller', caller)
    if (callee instanceof Callable || callee instanceof LoopContext) return callee.call(args, kwargs)
    if (callee instanceof Undefined) callee.fail()
    throw typeError(`'${typeName(callee)}' object is not callable`)
  }

  /** The filters of a `set` or `filter` block, first to last, on the block's text. */
  private blockFiltered(node: FilterNode, text: string, scope: Scope): Value {
    const value = node.operand?.kind === 'filter' ? this.blockFiltered(node.operand, text, scope) : text
    return this.filtered(node, value, scope)
  }
  private filtered(node: FilterNode, value: Value, scope: Scope): Value {
    const { args, kwargs } = this.arguments(node, scope)
    return applyFilter(node.name, value, args, kwargs, this)
  }
  filter(name: string, value: Value, args: readonly Value[], kwargs: Kwargs): Value {
    return applyFilter(name, value, args, kwargs, this)
  }
  test(name: string, value: Value, args: readonly Value[], kwargs: Kwargs): boolean {
    return testValue(name, value, args, kwargs, this.budget)
  }
}

/** A parameter whose default is not computed yet. */
const MISSING = new Undefined('a parameter is used before it is set')

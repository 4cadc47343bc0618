import type { Budget } from '../python/budget.ts'
import { typeError } from '../python/error.ts'
import { equals } from '../python/operators.ts'
import { dictRepr } from '../python/repr.ts'
import {
  bind,
  Callable,
  HostObject,
  Iter,
  iterate,
  type Kwargs,
  lengthOf,
  Tuple,
  type Value,
} from '../python/values.ts'
import { runtimeError, unsupported } from './exceptions.ts'

/** Jinja2's Undefined: prints as nothing, is false, is empty; anything else that is asked of it raises. */
export class Undefined extends HostObject {
  readonly typeName = 'Undefined'
  override readonly isMapping = true
  override readonly isIterable = true
  constructor(
    readonly message: string,
    /** SecurityError where the sandbox forbids the attribute. */
    readonly pyType: 'UndefinedError' | 'SecurityError' = 'UndefinedError',
  ) {
    super()
  }
  fail(): never {
    throw runtimeError(this.pyType, this.message)
  }
  override operate(): void {
    this.fail()
  }
  override truthy(): boolean {
    return false
  }
  override size(): number {
    return 0
  }
  override equals(other: Value): boolean {
    return other instanceof Undefined
  }
  override hashKey(): string {
    return 'U'
  }
  override str(): string {
    return ''
  }
  override repr(): string {
    return 'Undefined'
  }
}

export class Namespace extends HostObject {
  readonly typeName = 'Namespace'
  readonly attributes: Map<string, Value>
  constructor(attributes: Iterable<readonly [string, Value]>) {
    super()
    this.attributes = new Map(attributes)
  }
  override repr(budget: Budget, depth: number): string {
    return `<Namespace ${dictRepr([...this.attributes], budget, depth)}>`
  }
}

/** A str marked safe by `safe` or `escape`; only printed, never computed with (adding to it would escape the other side). */
export class Markup extends HostObject {
  readonly typeName = 'Markup'
  override readonly isText = true
  override readonly isIterable = true
  constructor(readonly text: string) {
    super()
  }
  override operate(): void {
    throw unsupported('computing with text that "safe" or "escape" has marked')
  }
  override items(): never {
    throw unsupported('computing with text that "safe" or "escape" has marked')
  }
  override truthy(): boolean {
    return this.text !== ''
  }
  override size(): number {
    return lengthOf(this.text)
  }
  override equals(other: Value): boolean {
    return other instanceof Markup ? this.text === other.text : this.text === other
  }
  override hashKey(): string {
    return `s${this.text}`
  }
  override str(): string {
    return this.text
  }
}

/** One group of `groupby`: a tuple whose two items have names. */
export class GroupTuple extends Tuple {}

/** Jinja2's LoopContext: looks one item ahead only when asked to, and counts a generator only when asked for its length. */
export class LoopContext extends HostObject {
  readonly typeName = 'LoopContext'
  private rest: Iterator<Value>
  private index0 = -1n
  private before: Value | undefined
  private current: Value | undefined
  private after: { readonly item: Value | undefined } | null = null
  private counted: bigint | null = null
  private lastChanged: Tuple | null = null

  constructor(
    private readonly source: Value,
    private readonly budget: Budget,
    private readonly depth0: number,
    private readonly recurse: ((iterable: Value) => Value) | null,
  ) {
    super()
    this.rest = iterate(source, budget)
  }

  /** The next item, or JavaScript's undefined at the end. */
  next(): Value | undefined {
    const item = this.peek()
    this.after = null
    if (item === undefined) return undefined
    this.index0++
    this.before = this.current
    this.current = item
    return item
  }
  private peek(): Value | undefined {
    if (!this.after) {
      const next = this.rest.next()
      this.after = { item: next.done ? undefined : next.value }
    }
    return this.after.item
  }

  override size(): number {
    return Number(this.length)
  }
  private get length(): bigint {
    if (this.counted === null) {
      if (this.source instanceof Iter) {
        const ahead = this.after && this.after.item !== undefined ? 1n : 0n
        const held: Value[] = []
        for (let next = this.rest.next(); !next.done; next = this.rest.next()) held.push(next.value)
        this.rest = held[Symbol.iterator]()
        this.counted = BigInt(held.length) + this.index0 + 1n + ahead
      } else {
        this.counted = BigInt(lengthOf(this.source))
      }
    }
    return this.counted
  }

  attribute(name: string): Value | undefined {
    switch (name) {
      case 'index':
        return this.index0 + 1n
      case 'index0':
        return this.index0
      case 'revindex':
        return this.length - this.index0
      case 'revindex0':
        return this.length - this.index0 - 1n
      case 'first':
        return this.index0 === 0n
      case 'last':
        return this.peek() === undefined
      case 'length':
        return this.length
      case 'previtem':
        return this.before === undefined ? new Undefined('there is no previous item') : this.before
      case 'nextitem': {
        const item = this.peek()
        return item === undefined ? new Undefined('there is no next item') : item
      }
      case 'depth':
        return BigInt(this.depth0 + 1)
      case 'depth0':
        return BigInt(this.depth0)
      case 'cycle':
        return new Callable('cycle', (args) => {
          if (args.length === 0) throw typeError('no items for cycling given')
          return args[Number(this.index0) % args.length]!
        })
      case 'changed':
        return new Callable('changed', (args) => {
          const seen = new Tuple(args)
          if (this.lastChanged && equals(this.lastChanged, seen, this.budget)) return false
          this.lastChanged = seen
          return true
        })
      default:
        return undefined
    }
  }

  call(args: readonly Value[], kwargs: Kwargs): Value {
    if (!this.recurse) throw typeError("The loop must have the 'recursive' marker to be called recursively.")
    return this.recurse(bind('loop', ['iterable'], 1, args, kwargs)[0]!)
  }
}

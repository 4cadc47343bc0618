import { equals } from './compare.ts'
import { type Budget, typeError } from './fault.ts'
import {
  bind,
  Callable,
  Iter,
  iterator,
  type Kwargs,
  LoopValue,
  lengthOf,
  Tuple,
  Undefined,
  type Value,
} from './values.ts'

/** Jinja2's LoopContext: looks one item ahead only when asked to, and counts a generator only when asked for its length. */
export class Loop extends LoopValue {
  private items: Iterator<Value>
  private index0 = -1n
  private before: Value | undefined
  private current: Value | undefined
  private after: { readonly item: Value | undefined } | null = null
  private size: bigint | null = null
  private lastChanged: Tuple | null = null

  constructor(
    private readonly source: Value,
    private readonly budget: Budget,
    private readonly depth0: number,
    private readonly recurse: ((iterable: Value) => Value) | null,
  ) {
    super()
    this.items = iterator(source, budget)
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
      const next = this.items.next()
      this.after = { item: next.done ? undefined : next.value }
    }
    return this.after.item
  }

  private get length(): bigint {
    if (this.size === null) {
      if (this.source instanceof Iter) {
        const ahead = this.after && this.after.item !== undefined ? 1n : 0n
        const rest: Value[] = []
        for (let next = this.items.next(); !next.done; next = this.items.next()) rest.push(next.value)
        this.items = rest[Symbol.iterator]()
        this.size = BigInt(rest.length) + this.index0 + 1n + ahead
      } else {
        this.size = BigInt(lengthOf(this.source))
      }
    }
    return this.size
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

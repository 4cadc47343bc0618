import type { Budget } from './budget.ts'
import { typeError, unsupported } from './error.ts'
import { pyLength } from './strings.ts'

/**
 * A value of Python. int is bigint, float is number, str is string (UTF-16 inside, code points outside), None is null, list is an
 * array; the rest are the classes below. Nothing is ever changed in place.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | readonly Value[]
  | Tuple
  | Dict
  | PySet
  | Bytes
  | Complex
  | Ellipsis
  | DictView
  | Range
  | Iter
  | Callable
  | HostObject

export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

/** A dict in insertion order, keyed as Python hashes: 1, 1.0 and True are one key. */
export class Dict {
  private readonly entriesByHash = new Map<string, readonly [Value, Value]>()
  /** A later entry changes the value of an equal key, not the key. @throws PythonError TypeError for a key that has no hash */
  static of(entries: Iterable<readonly [Value, Value]>, budget: Budget): Dict {
    const dict = new Dict()
    for (const [key, value] of entries) {
      budget.charge(1)
      const hash = hashKey(key, budget)
      const old = dict.entriesByHash.get(hash)
      dict.entriesByHash.set(hash, [old ? old[0] : key, value])
    }
    return dict
  }
  static named(entries: Iterable<readonly [string, Value]>): Dict {
    const dict = new Dict()
    for (const entry of entries) dict.entriesByHash.set(`s${entry[0]}`, entry)
    return dict
  }
  get size(): number {
    return this.entriesByHash.size
  }
  get(key: Value, budget: Budget): Value | undefined {
    return this.entriesByHash.get(hashKey(key, budget))?.[1]
  }
  getString(key: string): Value | undefined {
    return this.entriesByHash.get(`s${key}`)?.[1]
  }
  has(key: Value, budget: Budget): boolean {
    return this.entriesByHash.has(hashKey(key, budget))
  }
  entries(): (readonly [Value, Value])[] {
    return [...this.entriesByHash.values()]
  }
}
/** A set, in the order in which its items came (Python's own order is by hash, and of texts differs in every run). */
export class PySet {
  private readonly itemsByHash = new Map<string, Value>()
  /** @throws PythonError TypeError for an item that has no hash */
  static of(items: Iterable<Value>, budget: Budget): PySet {
    const set = new PySet()
    for (const item of items) {
      budget.charge(1)
      const hash = hashKey(item, budget)
      if (!set.itemsByHash.has(hash)) set.itemsByHash.set(hash, item)
    }
    return set
  }
  get size(): number {
    return this.itemsByHash.size
  }
  has(item: Value, budget: Budget): boolean {
    return this.itemsByHash.has(hashKey(item, budget))
  }
  equals(other: PySet): boolean {
    return this.size === other.size && [...this.itemsByHash.keys()].every((hash) => other.itemsByHash.has(hash))
  }
  get items(): readonly Value[] {
    return [...this.itemsByHash.values()]
  }
}
export class Bytes {
  /** 0 to 255 each. */
  constructor(readonly values: readonly number[]) {}
}
export class Complex {
  constructor(
    readonly real: number,
    readonly imag: number,
  ) {}
}
class Ellipsis {
  readonly typeName = 'ellipsis'
}
/** `...` */
export const ELLIPSIS = new Ellipsis()

/** dict.keys(), .values(), .items(). */
export class DictView {
  constructor(
    readonly what: 'dict_keys' | 'dict_values' | 'dict_items',
    readonly dict: Dict,
  ) {}
  items(): Value[] {
    const entries = this.dict.entries()
    if (this.what === 'dict_keys') return entries.map(([key]) => key)
    if (this.what === 'dict_values') return entries.map(([, value]) => value)
    return entries.map(([key, value]) => new Tuple([key, value]))
  }
}
export class Range {
  constructor(
    readonly start: bigint,
    readonly stop: bigint,
    readonly step: bigint,
  ) {}
  get size(): number {
    const span = this.step > 0n ? this.stop - this.start : this.start - this.stop
    const stride = this.step > 0n ? this.step : -this.step
    return span <= 0n ? 0 : Number((span + stride - 1n) / stride)
  }
  at(index: number): bigint {
    return this.start + this.step * BigInt(index)
  }
}
/** A generator or iterator: always true, has no length, runs once and lazily. */
export class Iter {
  constructor(
    readonly typeName: string,
    readonly source: Iterator<Value>,
  ) {}
}
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly Value[], kwargs: Kwargs) => Value,
    /** Attributes of its own. */
    readonly attributes: ReadonlyMap<string, Value> = new Map(),
  ) {}
}
/** An object that the engine's user brings (Jinja2's Undefined, say): what Python's special methods say of it. */
export abstract class HostObject {
  abstract readonly typeName: string
  /** A kind of str: json.dumps writes what `str` gives. */
  readonly isText: boolean = false
  /** `__getitem__`, in what is no str. */
  readonly isMapping: boolean = false
  readonly isIterable: boolean = false
  /** `__bool__` */
  truthy(): boolean {
    return true
  }
  /** `__iter__`; asked where `isIterable`. */
  items(): readonly Value[] {
    return []
  }
  /** `__len__`; null where it has none. */
  size(): number | null {
    return null
  }
  /** `__eq__`, with what is not the same object. */
  equals(_other: Value): boolean {
    return false
  }
  /** `__hash__`: see `hashKey`. */
  hashKey(): string {
    throw unsupported(`a ${this.typeName} as a key`)
  }
  /** `__str__` */
  str(budget: Budget): string {
    return this.repr(budget, 0)
  }
  /** `__repr__`. Python's own prints an address, different in every run. */
  repr(_budget: Budget, _depth: number): string {
    throw unsupported(`printing a ${this.typeName}`)
  }
  /** Called before it is computed with, ordered or subscripted, which raises a TypeError unless this raises something else. */
  operate(): void {}
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

export function typeName(value: Value): string {
  if (value === null) return 'NoneType'
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'float'
    case 'string':
      return 'str'
  }
  if (isList(value)) return 'list'
  if (value instanceof Tuple) return 'tuple'
  if (value instanceof Dict) return 'dict'
  if (value instanceof DictView) return value.what
  if (value instanceof Range) return 'range'
  if (value instanceof Iter || value instanceof HostObject) return value.typeName
  if (value instanceof PySet) return 'set'
  if (value instanceof Bytes) return 'bytes'
  if (value instanceof Complex) return 'complex'
  return value instanceof Ellipsis ? value.typeName : 'function'
}

export function truthy(value: Value): boolean {
  if (value === null || value === false || value === 0 || value === 0n || value === '') return false
  if (typeof value !== 'object') return true
  if (isList(value)) return value.length > 0
  if (value instanceof Tuple) return value.items.length > 0
  if (value instanceof Dict || value instanceof Range || value instanceof PySet) return value.size > 0
  if (value instanceof DictView) return value.dict.size > 0
  if (value instanceof HostObject) return value.truthy()
  if (value instanceof Bytes) return value.values.length > 0
  return !(value instanceof Complex) || value.real !== 0 || value.imag !== 0
}

// ── iteration ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The items of an iterable, in Python's order. @throws PythonError TypeError at once, as iter() does, for what is not iterable */
export function iterate(value: Value, budget: Budget): Generator<Value, void> {
  if (!isIterable(value)) throw typeError(`'${typeName(value)}' object is not iterable`)
  return visit(value, budget)
}
function* visit(value: Value, budget: Budget): Generator<Value, void> {
  if (value instanceof Iter) {
    while (true) {
      budget.charge(1)
      const next = value.source.next()
      if (next.done) return
      yield next.value
    }
  } else if (value instanceof Range) {
    for (let i = 0, size = value.size; i < size; i++) {
      budget.charge(1)
      yield value.at(i)
    }
  } else {
    for (const item of held(value, budget)) {
      budget.charge(1)
      yield item
    }
  }
}
export function toArray(value: Value, budget: Budget): Value[] {
  return [...iterate(value, budget)]
}
export function isIterable(value: Value): boolean {
  return (
    typeof value === 'string' ||
    isList(value) ||
    value instanceof Tuple ||
    value instanceof Dict ||
    value instanceof DictView ||
    value instanceof Range ||
    value instanceof Iter ||
    value instanceof PySet ||
    value instanceof Bytes ||
    (value instanceof HostObject && value.isIterable)
  )
}
/** Items of what is held in memory already. */
function held(value: Value, budget: Budget): readonly Value[] {
  if (typeof value === 'string') {
    budget.charge(1 + value.length / 32)
    return Array.from(value)
  }
  if (isList(value)) return value
  if (value instanceof Tuple || value instanceof PySet) return value.items
  if (value instanceof Dict) return value.entries().map(([key]) => key)
  if (value instanceof DictView || value instanceof HostObject) return value.items()
  return value instanceof Bytes ? value.values.map(BigInt) : []
}

/** len(value). */
export function lengthOf(value: Value): number {
  if (typeof value === 'string') return pyLength(value)
  if (isList(value)) return value.length
  if (value instanceof Tuple) return value.items.length
  if (value instanceof Dict || value instanceof Range || value instanceof PySet) return value.size
  if (value instanceof DictView) return value.dict.size
  if (value instanceof Bytes) return value.values.length
  const size = value instanceof HostObject ? value.size() : null
  if (size !== null) return size
  throw typeError(`object of type '${typeName(value)}' has no len()`)
}

// ── keys ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What Python's dict and set tell keys apart by: equal for equal keys, and only for them. @throws PythonError TypeError: no hash */
export function hashKey(key: Value, budget: Budget, depth = 0): string {
  if (typeof key === 'string') {
    if (key.length > 32) budget.charge(key.length / 32)
    return `s${key}`
  }
  if (typeof key === 'bigint') return `n${key}`
  if (typeof key === 'boolean') return key ? 'n1' : 'n0'
  if (typeof key === 'number') return floatKey(key)
  if (key === null) return 'N'
  if (key instanceof Tuple) {
    budget.depth(depth)
    let hash = 't'
    for (const item of key.items) {
      const part = hashKey(item, budget, depth + 1)
      hash += `${part.length}:${part}`
      budget.room(hash.length)
      budget.charge(1 + part.length / 32)
    }
    return hash
  }
  if (key instanceof HostObject) return key.hashKey()
  if (key instanceof Complex) return key.imag === 0 ? floatKey(key.real) : `c${key.real + 0},${key.imag}`
  if (key instanceof Bytes) return `b${key.values.join()}`
  if (key instanceof Ellipsis) return 'E'
  if (key instanceof Range || key instanceof Callable || key instanceof Iter)
    throw unsupported(`a ${typeName(key)} as a key`)
  throw typeError(`unhashable type: '${typeName(key)}'`)
}
const floatKey = (key: number): string => (Number.isInteger(key) ? `n${BigInt(key)}` : `f${key}`)

// ── arguments ───────────────────────────────────────────────────────────────────────────────────────────────────────

export type Kwargs = ReadonlyMap<string, Value>

/** The first that is there; None is there, so `??` would be wrong. */
export function firstOf(...values: readonly (Value | undefined)[]): Value {
  const found = values.find((value) => value !== undefined)
  return found === undefined ? null : found
}

/**
 * Arguments of a built-in function by name: position first, then keyword. Entries beyond `required` may be absent.
 * @example bind('replace', ['old', 'new', 'count'], 2, args, kwargs) // [old, new, undefined]
 */
export function bind(
  name: string,
  names: readonly string[],
  required: number,
  args: readonly Value[],
  kwargs: Kwargs,
): (Value | undefined)[] {
  if (args.length > names.length)
    throw typeError(`${name}() takes at most ${names.length} arguments (${args.length} given)`)
  const bound: (Value | undefined)[] = names.map((_, i) => args[i])
  for (const [key, value] of kwargs) {
    const index = names.indexOf(key)
    if (index === -1) throw typeError(`${name}() got an unexpected keyword argument '${key}'`)
    if (bound[index] !== undefined) throw typeError(`${name}() got multiple values for argument '${key}'`)
    bound[index] = value
  }
  const missing = names.slice(0, required).filter((_, i) => bound[i] === undefined)
  if (missing.length > 0) throw typeError(`${name}() missing required argument '${missing[0]}'`)
  return bound
}

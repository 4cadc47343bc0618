import { type Budget, TemplateFault, typeError, unsupported } from './fault.ts'

/**
 * A Python value as a template sees it. int is bigint, float is number, str is string (UTF-16 inside, code points outside),
 * list is an array; the rest are the classes below. Nothing is ever changed in place: transformers' sandbox forbids it, but
 * for namespaces.
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
  | DictView
  | Range
  | Iter
  | Undefined
  | Namespace
  | Callable
  | Markup
  | LoopValue

export type Kwargs = ReadonlyMap<string, Value>

export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

/** One group of `groupby`: a tuple whose two items have names. */
export class GroupTuple extends Tuple {}

/** A dict in insertion order, keyed as Python hashes: 1, 1.0 and True are one key. */
export class Dict {
  private readonly entriesByHash = new Map<string, readonly [Value, Value]>()
  static of(entries: Iterable<readonly [Value, Value]>): Dict {
    const dict = new Dict()
    for (const [key, value] of entries) {
      const hash = hashKey(key)
      const old = dict.entriesByHash.get(hash)
      dict.entriesByHash.set(hash, [old ? old[0] : key, value])
    }
    return dict
  }
  get size(): number {
    return this.entriesByHash.size
  }
  get(key: Value): Value | undefined {
    return this.entriesByHash.get(hashKey(key))?.[1]
  }
  getString(key: string): Value | undefined {
    return this.entriesByHash.get(`s${key}`)?.[1]
  }
  has(key: Value): boolean {
    return this.entriesByHash.has(hashKey(key))
  }
  entries(): (readonly [Value, Value])[] {
    return [...this.entriesByHash.values()]
  }
}
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
/** A generator or iterator of Python: always true, has no length, runs once and lazily. */
export class Iter {
  constructor(
    readonly typeName: string,
    readonly source: Iterator<Value>,
  ) {}
}
/** Jinja2's Undefined: prints as nothing, is false, is empty; anything else that is asked of it raises. */
export class Undefined {
  constructor(
    readonly message: string,
    /** SecurityError where the sandbox forbids the attribute. */
    readonly pyType: 'UndefinedError' | 'SecurityError' = 'UndefinedError',
  ) {}
  fail(): never {
    throw new TemplateFault('runtime', this.pyType, this.message)
  }
}
export class Namespace {
  readonly attributes: Map<string, Value>
  constructor(attributes: Iterable<readonly [string, Value]>) {
    this.attributes = new Map(attributes)
  }
}
export class Callable {
  constructor(
    readonly name: string,
    readonly call: (args: readonly Value[], kwargs: Kwargs) => Value,
    /** Attributes of a macro (name, arguments …) and of cycler, joiner. */
    readonly attributes: ReadonlyMap<string, Value> = new Map(),
  ) {}
}
/** A str marked safe by `safe` or `escape`; only printed, never computed with (adding to it would escape the other side). */
export class Markup {
  constructor(readonly text: string) {}
}
/** The `loop` of a for block. */
export abstract class LoopValue {
  abstract attribute(name: string): Value | undefined
  abstract call(args: readonly Value[], kwargs: Kwargs): Value
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
  if (value instanceof Iter) return value.typeName
  if (value instanceof Undefined) return 'Undefined'
  if (value instanceof Namespace) return 'Namespace'
  if (value instanceof Markup) return 'Markup'
  if (value instanceof LoopValue) return 'LoopContext'
  return 'function'
}

export function truthy(value: Value): boolean {
  if (value === null || value === false || value === 0 || value === 0n || value === '') return false
  if (typeof value !== 'object') return true
  if (isList(value)) return value.length > 0
  if (value instanceof Tuple) return value.items.length > 0
  if (value instanceof Dict) return value.size > 0
  if (value instanceof DictView) return value.dict.size > 0
  if (value instanceof Range) return value.size > 0
  if (value instanceof Markup) return value.text !== ''
  return !(value instanceof Undefined)
}

/** The items of an iterable; null where Python raises "object is not iterable". */
export function* iterate(value: Value, budget: Budget): Generator<Value, void> {
  const items = sequence(value, budget)
  if (items) {
    for (const item of items) {
      budget.charge(1)
      yield item
    }
  } else if (value instanceof Iter) {
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
    throw typeError(`'${typeName(value)}' object is not iterable`)
  }
}
/** Like `iterate`, but raises at once for what is not iterable, as Python's iter() does. */
export function iterator(value: Value, budget: Budget): Iterator<Value> {
  if (!isIterable(value)) throw typeError(`'${typeName(value)}' object is not iterable`)
  return iterate(value, budget)
}
export function toArray(value: Value, budget: Budget): Value[] {
  return [...iterateNow(value, budget)]
}
export const iterateNow = (value: Value, budget: Budget): Iterable<Value> => {
  if (!isIterable(value)) throw typeError(`'${typeName(value)}' object is not iterable`)
  return iterate(value, budget)
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
    value instanceof Undefined ||
    value instanceof Markup
  )
}
/** Items of what is held in memory already. */
function sequence(value: Value, budget: Budget): readonly Value[] | null {
  if (typeof value === 'string') {
    budget.charge(1 + value.length / 32)
    return Array.from(value)
  }
  if (isList(value)) return value
  if (value instanceof Tuple) return value.items
  if (value instanceof Dict) return value.entries().map(([key]) => key)
  if (value instanceof DictView) return value.items()
  if (value instanceof Undefined) return []
  if (value instanceof Markup) throw unsupported('computing with text that "safe" or "escape" has marked')
  return null
}

/** len(value). */
export function lengthOf(value: Value): number {
  if (typeof value === 'string') return codePoints(value)
  if (isList(value)) return value.length
  if (value instanceof Tuple) return value.items.length
  if (value instanceof Dict) return value.size
  if (value instanceof DictView) return value.dict.size
  if (value instanceof Range) return value.size
  if (value instanceof Markup) return codePoints(value.text)
  if (value instanceof Undefined) return 0
  if (value instanceof LoopValue) {
    const length = value.attribute('length')
    if (typeof length === 'bigint') return Number(length)
  }
  throw typeError(`object of type '${typeName(value)}' has no len()`)
}

const SURROGATE = /[\ud800-\udbff]/
/** Length in code points. */
export function codePoints(text: string): number {
  if (!SURROGATE.test(text)) return text.length
  let count = 0
  for (const _ of text) count++
  return count
}
/** The text by code points: itself where each is one UTF-16 unit. */
export const byCodePoint = (text: string): string | readonly string[] =>
  SURROGATE.test(text) ? Array.from(text) : text

/** What Python's dict tells keys apart by. */
export function hashKey(key: Value): string {
  if (typeof key === 'string') return `s${key}`
  if (typeof key === 'bigint') return `n${key}`
  if (typeof key === 'boolean') return key ? 'n1' : 'n0'
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : `f${key}`
  if (key === null) return 'N'
  if (key instanceof Undefined) return 'U'
  if (key instanceof Markup) return `s${key.text}`
  if (key instanceof Tuple) return `t${key.items.map((item) => JSON.stringify(hashKey(item))).join()}`
  if (key instanceof Range || key instanceof Callable || key instanceof Iter || key instanceof Namespace)
    throw unsupported(`a ${typeName(key)} as a key`)
  throw typeError(`unhashable type: '${typeName(key)}'`)
}

/** Plain JSON-like data as a template value. A whole number is an int, as JSON's are. */
export function fromJs(input: unknown, depth = 0): Value {
  if (depth > 100) throw valueErrorTooDeep()
  switch (typeof input) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return input
    case 'number':
      return Number.isInteger(input) && !Object.is(input, -0) ? BigInt(input) : input
    case 'undefined':
      return null
    case 'object':
      if (input === null) return null
      if (Array.isArray(input)) return input.map((item) => fromJs(item, depth + 1))
      return Dict.of(
        Object.entries(input)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => [key, fromJs(value, depth + 1)] as const),
      )
    default:
      throw typeError(`a ${typeof input} cannot be given to a template`)
  }
}
const valueErrorTooDeep = (): TemplateFault =>
  new TemplateFault('limit', 'RecursionError', 'the data are nested too deep')

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

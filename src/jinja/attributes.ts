import { asIndex, asNumber } from './arithmetic.ts'
import { equals } from './compare.ts'
import { stringRepr } from './display.ts'
import { type Budget, typeError, unsupported, valueError } from './fault.ts'
import { stringMethod } from './strmethods.ts'
import {
  bind,
  byCodePoint,
  Callable,
  Dict,
  DictView,
  firstOf,
  GroupTuple,
  isList,
  type Kwargs,
  LoopValue,
  Markup,
  Namespace,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts'

/** `start:stop:step` of a subscript; unlike an index out of range, a wrong one raises. */
export class Slice {
  constructor(
    readonly start: Value,
    readonly stop: Value,
    readonly step: Value,
  ) {}
}

/** What transformers' immutable sandbox forbids. */
const MUTATORS: Readonly<Record<string, ReadonlySet<string>>> = {
  list: new Set(['append', 'clear', 'pop', 'reverse', 'insert', 'sort', 'extend', 'remove']),
  dict: new Set(['clear', 'pop', 'popitem', 'setdefault', 'update']),
}
/** Attributes that Python has and we refuse, so that they are not taken for undefined. */
const REFUSED: Readonly<Record<string, ReadonlySet<string>>> = {
  dict: new Set(['fromkeys']),
  int: new Set(['as_integer_ratio', 'bit_count', 'bit_length', 'conjugate', 'from_bytes', 'to_bytes', 'is_integer']),
  bool: new Set(['as_integer_ratio', 'bit_count', 'bit_length', 'conjugate', 'from_bytes', 'to_bytes', 'is_integer']),
  float: new Set(['as_integer_ratio', 'conjugate', 'fromhex', 'hex']),
  dict_keys: new Set(['isdisjoint', 'mapping']),
  dict_values: new Set(['mapping']),
  dict_items: new Set(['isdisjoint', 'mapping']),
}

const method = (name: string, call: (args: readonly Value[], kwargs: Kwargs) => Value): Callable =>
  new Callable(name, call)

/** getattr(value, name) of Python; JavaScript's undefined where Python raises AttributeError. */
export function pythonAttribute(value: Value, name: string, budget: Budget): Value | undefined {
  const type = typeName(value)
  if (/^__.*__$/.test(name)) return unsafe(type, name)
  if (value instanceof Markup) throw unsupported('computing with text that "safe" or "escape" has marked')
  if (MUTATORS[type]?.has(name)) return unsafe(type, name)
  if (REFUSED[type]?.has(name)) throw unsupported(`${type}.${name}`)
  if (typeof value === 'string') {
    const found = stringMethod(name)
    return found === null
      ? undefined
      : method(name, (args, kwargs) => {
          budget.charge(1 + value.length / 32)
          const result = found(value, args, kwargs, budget)
          return typeof result === 'string' ? budget.text(result) : result
        })
  }
  if (value instanceof Dict) return dictMethod(value, name)
  if (value instanceof GroupTuple && name === 'grouper') return value.items[0]
  if (value instanceof GroupTuple && name === 'list') return value.items[1]
  if (isList(value) || value instanceof Tuple) return sequenceMethod(value, name, budget)
  if (value instanceof Namespace) return value.attributes.get(name)
  if (value instanceof Callable) return value.attributes.get(name)
  if (value instanceof LoopValue) return value.attribute(name)
  if (value instanceof Range && (name === 'start' || name === 'stop' || name === 'step')) return value[name]
  if (value instanceof Range && (name === 'count' || name === 'index')) throw unsupported(`range.${name}`)
  if (type === 'int' || type === 'bool' || type === 'float') {
    const number = asNumber(value)!
    if (name === 'real') return number
    if (name === 'imag') return typeof number === 'bigint' ? 0n : 0
    if (typeof number === 'bigint' && name === 'numerator') return number
    if (typeof number === 'bigint' && name === 'denominator') return 1n
    if (name === 'is_integer') return method(name, () => Number.isInteger(number))
  }
  return undefined
}
const unsafe = (type: string, name: string): Undefined =>
  new Undefined(`access to attribute '${name}' of '${type}' object is unsafe.`, 'SecurityError')

function dictMethod(dict: Dict, name: string): Value | undefined {
  switch (name) {
    case 'get':
      return method(name, (args, kwargs) => {
        if (kwargs.size > 0) throw typeError('dict.get() takes no keyword arguments')
        const [key, fallback] = bind('get', ['key', 'default'], 1, args, kwargs)
        return firstOf(dict.get(key!), fallback)
      })
    case 'keys':
    case 'values':
    case 'items':
      return method(name, (args, kwargs) => {
        bind(`dict.${name}`, [], 0, args, kwargs)
        return new DictView(`dict_${name}`, dict)
      })
    case 'copy':
      return method(name, () => dict)
    default:
      return undefined
  }
}

function sequenceMethod(value: readonly Value[] | Tuple, name: string, budget: Budget): Value | undefined {
  const items = value instanceof Tuple ? value.items : value
  switch (name) {
    case 'count':
      return method(name, (args, kwargs) => {
        const [wanted] = bind(name, ['value'], 1, args, kwargs)
        return BigInt(items.filter((item) => equals(item, wanted!, budget)).length)
      })
    case 'index':
      return method(name, (args, kwargs) => {
        const [wanted, start, stop] = bind(name, ['value', 'start', 'stop'], 1, args, kwargs)
        const from = start === undefined ? 0 : asIndex(start)
        const to = stop === undefined ? items.length : asIndex(stop)
        const at = items.slice(from, to).findIndex((item) => equals(item, wanted!, budget))
        if (at === -1) throw valueError(`value is not in ${typeName(value)}`)
        return BigInt(at + (from < 0 ? Math.max(0, from + items.length) : from))
      })
    case 'copy':
      return value instanceof Tuple ? undefined : method(name, () => value)
    default:
      return undefined
  }
}

/** value[key] of Python; JavaScript's undefined where it raises TypeError or LookupError. */
function pythonItem(value: Value, key: Value | Slice, budget: Budget): Value | undefined {
  if (value instanceof Undefined) value.fail()
  if (value instanceof Markup) throw unsupported('computing with text that "safe" or "escape" has marked')
  if (key instanceof Slice) return sliced(value, key, budget)
  if (value instanceof Dict) return isHashable(key) ? value.get(key) : undefined
  if (typeof key !== 'bigint' && typeof key !== 'boolean') return undefined
  const index = Number(key)
  if (typeof value === 'string') {
    const points = byCodePoint(value)
    budget.charge(typeof points === 'string' ? 1 : 1 + value.length / 32)
    return points[index < 0 ? index + points.length : index]
  }
  const items = isList(value) ? value : value instanceof Tuple ? value.items : null
  if (items) return items[index < 0 ? index + items.length : index]
  if (value instanceof Range) {
    const at = index < 0 ? index + value.size : index
    return at >= 0 && at < value.size ? value.at(at) : undefined
  }
  return undefined
}
function isHashable(key: Value): boolean {
  if (key instanceof Tuple) return key.items.every(isHashable)
  return !(isList(key) || key instanceof Dict)
}

function sliced(value: Value, { start, stop, step }: Slice, budget: Budget): Value {
  const bounded = typeof value === 'string' || isList(value) || value instanceof Tuple || value instanceof Range
  if (!bounded)
    throw typeError(
      value instanceof Dict ? "unhashable type: 'slice'" : `'${typeName(value)}' object is not subscriptable`,
    )
  const whole = [start, stop, step].every((bound) => bound === null || typeof asNumber(bound) === 'bigint')
  if (!whole) throw typeError('slice indices must be integers or None or have an __index__ method')
  const points = typeof value === 'string' ? byCodePoint(value) : null
  const size =
    points !== null
      ? points.length
      : value instanceof Range
        ? value.size
        : isList(value)
          ? value.length
          : (value as Tuple).items.length
  const stride = step === null ? 1 : asIndex(step)
  if (stride === 0) throw valueError('slice step cannot be zero')
  const clamp = (bound: Value, absent: number): number => {
    if (bound === null) return absent
    const index = asIndex(bound)
    const [low, high] = stride > 0 ? [0, size] : [-1, size - 1]
    return Math.min(Math.max(index < 0 ? index + size : index, low), high)
  }
  const from = clamp(start, stride > 0 ? 0 : size - 1)
  const to = clamp(stop, stride > 0 ? size : -1)
  const indices: number[] = []
  budget.items(Math.max(0, Math.ceil((to - from) / stride)))
  if (stride === 1 && typeof points === 'string') return points.slice(from, Math.max(from, to))
  for (let i = from; stride > 0 ? i < to : i > to; i += stride) indices.push(i)
  if (points !== null) return indices.map((i) => points[i]!).join('')
  if (isList(value)) return indices.map((i) => value[i]!)
  if (value instanceof Tuple) return new Tuple(indices.map((i) => value.items[i]!))
  const range = value as Range
  return new Range(range.at(from), range.at(to), range.step * BigInt(stride))
}

/** `object.name` in a template: an attribute first, then an item. */
export function getAttribute(object: Value, name: string, budget: Budget): Value {
  if (object instanceof Undefined) object.fail()
  const attribute = pythonAttribute(object, name, budget)
  if (attribute !== undefined) return attribute
  const item = pythonItem(object, name, budget)
  return item === undefined ? missing(object, name) : item
}

/** `object[key]` in a template: an item first, then, for a text key, an attribute. */
export function getItem(object: Value, key: Value | Slice, budget: Budget): Value {
  const item = pythonItem(object, key, budget)
  if (item !== undefined) return item
  const attribute = typeof key === 'string' ? pythonAttribute(object, key, budget) : undefined
  return attribute === undefined ? missing(object, key) : attribute
}

/** Jinja2's message for an attribute or an item that is not there. */
function missing(object: Value, key: Value | Slice): Undefined {
  const type = object === null ? 'None' : `${qualifiedName(object)} object`
  if (typeof key === 'string') return new Undefined(`'${type}' has no attribute ${stringRepr(key)}`)
  return new Undefined(`${type} has no element ${key instanceof Slice ? 'of this slice' : String(shown(key))}`)
}
const shown = (key: Value): string =>
  typeof key === 'bigint' || typeof key === 'number' ? String(key) : key === null ? 'None' : `of type ${typeName(key)}`
function qualifiedName(value: Value): string {
  if (value instanceof Namespace) return 'jinja2.utils.Namespace'
  if (value instanceof LoopValue) return 'jinja2.runtime.LoopContext'
  if (value instanceof Callable) return value.attributes.has('arguments') ? 'jinja2.runtime.Macro' : 'method'
  return typeName(value)
}

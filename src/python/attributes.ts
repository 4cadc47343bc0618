import type { Budget } from './budget.ts'
import { typeError, unsupported, valueError } from './error.ts'
import { asIndex, asNumber } from './numbers.ts'
import { equals } from './operators.ts'
import { stringMethod } from './string-methods.ts'
import {
  bind,
  Callable,
  Dict,
  DictView,
  firstOf,
  isList,
  type Kwargs,
  Range,
  Tuple,
  typeName,
  type Value,
} from './values.ts'

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
export function attributeOf(value: Value, name: string, budget: Budget): Value | undefined {
  const type = typeName(value)
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
  if (value instanceof Dict) return dictMethod(value, name, budget)
  if (isList(value) || value instanceof Tuple) return sequenceMethod(value, name, budget)
  if (value instanceof Callable) return value.attributes.get(name)
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
function dictMethod(dict: Dict, name: string, budget: Budget): Value | undefined {
  switch (name) {
    case 'get':
      return method(name, (args, kwargs) => {
        if (kwargs.size > 0) throw typeError('dict.get() takes no keyword arguments')
        const [key, fallback] = bind('get', ['key', 'default'], 1, args, kwargs)
        return firstOf(dict.get(key!, budget), fallback)
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

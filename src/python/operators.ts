import type { Budget } from './budget.ts'
import { indexError, keyError, PythonError, typeError, unsupported, valueError } from './error.ts'
import { formatPercent } from './format.ts'
import { asIndex, asNumber, type BinaryOperator, calculate } from './numbers.ts'
import { pyRepr } from './repr.ts'
import { byCodePoint, points } from './strings.ts'
import {
  Bytes,
  Complex,
  Dict,
  DictView,
  HostObject,
  isIterable,
  isList,
  iterate,
  PySet,
  Range,
  Tuple,
  typeName,
  type Value,
} from './values.ts'

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** Asks the sides that are no built-in values; a kind of str last, since Python's str leaves the operation to the other side. */
function operate(left: Value, right: Value): void {
  const hosts = [left, right].filter((side) => side instanceof HostObject)
  for (const host of hosts) if (!host.isText) host.operate()
  for (const host of hosts) host.operate()
}
/** Literals can hold them; nothing here computes with them. */
const isRare = (value: Value): boolean => value instanceof Bytes || value instanceof Complex || value instanceof PySet

export const negate = (value: Value): Value => -unary('-', value)
export const plus = (value: Value): Value => unary('+', value)
function unary(operator: '-' | '+', value: Value): bigint | number {
  const number = asNumber(value)
  if (number !== null) return number
  if (value instanceof HostObject && !value.isText) value.operate()
  throw typeError(`bad operand type for unary ${operator}: '${typeName(value)}'`)
}

/** `left <operator> right` as Python computes it. */
export function binary(operator: BinaryOperator, left: Value, right: Value, budget: Budget): Value {
  budget.charge(1)
  if (operator === '%' && typeof left === 'string') return formatPercent(left, right, budget)
  const a = asNumber(left)
  const b = asNumber(right)
  if (a !== null && b !== null) return calculate(operator, a, b, budget)
  operate(left, right)
  if (operator === '+') {
    if (typeof left === 'string' && typeof right === 'string') {
      budget.chars(left.length + right.length)
      return left + right
    }
    if (isList(left) && isList(right)) {
      budget.items(left.length + right.length)
      return [...left, ...right]
    }
    if (left instanceof Tuple && right instanceof Tuple) {
      budget.items(left.items.length + right.items.length)
      return new Tuple([...left.items, ...right.items])
    }
    if (typeof left === 'string') throw typeError(`can only concatenate str (not "${typeName(right)}") to str`)
    if (isList(left)) throw typeError(`can only concatenate list (not "${typeName(right)}") to list`)
    if (left instanceof Tuple) throw typeError(`can only concatenate tuple (not "${typeName(right)}") to tuple`)
  }
  if (operator === '*') {
    if (typeof b === 'bigint') return repeat(left, b, right, budget)
    if (typeof a === 'bigint') return repeat(right, a, left, budget)
  }
  for (const side of [left, right]) if (isRare(side)) throw unsupported(`computing with ${typeName(side)} values`)
  const shown = operator === '**' ? '** or pow()' : operator
  throw typeError(`unsupported operand type(s) for ${shown}: '${typeName(left)}' and '${typeName(right)}'`)
}

function repeat(value: Value, times: bigint, other: Value, budget: Budget): Value {
  const count = times < 0n ? 0 : Number(times)
  if (typeof value === 'string') {
    budget.chars(value.length * count)
    return value.repeat(count)
  }
  if (isList(value) || value instanceof Tuple) {
    const items = isList(value) ? value : value.items
    budget.items(items.length * count)
    const repeated = items.length === 0 ? [] : Array.from({ length: count }, () => items).flat()
    return isList(value) ? repeated : new Tuple(repeated)
  }
  throw typeError(`unsupported operand type(s) for *: '${typeName(value)}' and '${typeName(other)}'`)
}

// ── comparison ──────────────────────────────────────────────────────────────────────────────────────────────────────

export type CompareOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'notin'

export function compare(operator: CompareOperator, a: Value, b: Value, budget: Budget): boolean {
  switch (operator) {
    case '==':
      return equals(a, b, budget)
    case '!=':
      return !equals(a, b, budget)
    case 'in':
      return contains(b, a, budget)
    case 'notin':
      return !contains(b, a, budget)
    case '<':
      return lessThan(a, b, budget)
    case '>':
      return lessThan(b, a, budget, '>')
    case '<=':
      return lessOrEqual(a, b, budget, '<=')
    case '>=':
      return lessOrEqual(b, a, budget, '>=')
  }
}

/** Python's ==. Values of unlike types differ, but numbers: 1 == 1.0 == True. */
export function equals(a: Value, b: Value, budget: Budget, depth = 0): boolean {
  budget.charge(1)
  budget.depth(depth)
  if (a === b) return true
  if (typeof a === 'string') return b instanceof HostObject && b.equals(a)
  if (typeof b === 'string') return a instanceof HostObject && a.equals(b)
  const x = asNumber(a)
  const y = asNumber(b)
  // JavaScript compares a bigint with a number by value, exactly.
  // biome-ignore lint/suspicious/noDoubleEquals: mixed bigint and number
  if (x !== null && y !== null) return x == y
  if (isList(a) && isList(b)) return equalItems(a, b, budget, depth)
  if (a instanceof Tuple && b instanceof Tuple) return equalItems(a.items, b.items, budget, depth)
  if (a instanceof Dict && b instanceof Dict) {
    if (a.size !== b.size) return false
    return a.entries().every(([key, value]) => {
      const other = b.get(key, budget)
      return other !== undefined && equals(value, other, budget, depth + 1)
    })
  }
  if (a instanceof Range && b instanceof Range)
    return a.size === b.size && (a.size === 0 || (a.start === b.start && (a.size === 1 || a.step === b.step)))
  if (a instanceof DictView && b instanceof DictView) throw unsupported(`comparing ${a.what}`)
  if (a instanceof HostObject) return a.equals(b)
  if (b instanceof HostObject) return b.equals(a)
  if (a instanceof PySet && b instanceof PySet) return a.equals(b)
  if (a instanceof Bytes && b instanceof Bytes) return a.values.join() === b.values.join()
  if (a instanceof Complex || b instanceof Complex) return equalComplex(a, b)
  return false
}
function equalComplex(a: Value, b: Value): boolean {
  const parts = (value: Value): readonly [bigint | number, number] | null => {
    if (value instanceof Complex) return [value.real, value.imag]
    const number = asNumber(value)
    return number === null ? null : [number, 0]
  }
  const [x, y] = [parts(a), parts(b)]
  // biome-ignore lint/suspicious/noDoubleEquals: mixed bigint and number
  return x !== null && y !== null && x[0] == y[0] && x[1] === y[1]
}
function equalItems(a: readonly Value[], b: readonly Value[], budget: Budget, depth: number): boolean {
  return a.length === b.length && a.every((item, i) => equals(item, b[i]!, budget, depth + 1))
}

/** a < b of Python; raises TypeError where they have no order. */
export function lessThan(a: Value, b: Value, budget: Budget, operator = '<', depth = 0): boolean {
  budget.charge(1)
  budget.depth(depth)
  if (typeof a === 'string' && typeof b === 'string') return byCodePoint(a, b) < 0
  const x = asNumber(a)
  const y = asNumber(b)
  if (x !== null && y !== null) return x < y
  operate(a, b)
  const left = isList(a) ? a : a instanceof Tuple ? a.items : null
  const right = isList(b) ? b : b instanceof Tuple ? b.items : null
  if (left && right && isList(a) === isList(b)) {
    const length = Math.min(left.length, right.length)
    for (let i = 0; i < length; i++)
      if (!equals(left[i]!, right[i]!, budget, depth + 1))
        return lessThan(left[i]!, right[i]!, budget, operator, depth + 1)
    return left.length < right.length
  }
  for (const side of [a, b]) if (isRare(side)) throw unsupported(`ordering ${typeName(side)} values`)
  // `>` and `>=` come in with their sides exchanged.
  const [shownLeft, shownRight] = operator.startsWith('>') ? [b, a] : [a, b]
  throw typeError(
    `'${operator}' not supported between instances of '${typeName(shownLeft)}' and '${typeName(shownRight)}'`,
  )
}

/** a <= b: for numbers with NaN not the negation of b < a. */
function lessOrEqual(a: Value, b: Value, budget: Budget, operator: string): boolean {
  const x = asNumber(a)
  const y = asNumber(b)
  if (x !== null && y !== null) return x <= y
  return equals(a, b, budget) && !(a instanceof HostObject)
    ? !lessThan(a, b, budget, operator)
    : lessThan(a, b, budget, operator)
}

/** `item in container` of Python. */
export function contains(container: Value, item: Value, budget: Budget): boolean {
  if (typeof container === 'string') {
    if (typeof item !== 'string')
      throw typeError(`'in <string>' requires string as left operand, not ${typeName(item)}`)
    budget.charge(1 + container.length / 32)
    return container.includes(item)
  }
  if (container instanceof Dict || container instanceof PySet) return container.has(item, budget)
  if (container instanceof Range) {
    const number = asNumber(item)
    if (number === null || (typeof number === 'number' && !Number.isInteger(number))) return false
    const offset = BigInt(number) - container.start
    return (
      offset % container.step === 0n &&
      offset / container.step >= 0n &&
      offset / container.step < BigInt(container.size)
    )
  }
  if (!isIterable(container)) throw typeError(`argument of type '${typeName(container)}' is not iterable`)
  for (const other of iterate(container, budget)) if (equals(other, item, budget)) return true
  return false
}

// ── subscripts ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** `start:stop:step` of a subscript; unlike an index out of range, a wrong one raises. */
export class Slice {
  constructor(
    readonly start: Value,
    readonly stop: Value,
    readonly step: Value,
  ) {}
}

/** `value[key]`. @throws PythonError KeyError, IndexError, TypeError */
export function subscript(value: Value, key: Value | Slice, budget: Budget): Value {
  const item = itemOf(value, key, budget)
  if (item !== undefined) return item
  const type = typeName(value)
  if (value instanceof Dict && !(key instanceof Slice)) {
    value.get(key, budget)
    throw keyError(pyRepr(key, budget))
  }
  if (!isSequence(value)) throw typeError(`'${type}' object is not subscriptable`)
  if (typeof key !== 'bigint' && typeof key !== 'boolean')
    throw typeError(`${type} indices must be integers or slices, not ${typeName(key as Value)}`)
  throw indexError(`${type === 'str' ? 'string' : type} index out of range`)
}

/** `value[key]`; JavaScript's undefined where Python raises LookupError, or TypeError for the key. */
export function itemOf(value: Value, key: Value | Slice, budget: Budget): Value | undefined {
  if (value instanceof HostObject) value.operate()
  if (key instanceof Slice) return sliced(value, key, budget)
  if (value instanceof Dict) return hashable(() => value.get(key, budget))
  if (typeof key !== 'bigint' && typeof key !== 'boolean') return undefined
  const index = Number(key)
  if (value instanceof Range) {
    const at = index < 0 ? index + value.size : index
    return at >= 0 && at < value.size ? value.at(at) : undefined
  }
  const items = held(value)
  if (items === null) return undefined
  // cut into its characters
  if (typeof value === 'string') budget.charge(typeof items === 'string' ? 1 : 1 + value.length / 4)
  const item = items[index < 0 ? index + items.length : index]
  return value instanceof Bytes && item !== undefined ? BigInt(item as number) : item
}
/** What a look-up finds; undefined for a key without a hash. */
function hashable(find: () => Value | undefined): Value | undefined {
  try {
    return find()
  } catch (error) {
    if (error instanceof PythonError && error.pythonClass === 'TypeError') return undefined
    throw error
  }
}
/** What a str, list, tuple or bytes holds, by place. */
const held = (value: Value): string | readonly Value[] | null => {
  if (typeof value === 'string') return points(value)
  if (isList(value)) return value
  return value instanceof Tuple ? value.items : value instanceof Bytes ? value.values : null
}
const isSequence = (value: Value): boolean =>
  typeof value === 'string' ||
  isList(value) ||
  value instanceof Tuple ||
  value instanceof Bytes ||
  value instanceof Range

function sliced(value: Value, { start, stop, step }: Slice, budget: Budget): Value {
  if (!isSequence(value))
    throw typeError(
      value instanceof Dict ? "unhashable type: 'slice'" : `'${typeName(value)}' object is not subscriptable`,
    )
  const whole = [start, stop, step].every((bound) => bound === null || typeof asNumber(bound) === 'bigint')
  if (!whole) throw typeError('slice indices must be integers or None or have an __index__ method')
  const items = held(value)
  const size = items === null ? (value as Range).size : items.length
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
  budget.items(Math.max(0, Math.ceil((to - from) / stride)))
  if (value instanceof Range) return new Range(value.at(from), value.at(to), value.step * BigInt(stride))
  if (stride === 1 && typeof items === 'string') return items.slice(from, Math.max(from, to))
  const chosen: Value[] = []
  for (let i = from; stride > 0 ? i < to : i > to; i += stride) chosen.push(items![i]!)
  if (typeof value === 'string') return chosen.join('')
  if (value instanceof Bytes) return new Bytes(chosen as number[])
  return isList(value) ? chosen : new Tuple(chosen)
}

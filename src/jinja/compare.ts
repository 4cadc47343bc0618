import { asNumber } from './arithmetic.ts'
import type { CompareOperator } from './ast.ts'
import { type Budget, typeError, unsupported } from './fault.ts'
import {
  Dict,
  DictView,
  Iter,
  isIterable,
  isList,
  iterate,
  Markup,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts'

/** Python's ==. Values of unlike types differ, but numbers: 1 == 1.0 == True. */
export function equals(a: Value, b: Value, budget: Budget, depth = 0): boolean {
  budget.charge(1)
  budget.depth(depth)
  if (a === b) return true
  if (typeof a === 'string' || typeof b === 'string') {
    if (a instanceof Markup || b instanceof Markup)
      return (a instanceof Markup ? a.text : a) === (b instanceof Markup ? b.text : b)
    return false
  }
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
      const other = b.get(key)
      return other !== undefined && equals(value, other, budget, depth + 1)
    })
  }
  if (a instanceof Undefined && b instanceof Undefined) return true
  if (a instanceof Range && b instanceof Range)
    return a.size === b.size && (a.size === 0 || (a.start === b.start && (a.size === 1 || a.step === b.step)))
  if (a instanceof DictView && b instanceof DictView) throw unsupported(`comparing ${a.what}`)
  if (a instanceof Markup && b instanceof Markup) return a.text === b.text
  return false
}
function equalItems(a: readonly Value[], b: readonly Value[], budget: Budget, depth: number): boolean {
  return a.length === b.length && a.every((item, i) => equals(item, b[i]!, budget, depth + 1))
}

/** By code point: UTF-16 order differs where surrogates meet U+E000 and above. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x === y) continue
    const high = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
    return high(x) - high(y)
  }
  return a.length - b.length
}

/** a < b of Python; raises TypeError where they have no order. */
export function lessThan(a: Value, b: Value, budget: Budget, operator = '<', depth = 0): boolean {
  budget.charge(1)
  budget.depth(depth)
  if (a instanceof Undefined) a.fail()
  if (b instanceof Undefined) b.fail()
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b) < 0
  const x = asNumber(a)
  const y = asNumber(b)
  if (x !== null && y !== null) return x < y
  const left = isList(a) ? a : a instanceof Tuple ? a.items : null
  const right = isList(b) ? b : b instanceof Tuple ? b.items : null
  if (left && right && isList(a) === isList(b)) {
    const length = Math.min(left.length, right.length)
    for (let i = 0; i < length; i++)
      if (!equals(left[i]!, right[i]!, budget, depth + 1))
        return lessThan(left[i]!, right[i]!, budget, operator, depth + 1)
    return left.length < right.length
  }
  if (a instanceof Markup || b instanceof Markup) throw unsupported('ordering text that "safe" or "escape" has marked')
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
  return equals(a, b, budget) && !(a instanceof Undefined)
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
  if (container instanceof Dict) return container.has(item)
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
  if (container instanceof Iter || container instanceof Undefined || !(container instanceof Markup)) {
    for (const other of iterate(container, budget)) if (equals(other, item, budget)) return true
    return false
  }
  throw unsupported('searching text that "safe" or "escape" has marked')
}

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

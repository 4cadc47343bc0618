import type { BinaryOperator } from './ast.ts'
import { type Budget, TemplateFault, typeError, unsupported, valueError } from './fault.ts'
import { formatPercent } from './format.ts'
import { pyTrim } from './pystring.ts'
import { isList, Markup, Tuple, typeName, Undefined, type Value } from './values.ts'

/** bool counts as int. */
export const asNumber = (value: Value): bigint | number | null => {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'bigint' || typeof value === 'number' ? value : null
}
/** An index, a width, a count: an int (or bool), as a JavaScript number. */
export function asIndex(value: Value, what = 'value'): number {
  const number = asNumber(value)
  if (typeof number !== 'bigint')
    throw typeError(`${what}: '${typeName(value)}' object cannot be interpreted as an integer`)
  return Number(number)
}

const bitLength = (value: bigint): number => {
  const magnitude = value < 0n ? -value : value
  return magnitude < 1n << 53n ? 53 : magnitude.toString(16).length * 4
}
const zeroDivision = (message: string): TemplateFault => new TemplateFault('runtime', 'ZeroDivisionError', message)
const overflow = (message: string): TemplateFault => new TemplateFault('runtime', 'OverflowError', message)

export function negate(value: Value): Value {
  if (value instanceof Undefined) value.fail()
  const number = asNumber(value)
  if (number === null) throw typeError(`bad operand type for unary -: '${typeName(value)}'`)
  return -number
}
export function plus(value: Value): Value {
  if (value instanceof Undefined) value.fail()
  const number = asNumber(value)
  if (number === null) throw typeError(`bad operand type for unary +: '${typeName(value)}'`)
  return number
}

/** `left <operator> right` as Python computes it. */
export function binary(operator: BinaryOperator, left: Value, right: Value, budget: Budget): Value {
  budget.charge(1)
  if (operator === '%' && typeof left === 'string') return formatPercent(left, right, budget)
  if (left instanceof Undefined) left.fail()
  if (right instanceof Undefined) right.fail()
  if (left instanceof Markup || right instanceof Markup)
    throw unsupported('computing with text that "safe" or "escape" has marked')
  const a = asNumber(left)
  const b = asNumber(right)
  if (a !== null && b !== null) {
    return typeof a === 'bigint' && typeof b === 'bigint'
      ? integers(operator, a, b, budget)
      : floats(operator, toFloat(a), toFloat(b))
  }
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

export function toFloat(value: bigint | number): number {
  const float = Number(value)
  if (typeof value === 'bigint' && !Number.isFinite(float)) throw overflow('int too large to convert to float')
  return float
}

function integers(operator: BinaryOperator, a: bigint, b: bigint, budget: Budget): Value {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      budget.bits(bitLength(a) + bitLength(b))
      return a * b
    case '/':
      if (b === 0n) throw zeroDivision('division by zero')
      return trueDivision(a, b)
    case '//':
      if (b === 0n) throw zeroDivision('integer division or modulo by zero')
      return (a - floorModulo(a, b)) / b
    case '%':
      if (b === 0n) throw zeroDivision('integer modulo by zero')
      return floorModulo(a, b)
    case '**':
      if (b < 0n) return floats('**', toFloat(a), toFloat(b))
      if (a !== 0n && a !== 1n && a !== -1n) budget.bits((a < 0n ? -a : a).toString(2).length * Number(b))
      else if (b > 1n) return a === -1n && b % 2n === 1n ? -1n : a * a
      return a ** b
  }
}
/** The remainder takes the divisor's sign. */
const floorModulo = (a: bigint, b: bigint): bigint => {
  const rest = a % b
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest
}
/** Correctly rounded like Python's where both fit a double exactly; beyond that we refuse rather than round twice. */
function trueDivision(a: bigint, b: bigint): number {
  const [x, y] = [Number(a), Number(b)]
  if (BigInt(Math.trunc(x)) === a && BigInt(Math.trunc(y)) === b) return x / y
  throw unsupported('dividing integers beyond 2^53')
}

function floats(operator: BinaryOperator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      if (b === 0) throw zeroDivision('float division by zero')
      return a / b
    case '//':
    case '%': {
      if (b === 0) throw zeroDivision(operator === '%' ? 'float modulo' : 'float floor division by zero')
      // CPython's float_divmod.
      let rest = a % b
      let quotient = (a - rest) / b
      if (rest !== 0) {
        if (b < 0 !== rest < 0) {
          rest += b
          quotient -= 1
        }
      } else {
        rest = b < 0 ? -0 : 0
      }
      if (operator === '%') return rest
      if (quotient === 0) return Object.is(a / b, -0) || a / b < 0 ? -0 : 0
      const floor = Math.floor(quotient)
      return quotient - floor > 0.5 ? floor + 1 : floor
    }
    case '**': {
      if (a === 0 && b < 0) throw zeroDivision('0.0 cannot be raised to a negative power')
      if (a < 0 && !Number.isInteger(b) && Number.isFinite(b) && Number.isFinite(a))
        throw unsupported('a complex number')
      if (a === 1 || b === 0) return 1
      if (a === -1 && !Number.isFinite(b) && !Number.isNaN(b)) return 1
      const power = a ** b
      if (!Number.isFinite(power) && Number.isFinite(a) && Number.isFinite(b))
        throw overflow('Numerical result out of range')
      return power
    }
  }
}

// ── numbers from text ───────────────────────────────────────────────────────────────────────────────────────────────

/** Python's int(text, base); null where it raises ValueError. */
export function parseInteger(text: string, base = 10): bigint | null {
  if (base !== 0 && (base < 2 || base > 36)) throw valueError('int() base must be >= 2 and <= 36, or 0')
  let body = pyTrim(text).toLowerCase()
  if (body.length > 4300 + 2) return null
  const negative = body.startsWith('-')
  if (negative || body.startsWith('+')) body = body.slice(1)
  let radix = base
  const prefix = { '0b': 2, '0o': 8, '0x': 16 }[body.slice(0, 2)]
  if (prefix !== undefined && (base === prefix || base === 0)) {
    radix = prefix
    body = body.slice(2).replace(/^_/, '')
  } else if (base === 0) {
    if (/^0[\d_]/.test(body) && !/^[0_]*$/.test(body)) return null
    radix = 10
  }
  if (!/^[\p{Nd}a-z]+(_[\p{Nd}a-z]+)*$/u.test(body)) return null
  if (/[^\x00-\x7f]/.test(body)) throw unsupported('a number in digits other than 0-9')
  let value = 0n
  for (const digit of body.replaceAll('_', '')) {
    const worth = Number.parseInt(digit, 36)
    if (worth >= radix) return null
    value = value * BigInt(radix) + BigInt(worth)
  }
  return negative ? -value : value
}
/** Python's float(text); null where it raises ValueError. */
export function parseFloatText(text: string): number | null {
  const body = pyTrim(text)
  if (/\p{Nd}/u.test(body.replace(/[0-9]/g, ''))) throw unsupported('a number in digits other than 0-9')
  if (/^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/i.test(body))
    return Number(body.replaceAll('_', ''))
  const word = /^([+-]?)(inf|infinity|nan)$/i.exec(body)
  if (!word) return null
  if (word[2]!.toLowerCase() === 'nan') return Number.NaN
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
}

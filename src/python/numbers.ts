import type { Budget } from './budget.ts'
import { parseFloating } from './decimal.ts'
import { overflowError, typeError, unsupported, valueError, zeroDivisionError } from './error.ts'
import { Bytes, typeName, type Value } from './values.ts'

/** bool counts as int. */
export const asNumber = (value: Value): bigint | number | null => {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'bigint' || typeof value === 'number' ? value : null
}
/** An index, a width, a count: an int (or bool), as a JavaScript number. */
export const asIndex = (value: Value, what?: string): number => Number(asInteger(value, what))
/** The same, exactly. */
export function asInteger(value: Value, what = 'value'): bigint {
  const number = asNumber(value)
  if (typeof number === 'bigint') return number
  throw typeError(`${what}: '${typeName(value)}' object cannot be interpreted as an integer`)
}

export function toFloat(value: bigint | number): number {
  const float = Number(value)
  if (typeof value === 'bigint' && !Number.isFinite(float)) throw overflowError('int too large to convert to float')
  return float
}

/** `float(value)`: numbers, booleans, and text such as `' 5e-1 '`, `'1_0'`, `'nan'`, digits of any script. */
export function pyFloat(value: Value): number {
  const number = asNumber(value)
  if (number !== null) return toFloat(number)
  if (typeof value !== 'string' && !(value instanceof Bytes))
    throw typeError(`float() argument must be a string or a real number, not '${typeName(value)}'`)
  const text = typeof value === 'string' ? value : String.fromCharCode(...value.values)
  const parsed = typeof value !== 'string' && NOT_IN_BYTES.test(text) ? null : parseFloating(text)
  if (parsed === null) throw valueError(`could not convert string to float: ${JSON.stringify(text)}`)
  return parsed
}
/** What float() takes around or inside a str and not in bytes: other digits, other space. */
const NOT_IN_BYTES = /[^\x00-\x1b\x20-\x7f]/

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────────────────────────────

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**'

/** `a <operator> b` of two numbers. */
export function calculate(
  operator: BinaryOperator,
  a: bigint | number,
  b: bigint | number,
  budget: Budget,
): bigint | number {
  return typeof a === 'bigint' && typeof b === 'bigint'
    ? integers(operator, a, b, budget)
    : floats(operator, toFloat(a), toFloat(b))
}

const bitLength = (value: bigint): number => {
  const magnitude = value < 0n ? -value : value
  return magnitude < 1n << 53n ? 53 : magnitude.toString(16).length * 4
}

function integers(operator: BinaryOperator, a: bigint, b: bigint, budget: Budget): bigint | number {
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      budget.bits(bitLength(a) + bitLength(b))
      return a * b
    case '/':
      if (b === 0n) throw zeroDivisionError('division by zero')
      return trueDivision(a, b)
    case '//':
      if (b === 0n) throw zeroDivisionError('integer division or modulo by zero')
      return (a - floorModulo(a, b)) / b
    case '%':
      if (b === 0n) throw zeroDivisionError('integer modulo by zero')
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
      if (b === 0) throw zeroDivisionError('float division by zero')
      return a / b
    case '//':
    case '%': {
      if (b === 0) throw zeroDivisionError(operator === '%' ? 'float modulo' : 'float floor division by zero')
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
      if (a === 0 && b < 0) throw zeroDivisionError('0.0 cannot be raised to a negative power')
      if (a < 0 && !Number.isInteger(b) && Number.isFinite(b) && Number.isFinite(a))
        throw unsupported('a complex number')
      if (a === 1 || b === 0) return 1
      if (a === -1 && !Number.isFinite(b) && !Number.isNaN(b)) return 1
      const power = a ** b
      if (!Number.isFinite(power) && Number.isFinite(a) && Number.isFinite(b))
        throw overflowError('Numerical result out of range')
      return power
    }
  }
}

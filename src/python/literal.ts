import { Budget } from './budget.ts'
import { PythonError, valueError } from './error.ts'
import { type Expression, parseExpression } from './expression.ts'
import { Complex, Dict, PySet, Tuple, type Value } from './values.ts'

/**
 * Python's `ast.literal_eval`: strings (prefixes, escapes, adjacent ones joined), bytes, numbers (underscores, hex, octal, binary,
 * complex), tuples, lists, sets, dicts, `set()`, None, True, False, `...`, with signs, comments and line breaks.
 * Raises SyntaxError where Python's parser would, ValueError for an expression that is no literal, TypeError for an unhashable key.
 * @example literalEval("('C2H6O', ['primary alcohol'])")
 */
export function literalEval(source: string): Value {
  const text = source.replace(/\r\n?/g, '\n').replace(/^[ \t]+/, '')
  if (INDENTED_LATER.test(text)) throw new PythonError('IndentationError', 'unexpected indent')
  return evaluate(parseExpression(text), new Budget())
}

/** Blank lines and comments, then an expression that does not start its line. */
const INDENTED_LATER = /^(?:[ \t\f]*(?:#[^\n]*)?\n)+[ \t]+[^\s#]/

function evaluate(expression: Expression, budget: Budget): Value {
  const value = (part: Expression): Value => evaluate(part, budget)
  switch (expression.kind) {
    case 'constant':
      return expression.value
    case 'tuple':
      return new Tuple(expression.items.map(value))
    case 'list':
      return expression.items.map(value)
    case 'set':
      return PySet.of(each(expression.items, value), budget)
    case 'empty-set':
      return PySet.of([], budget)
    case 'dict':
      return Dict.of(
        each(expression.entries, ([key, item]) => [value(key), value(item)] as const),
        budget,
      )
    case 'sum':
      return complexSum(expression)
    case 'sign':
      return signedNumber(expression)
    case 'other':
      throw malformed()
  }
}

/** One after the other: a key without a hash raises before what comes after it is looked at. */
function* each<T, U>(items: readonly T[], change: (item: T) => U): Generator<U> {
  for (const item of items) yield change(item)
}

const malformed = (): PythonError => valueError('malformed node or string')

type PyNumber = bigint | number | Complex

/** A number without a sign. */
function number(expression: Expression): PyNumber {
  if (expression.kind !== 'constant') throw malformed()
  const { value } = expression
  if (typeof value === 'bigint' || typeof value === 'number' || value instanceof Complex) return value
  throw malformed()
}

/** literal_eval takes a sign on numbers only, and only one. */
function signedNumber(expression: Expression): PyNumber {
  if (expression.kind !== 'sign') return number(expression)
  const value = number(expression.operand)
  if (expression.operator === '+') return value
  return value instanceof Complex ? new Complex(-value.real, -value.imag) : -value
}

/** `real ± imaginary` is the only sum that literal_eval takes. */
function complexSum({ left, operator, right }: Expression & { readonly kind: 'sum' }): Complex {
  const real = signedNumber(left)
  const imaginary = number(right)
  if (real instanceof Complex || !(imaginary instanceof Complex)) throw malformed()
  return new Complex(Number(real), operator === '-' ? -imaginary.imag : imaginary.imag)
}

import { PythonError } from './error.ts'
import { type Expression, parseExpression } from './expression.ts'
import { type PyValue, pyEquals } from './value.ts'

/**
 * Python's `ast.literal_eval`: strings (prefixes, escapes, adjacent ones joined), bytes, numbers (underscores, hex, octal, binary,
 * complex), tuples, lists, sets, dicts, `set()`, None, True, False, `...`, with signs, comments and line breaks.
 * Raises SyntaxError where Python's parser would, ValueError for an expression that is no literal, TypeError for an unhashable key.
 * @example literalEval("('C2H6O', ['primary alcohol'])")
 */
export function literalEval(source: string): PyValue {
  const text = source.replace(/\r\n?/g, '\n').replace(/^[ \t]+/, '')
  if (INDENTED_LATER.test(text)) throw new PythonError('IndentationError', 'unexpected indent')
  return evaluate(parseExpression(text))
}

/** Blank lines and comments, then an expression that does not start its line. */
const INDENTED_LATER = /^(?:[ \t\f]*(?:#[^\n]*)?\n)+[ \t]+[^\s#]/

function evaluate(expression: Expression): PyValue {
  switch (expression.kind) {
    case 'constant':
      return expression.value
    case 'tuple':
    case 'list':
      return { type: expression.kind, items: expression.items.map(evaluate) }
    case 'set':
      return setOf(expression.items)
    case 'empty-set':
      return { type: 'set', items: [] }
    case 'dict':
      return dictOf(expression.entries)
    case 'sum':
      return complexSum(expression)
    case 'sign':
      return signedNumber(expression)
    case 'other':
      throw malformed()
  }
}

const malformed = (): PythonError => new PythonError('ValueError', 'malformed node or string')

function setOf(expressions: readonly Expression[]): PyValue {
  const items: PyValue[] = []
  for (const expression of expressions) {
    const value = evaluate(expression)
    checkHashable(value)
    if (!items.some((item) => pyEquals(item, value))) items.push(value)
  }
  return { type: 'set', items }
}

function dictOf(pairs: readonly (readonly [Expression, Expression])[]): PyValue {
  const entries: [PyValue, PyValue][] = []
  for (const pair of pairs) {
    const key = evaluate(pair[0])
    const value = evaluate(pair[1])
    checkHashable(key)
    const entry = entries.find(([other]) => pyEquals(other, key))
    if (entry === undefined) entries.push([key, value])
    else entry[1] = value
  }
  return { type: 'dict', entries }
}

function checkHashable(value: PyValue): void {
  if (value.type === 'tuple') for (const item of value.items) checkHashable(item)
  else if (value.type === 'list' || value.type === 'set' || value.type === 'dict') {
    throw new PythonError('TypeError', `unhashable type: '${value.type}'`)
  }
}

type PyNumber = PyValue & { readonly type: 'int' | 'float' | 'complex' }

/** A number without a sign. */
function number(expression: Expression): PyNumber {
  if (expression.kind !== 'constant') throw malformed()
  const { value } = expression
  if (value.type !== 'int' && value.type !== 'float' && value.type !== 'complex') throw malformed()
  return value
}

/** literal_eval takes a sign on numbers only, and only one. */
function signedNumber(expression: Expression): PyNumber {
  if (expression.kind !== 'sign') return number(expression)
  const value = number(expression.operand)
  if (expression.operator === '+') return value
  if (value.type === 'int') return { type: 'int', value: -value.value }
  if (value.type === 'float') return { type: 'float', value: -value.value }
  return { type: 'complex', real: -value.real, imag: -value.imag }
}

/** `real ± imaginary` is the only sum that literal_eval takes. */
function complexSum({ left, operator, right }: Expression & { readonly kind: 'sum' }): PyValue {
  const real = signedNumber(left)
  const imaginary = number(right)
  if (real.type === 'complex' || imaginary.type !== 'complex') throw malformed()
  return { type: 'complex', real: Number(real.value), imag: operator === '-' ? -imaginary.imag : imaginary.imag }
}

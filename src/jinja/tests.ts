import type { Budget } from '../python/budget.ts'
import { typeError } from '../python/error.ts'
import { asNumber } from '../python/numbers.ts'
import { binary, compare, equals } from '../python/operators.ts'
import { pyStr } from '../python/repr.ts'
import { CHARACTER_TESTS } from '../python/strings.ts'
import { bind, Callable, Dict, isIterable, isList, Range, Tuple, typeName, type Value } from '../python/values.ts'
import { unsupported } from './exceptions.ts'
import { LoopContext, Markup, Undefined } from './runtime.ts'

/** A test of `value is name(args)`. */
type TestFunction = (value: Value, args: readonly (Value | undefined)[], budget: Budget) => boolean

interface Entry {
  readonly arity: number
  readonly holds: TestFunction
}
const one = (holds: (value: Value, budget: Budget) => boolean): Entry => ({
  arity: 0,
  holds: (value, _args, budget) => holds(value, budget),
})
const two = (holds: (value: Value, other: Value, budget: Budget) => boolean): Entry => ({
  arity: 1,
  holds: (value, args, budget) => holds(value, args[0]!, budget),
})
const remainder = (value: Value, divisor: bigint, budget: Budget): Value => binary('%', value, divisor, budget)

const EQUAL = two((value, other, budget) => compare('==', value, other, budget))
const UNEQUAL = two((value, other, budget) => compare('!=', value, other, budget))
const GREATER = two((value, other, budget) => compare('>', value, other, budget))
const GREATER_EQUAL = two((value, other, budget) => compare('>=', value, other, budget))
const LESS = two((value, other, budget) => compare('<', value, other, budget))
const LESS_EQUAL = two((value, other, budget) => compare('<=', value, other, budget))

/** Jinja2's built-in tests (jinja2/tests.py). */
const TESTS: Readonly<Record<string, Entry>> = {
  boolean: one((value) => typeof value === 'boolean'),
  callable: one((value) => value instanceof Callable || value instanceof LoopContext || value instanceof Undefined),
  defined: one((value) => !(value instanceof Undefined)),
  divisibleby: two((value, divisor, budget) => equals(binary('%', value, divisor, budget), 0n, budget)),
  escaped: one((value) => value instanceof Markup),
  even: one((value, budget) => equals(remainder(value, 2n, budget), 0n, budget)),
  false: one((value) => value === false),
  float: one((value) => typeof value === 'number'),
  in: two((value, container, budget) => compare('in', value, container, budget)),
  integer: one((value) => typeof value === 'bigint'),
  iterable: one(isIterable),
  lower: one((value, budget) => CHARACTER_TESTS.islower!.test(pyStr(value, budget))),
  mapping: one((value) => value instanceof Dict),
  none: one((value) => value === null),
  number: one((value) => asNumber(value) !== null),
  odd: one((value, budget) => equals(remainder(value, 2n, budget), 1n, budget)),
  sameas: two(same),
  sequence: one(
    (value) =>
      typeof value === 'string' ||
      isList(value) ||
      value instanceof Tuple ||
      value instanceof Dict ||
      value instanceof Range ||
      value instanceof Undefined ||
      value instanceof Markup,
  ),
  string: one((value) => typeof value === 'string' || value instanceof Markup),
  true: one((value) => value === true),
  undefined: one((value) => value instanceof Undefined),
  upper: one((value, budget) => CHARACTER_TESTS.isupper!.test(pyStr(value, budget))),
  '==': EQUAL,
  eq: EQUAL,
  equalto: EQUAL,
  '!=': UNEQUAL,
  ne: UNEQUAL,
  '>': GREATER,
  gt: GREATER,
  greaterthan: GREATER,
  '>=': GREATER_EQUAL,
  ge: GREATER_EQUAL,
  '<': LESS,
  lt: LESS,
  lessthan: LESS,
  '<=': LESS_EQUAL,
  le: LESS_EQUAL,
}
/** `is filter` and `is test` ask the environment, not the value. */
const REFUSED: ReadonlySet<string> = new Set(['filter', 'test'])

/** Python's `is`. Whether equal texts or large numbers are one object depends on the interpreter, so that is refused. */
function same(value: Value, other: Value): boolean {
  const constant = (v: Value): boolean => v === null || typeof v === 'boolean'
  if (value === other && typeof value === 'object') return true
  if (constant(value) || constant(other)) return value === other
  if (typeof value !== typeof other) return false
  if (typeof value === 'bigint' && typeof other === 'bigint' && value >= -5n && value <= 256n) return value === other
  if (typeof value === 'object' || value !== other) return false
  throw unsupported(`"is sameas" of two equal ${typeName(value)} values`)
}

export const knowsTest = (name: string): boolean => Object.hasOwn(TESTS, name)
export const refusesTest = (name: string): boolean => REFUSED.has(name)

export function testValue(
  name: string,
  value: Value,
  args: readonly Value[],
  kwargs: ReadonlyMap<string, Value>,
  budget: Budget,
): boolean {
  if (refusesTest(name)) throw unsupported(`the test '${name}'`)
  if (!knowsTest(name)) throw typeError(`No test named '${name}'.`)
  const { arity, holds } = TESTS[name]!
  const names = ['other', 'num', 'seq']
  if (kwargs.size > 0 && arity === 1) {
    const [[key, other] = ['', null]] = kwargs
    if (!names.includes(key)) throw typeError(`${name}() got an unexpected keyword argument '${key}'`)
    return holds(value, bind(name, [key], 1, args, new Map([[key, other]])), budget)
  }
  return holds(value, bind(name, names.slice(0, arity), arity, args, kwargs), budget)
}

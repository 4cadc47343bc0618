import { describe, expect, it } from 'vitest'
import { Budget } from '../../src/python/budget.ts'
import { PythonError } from '../../src/python/error.ts'
import { literalEval } from '../../src/python/literal.ts'
import { type BinaryOperator, pyFloat } from '../../src/python/numbers.ts'
import { binary, type CompareOperator, compare, Slice, subscript } from '../../src/python/operators.ts'
import { lengthOf, toArray, truthy, typeName } from '../../src/python/values.ts'

// One value model serves templates and literals, so what templates cannot write (sets, bytes, complex numbers) is tested here.
// Every right side is what CPython 3.11 gives.

const budget = (): Budget => new Budget()
const value = literalEval
/** The class and message of what is raised. */
function raised(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof PythonError) return `${error.pythonClass}: ${error.message}`
    throw error
  }
  throw new Error('nothing was raised')
}

describe('equality and hashes', () => {
  it.each([
    ['1', '==', 'True', true],
    ['1', '==', '1.0', true],
    ['1', '==', '1+0j', true],
    ['9007199254740993', '==', '9007199254740992.0', false],
    ['9007199254740992', '==', '9007199254740992+0j', true],
    ['1', '==', "'1'", false],
    ["b'ab'", '==', "'ab'", false],
    ["b'ab'", '==', "b'a' b'b'", true],
    ['{1, 2}', '==', '{2, 1.0}', true],
    ['{1, 2}', '==', '{1, 3}', false],
    ['{1: 2, 3: 4}', '==', '{3: 4, 1: 2}', true],
    ['(1,)', '==', '[1]', false],
    ['...', '==', '...', true],
    ['None', '==', 'False', false],
    ['1', 'in', '{1.0}', true],
    ['(1, (2.0,))', 'in', '{(1.0, (2,))}', true],
    ["b'a'", 'in', "{'a'}", false],
    ["''", 'in', "{('',): 1}", false],
    ["('a', 'b')", 'in', "{('a,sb',)}", false],
    ['97', 'in', "b'abc'", true],
    ['(1, 2)', '<', '(1, 3)', true],
    ["'\\uffff'", '<', "'\\U0001f600'", true],
  ] as const)('%s %s %s is %s', (left, operator, right, holds) => {
    expect(compare(operator as CompareOperator, value(left), value(right), budget())).toBe(holds)
  })

  it('keeps the first of equal keys and items', () => {
    const dict = value("{1: 'a', 1.0: 'b', True: 'c', 1+0j: 'd'}")
    expect(toArray(dict, budget())).toEqual([1n])
    expect(subscript(dict, true, budget())).toBe('d')
    expect(toArray(value('{1, 1.0, True, 1+0j, 2}'), budget())).toEqual([1n, 2n])
  })

  it.each([
    ['[]', '{1}', "TypeError: unhashable type: 'list'"],
    ['([],)', '{1: 2}', "TypeError: unhashable type: 'list'"],
    ['{1}', '{1}', "TypeError: unhashable type: 'set'"],
  ])('%s in %s raises', (left, right, error) => {
    expect(raised(() => compare('in', value(left), value(right), budget()))).toBe(error)
  })

  it('a key nested 200 deep takes no longer than its text', () => {
    const deep = `${'('.repeat(199)}'"\\\\',${'),'.repeat(198)})`
    expect(compare('==', value(`{${deep}: 1}`), value(`{${deep}: 1}`), budget())).toBe(true)
  })
})

describe('subscripts', () => {
  it.each([
    ["'a🧪b'", 1n, '🧪'],
    ["b'abc'", 0n, 97n],
    ["b'abc'", -1n, 99n],
    ['(1, 2, 3)', -1n, 3n],
    ['[1, 2]', true, 2n],
    ["{(1,): 'x'}", 0n, null],
  ] as const)('%s[%s]', (text, key, item) => {
    if (item === null) expect(raised(() => subscript(value(text), key, budget()))).toBe('KeyError: 0')
    else expect(subscript(value(text), key, budget())).toBe(item)
  })

  it('slices', () => {
    const head = new Slice(null, 2n, null)
    const items = (text: string) => toArray(subscript(value(text), head, budget()), budget())
    expect(items('(1, 2, 3)')).toEqual([1n, 2n])
    expect(items("b'abc'")).toEqual([97n, 98n])
    expect(items("'🧪bc'")).toEqual(['🧪', 'b'])
    expect(typeName(subscript(value("b'abc'"), head, budget()))).toBe('bytes')
    expect(subscript(value("'a🧪b'"), new Slice(null, null, -1n), budget())).toBe('b🧪a')
  })

  it.each([
    ['[]', 0n, 'IndexError: list index out of range'],
    ["''", 0n, 'IndexError: string index out of range'],
    ['{1: 2}', 5n, 'KeyError: 5'],
    ['{1: 2}', 'x', "KeyError: 'x'"],
    ['{}', new Slice(null, 2n, null), "TypeError: unhashable type: 'slice'"],
    ['{}', [], "TypeError: unhashable type: 'list'"],
    ['1', 0n, "TypeError: 'int' object is not subscriptable"],
    ['{1}', 0n, "TypeError: 'set' object is not subscriptable"],
    ['(1, 2)', 'a', 'TypeError: tuple indices must be integers or slices, not str'],
  ] as const)('%s[%s] raises', (text, key, error) => {
    expect(raised(() => subscript(value(text), key, budget()))).toBe(error)
  })
})

describe('float()', () => {
  it.each([
    ["' 5e-1 '", 0.5],
    ["'1_0'", 10],
    ["'١.５'", 1.5],
    ["'\\x1c1'", 1],
    ["b' 1_0 '", 10],
    ['True', 1],
    ["'-inf'", Number.NEGATIVE_INFINITY],
  ])('float(%s)', (text, number) => {
    expect(pyFloat(value(text))).toBe(number)
  })
  it.each([
    ["b'\\x1c1'", 'ValueError'],
    ["b'\\xa01'", 'ValueError'],
    ["'1__0'", 'ValueError'],
    ["'²'", 'ValueError'],
    ['1j', 'TypeError'],
    ['None', 'TypeError'],
    [`1${'0'.repeat(400)}`, 'OverflowError'],
  ])('float(%s) raises', (text, error) => {
    expect(raised(() => pyFloat(value(text)))).toMatch(`${error}: `)
  })
})

it('truth and length', () => {
  for (const text of ['0j', "b''", 'set()', '()', '[]', '{}', "''", '0', '0.0', 'None', 'False'])
    expect(truthy(value(text)), text).toBe(false)
  for (const text of ['1j', "b'x'", '{0}', '(0,)', '...']) expect(truthy(value(text)), text).toBe(true)
  expect(['{1, 2}', "b'abc'", "'🧪'"].map((text) => lengthOf(value(text)))).toEqual([2, 3, 1])
})

it.each(["b'a'", '1j', '{1}'])('refuses to compute with %s, by name', (text) => {
  for (const operator of ['+', '*', '%'] as readonly BinaryOperator[])
    expect(raised(() => binary(operator, value(text), 1.5, budget()))).toMatch(
      /^Unsupported: computing with \w+ values/,
    )
})

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { BIN_OPTIONS } from '../../src/cli/options.ts'
import { UsageError } from '../../src/errors.ts'
import { filterProblemTypes, typeFilter } from '../../src/pairs/filters.ts'
import { pythonRegex } from '../../src/python-regex.ts'

interface Case {
  id: string
  filters: string | string[] | null
  column: string
  dict: boolean
  rows: string[]
  value?: number[] | { train: number[]; test: number[] }
  error?: { class: string }
}
const cases = gunzipSync(readFileSync('test/data/pairs/filter_problem_types.jsonl.gz'))
  .toString()
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)

describe('filterProblemTypes', () => {
  it.each(cases)(
    'gives what ether0 gives: $filters over $column, dict $dict ($id)',
    ({ filters, column, dict, rows, value, error }) => {
      const all = rows.map((type, id) => ({ id, [column]: type }))
      const ids = (some: readonly Readonly<Record<string, unknown>>[]): unknown[] => some.map((row) => row.id)
      const run = (): unknown => {
        if (!dict) return ids(filterProblemTypes(all, filters))
        const split = filterProblemTypes({ train: all, test: all.slice(0, 5) }, filters)
        return { train: ids(split.train), test: ids(split.test) }
      }
      if (error !== undefined) expect(run).toThrow(UsageError)
      else expect(run()).toEqual(value)
    },
  )

  it('treats a missing value as None where the column exists, and raises where no column does', () => {
    expect(filterProblemTypes([{ problem_type: 'a' }, { x: 1 }], '!a')).toEqual([{ x: 1 }])
    expect(() => filterProblemTypes([{ x: 1 }], 'a')).toThrow(/neither "problem_type" nor "type"/)
  })
})

describe('typeFilter', () => {
  it('keeps a row for any of its names and drops it for any', () => {
    expect(typeFilter(['s'])(['t', 's'])).toBe(true)
    expect(typeFilter(['!s'])(['t', 's'])).toBe(false)
    expect(typeFilter(['re:x'])([null, 'xy'])).toBe(true)
    expect(typeFilter([])([null, ''])).toBe(true)
  })
})

describe('pythonRegex', () => {
  const { texts, answers } = JSON.parse(readFileSync('test/data/pairs/python-regex.json', 'utf8')) as {
    texts: string[]
    answers: { pattern: string; matches?: number[]; error?: string }[]
  }
  it.each(answers)('matches as Python does: $pattern', ({ pattern, matches }) => {
    const got = (): number[] => {
      const regex = pythonRegex(pattern)
      return texts.flatMap((text, i) => (regex.test(text) ? [i] : []))
    }
    if (matches === undefined) expect(got).toThrow(SyntaxError)
    else expect(got()).toEqual(matches)
  })
  it.each(['a++', '(?>a)', '(a)?(?(1)b|c)', '(?x) a', '(?i:a)', '\\N{DASH}'])(
    'refuses what has no counterpart: %s',
    (pattern) => {
      expect(() => pythonRegex(pattern)).toThrow(SyntaxError)
    },
  )
})

it('help says that a pattern stands alone', () => {
  expect(BIN_OPTIONS['run-rm'].filter!.describe).toContain('or one re:pattern alone')
})

import { expect, it } from 'vitest'
import { largestRows } from '../../src/cli/largest-rows.ts'

const named = { what: 'subsets', of: 'pairs', file: 'summary.json' }
it('all rows where there is room', () => {
  const rows = Array.from({ length: 100 }, (_, i) => i)
  expect(largestRows(rows, (n) => n, named)).toEqual({ shown: rows, left: null })
})
it('else those of most, as they came, and what is left out is said', () => {
  const rows = Array.from({ length: 5000 }, (_, i) => ({ id: i, n: (i * 7919) % 5000 }))
  const { shown, left } = largestRows(rows, ({ n }) => n, named)
  expect(shown).toEqual(rows.filter(({ n }) => n >= 4900))
  expect(left).toBe('the 100 of 5,000 subsets with most pairs; summary.json has all')
})

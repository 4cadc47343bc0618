import { expect, it } from 'vitest'
import { scoreTable } from '../../src/cli/score-table.ts'
import type { ScoredCompletion } from '../../src/types.ts'

const completion = (subset: string, score: number | null) => ({ subset, score }) as ScoredCompletion
const labels = (table: string): string[] =>
  table
    .split('\n')
    .slice(2)
    .map((line) => line.split(/ {2,}/)[0]!)

it('a subset of the name "all" is not taken for all of them', () => {
  const table = scoreTable([completion('all', 1), completion('x', 3), completion('', null)])
  expect(labels(table)).toEqual(['all (subset)', 'x', '(none)', 'all'])
  expect(table.split('\n').at(-1)).toMatch(/2\.000 +1\.000 +3\.000 +2 +3$/)
})

import { expect, it } from 'vitest'
import { scoreTable } from '../../src/cli/score-table.ts'
import { groupOfParts } from '../agreement/group-data.ts'

it('tells a subset that is called all from all completions', () => {
  const group = (id: string, subset: string, scores: readonly (number | null)[]) =>
    groupOfParts(
      id,
      scores.map((score) => ({ reward: null, score })),
      { subset },
    ).completions
  const lines = scoreTable([...group('1', 'all', [1, 2]), ...group('2', '', [3, null])]).split('\n')
  const row = (name: string) =>
    lines
      .find((line) => line.startsWith(`${name}  `))
      ?.trim()
      .split(/ {2,}/)
  expect(row('all (subset)')).toEqual(['all (subset)', '1.500', '1.000', '2.000', '2', '2'])
  expect(row('(none)')).toEqual(['(none)', '3.000', '3.000', '3.000', '1', '2'])
  expect(row('all')).toEqual(['all', '2.000', '1.000', '3.000', '3', '4'])
})

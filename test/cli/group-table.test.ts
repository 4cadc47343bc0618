import { expect, it } from 'vitest'
import { groupTable } from '../../src/cli/group-table.ts'
import type { Statistic } from '../../src/types.ts'

const line = (statistic: string, value: number | null, n: number, missing: number, ties = 0): Statistic => ({
  scope: 'groups',
  subset: 'all',
  statistic,
  value,
  ciLow: null,
  ciHigh: null,
  ciMethod: 'none',
  n,
  clusters: n,
  ties,
  missing,
  reason: value === null ? 'no_verified_completion' : null,
})
const table = (statistics: readonly Statistic[], scored: boolean): string =>
  groupTable({ statistics, curves: [], declines: [], topRewards: [], notes: [] }, scored)

it('is one sentence, and no table of dashes, where nothing is verified', () => {
  expect(table([line('top1', null, 0, 3), line('pass_at_n', null, 0, 3)], true)).toBe(
    '3 groups; no completion of them is verified, so that no way of picking one can be judged',
  )
})

it('says how ties are broken, by rerank and by best of n', () => {
  const statistics = [line('top1', 0.5, 4, 0), line('voting_string', 0.5, 4, 0, 2), line('rerank', 0.25, 4, 0, 1)]
  expect(table(statistics, true)).toContain(
    'ties of the vote go to the answer seen first (2 of the groups), of rerank to the lower index (1); best of n shares them',
  )
  expect(table(statistics, false)).toMatch(/\(2 of the groups\)$/)
})

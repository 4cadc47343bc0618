import { expect, it } from 'vitest'
import type { Standing } from '../../analysis/leaderboard.ts'
import { invarianceText, standingsText } from '../../analysis/screen.ts'
import { summarise } from '../../src/agreement/accuracy.ts'
import type { Statistic } from '../../src/types.ts'
import { demoPairs, rmScores } from '../agreement/demo.ts'

const standing = (prompts: number): Standing => {
  const accuracy = summarise(demoPairs(rmScores()).pairs.slice(0, prompts), { seed: 0, resamples: 100 }).accuracy
    .overall
  return { rank: 1, scorer: { name: `${prompts} pairs` }, accuracy } as unknown as Standing
}

it('marks the interval of fewer than 20 prompts, which the note under the table explains', () => {
  const [, , few, enough] = standingsText('pairs', [standing(8), standing(40)], []).split('\n')
  expect(few).toMatch(/^8 pairs +1 .* – \d+\.\d † /)
  expect(enough).toMatch(/^40 pairs +1 /)
  expect(enough).not.toContain('†')
})

it('prints the flip rates of runs on answers written in several ways', () => {
  const line = (statistic: string, value: number | null, n: number): Statistic => ({
    ...{ scope: 'invariance', subset: 'all', statistic, value, n, ciLow: 0.4, ciHigh: 0.5, ciMethod: null },
    ...{ clusters: 20, ties: 0, missing: 0, reason: null },
  })
  const moved = [
    line('flip_rate', 0.44, 2161),
    line('spread_over_margin', 2.032, 190),
    line('ranked_below_original', 0.596, 861),
  ]
  const text = invarianceText('twins', [
    { model: 'a', statistics: moved },
    { model: 'b', statistics: [{ ...moved[0]!, subset: 'family:style' }] },
  ])!
  expect(text.split('\n')).toHaveLength(3)
  expect(text).toMatch(/^a +44\.0 % +40\.0 – 50\.0 +2161 +2\.032 +59\.6 % +40\.0 – 50\.0 +861$/m)
  expect(invarianceText('pairs', [{ model: 'b', statistics: [] }])).toBeNull()
})

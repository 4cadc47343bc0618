import { expect, it } from 'vitest'
import type { Standing } from '../../analysis/leaderboard.ts'
import { standingsText } from '../../analysis/screen.ts'
import { summarise } from '../../src/agreement/accuracy.ts'
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

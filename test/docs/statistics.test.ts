import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ADVANTAGE_MEANINGS } from '../../src/agreement/codebook/advantages.ts'
import { STATISTIC_MEANINGS } from '../../src/agreement/codebook/statistics.ts'
import { BASELINE_MEANINGS, ENSEMBLE_MEANINGS, INTERVAL_MEANINGS } from '../../src/agreement/codebook/words.ts'
import { STRATUM_MEANINGS } from '../../src/agreement/strata.ts'

const page = readFileSync(new URL('../../docs/statistics.md', import.meta.url), 'utf8')
/** Statistics that have pages of their own: src/agreement's code book says what they are. */
const ELSEWHERE =
  /^(choice_|rationale_|annotation_|step_|first_error|no_error|process_bench|<statistic>|same_|changed_|invariance|margin_.*distance|flip)/

it('docs/statistics.md names every statistic of pairs and completions', () => {
  const names = Object.keys(STATISTIC_MEANINGS).filter(
    (name) => !Object.hasOwn(ADVANTAGE_MEANINGS, name) && !ELSEWHERE.test(name),
  )
  expect(names.length).toBeGreaterThan(50)
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

it('names every stratum, baseline, ensemble and way to make an interval, or to have none', () => {
  const words = {
    ...STRATUM_MEANINGS,
    ...Object.fromEntries(Object.keys(BASELINE_MEANINGS).map((name) => [`null:${name}`, ''])),
    ...ENSEMBLE_MEANINGS,
    ...INTERVAL_MEANINGS,
  }
  expect(Object.keys(words).filter((word) => !page.includes(`\`${word}\``))).toEqual([])
})

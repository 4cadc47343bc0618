import { expect, it } from 'vitest'
import { formatHint } from '../../src/serve/format-hint.ts'

const FAILED = { verifiable: 0, reason: 'format_failed' }
const ABSENT = { verifiable: null, reason: null }

it.each([
  ['64 verdicts and no answer', [...Array(63).fill(FAILED), ABSENT, FAILED, FAILED], 1],
  ['63 and no answer', [...Array(63).fill(FAILED), ABSENT, ABSENT], 0],
  [
    'an answer among them, if a wrong one',
    [FAILED, { verifiable: 0, reason: 'wrong_answer' }, ...Array(99).fill(FAILED)],
    0,
  ],
])('%s', (_, rated, times) => {
  const said: string[] = []
  const hint = formatHint((line) => void said.push(line))
  for (const one of rated) hint(one)
  expect(said).toHaveLength(times)
  for (const line of said) expect(line).toContain('none of the first 64 verified completions')
})

import { expect, it } from 'vitest'
import { failureLines, unscoredHint } from '../../src/cli/failure-lines.ts'
import { checkChars } from '../../src/text/text-limits.ts'
import type { RowFailure } from '../../src/types.ts'

const thrown = (act: () => void): string => {
  try {
    act()
  } catch (error) {
    return (error as Error).message
  }
  return ''
}
const lost = (line: number, role: string, reason: string, message: string): RowFailure => ({
  where: `p.jsonl:${line}`,
  id: String(line),
  reason,
  message: `${role} 0 has no score: ${reason}, ${message}`,
  hint: unscoredHint(reason, message, null),
})

it('says one cause once, with its first places and the remedy', () => {
  const steps = [1, 2, 3, 4, 5].flatMap((n) =>
    ['chosen', 'rejected'].map((role) => lost(n, role, 'no_steps', 'the text has no <extra_0>')),
  )
  const long = lost(9, 'chosen', 'too_long', '2,190 tokens, the limit is 300')
  const lines = failureLines([...steps, long], 'out/failures.csv')
  expect(lines).toEqual([
    'p.jsonl:1: chosen 0 has no score: no_steps, the text has no <extra_0>; 9 more alike: p.jsonl:1, p.jsonl:2, p.jsonl:3 … (where the data have no marks, --step-separator says what ends a step, such as "\\n\\n"; see --dump-rendered for what the model reads)',
    'p.jsonl:9: chosen 0 has no score: too_long, 2,190 tokens, the limit is 300 (the limit is --max-length, as far as the model has positions; --truncation left or right cuts what is longer)',
    'all 11 are in out/failures.csv',
  ])
})
it('takes texts that are too long by other numbers for one cause, and other messages for another', () => {
  const long = [300, 4000].map((n) =>
    lost(n, 'rejected', 'too_long', `${n.toLocaleString('en')} tokens, the limit is 9`),
  )
  expect(failureLines(long, 'f')[0]).toContain('; 1 more alike: p.jsonl:4000 (')
  const two = ['Name of a', 'Name of b'].map((message, i) => lost(i, 'chosen', 'template_error', message))
  expect(failureLines(two, 'f')).toEqual([`p.jsonl:0: ${two[0]!.message}`, `p.jsonl:1: ${two[1]!.message}`])
})
it('shows twenty causes', () => {
  const many = Array.from({ length: 22 }, (_, i) => lost(i, 'chosen', 'x', 'z'.repeat(i + 1)))
  const lines = failureLines(many, 'out/failures.csv')
  expect(lines.length).toBe(21)
  expect(lines.at(-1)).toBe('and 2 causes more; all are in out/failures.csv')
})
it('has a remedy for each reason that an option mends, none that was given already', () => {
  expect(unscoredHint('too_long', '2,190 tokens, the limit is 300', null)).toMatch(/--max-length.*--truncation/)
  expect(unscoredHint('cut_away', null, '\n')).toMatch(/--max-length.*--truncation/)
  expect(unscoredHint('no_steps', null, '\n')).not.toContain('--step-separator')
  expect(unscoredHint('no_assistant_turn', null, null)).toContain('--chat-template')
  expect(unscoredHint('non_finite', null, null)).toBeNull()
  const endless = thrown(() => checkChars('a'.repeat(1_000_001)))
  expect(endless).toContain('1,000,001 characters')
  expect(unscoredHint('too_long', endless, null)).toBeNull()
  // a cell that starts with a dash has an apostrophe put before it
  for (const reason of ['too_long', 'cut_away', 'no_steps', 'no_assistant_turn'])
    for (const separator of [null, '\n']) expect(unscoredHint(reason, null, separator)).toMatch(/^\w/)
})

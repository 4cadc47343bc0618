import { expect, it } from 'vitest'
import { pairDoubts } from '../../src/cli/pair-doubts.ts'

const pair = (id: string, verifiableOutcome: 'win' | 'loss' | 'tie' | null, rejected = 'CCC') => ({
  id,
  verifiableOutcome,
  chosen: { text: 'CCO' },
  rejected: { text: rejected },
})

it('asks whether the sides are swapped where the verifier prefers more rejected answers than chosen ones', () => {
  expect(
    pairDoubts([pair('a', 'loss'), pair('b', 'loss'), pair('c', 'win'), pair('d', 'tie'), pair('e', null)]),
  ).toEqual([
    'the verifier prefers the rejected answer in 2 of 3 pairs that it decides: are chosen and rejected swapped? --chosen-column and --rejected-column name them',
  ])
  expect(pairDoubts([pair('a', 'loss'), pair('b', 'win')])).toEqual([])
})

it('counts the pairs that are one text twice', () => {
  expect(pairDoubts([pair('a', 'win'), pair('b', 'tie', 'CCO')])).toEqual([
    '1 pair of 2 has one text as chosen and as rejected, a tie whatever the model (the first is b): they count as the other pairs do',
  ])
})

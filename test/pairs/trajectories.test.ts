import { expect, it } from 'vitest'
import { parseTrajectory } from '../../src/pairs/trajectories.ts'

const PLACE = { where: 'r:1', number: 1 }

it('reads the answer of a group of one, as run-process --generate writes it', () => {
  const written = { prompt: 'p', completions: [{ completion: 'One. Two.', finish_reason: 'answer', steps: [] }] }
  const alone = parseTrajectory({ prompt: 'p', completion: 'One. Two.' }, PLACE)
  expect(alone).toMatchObject({ answer: 'One. Two.', steps: [], candidates: [] })
  expect(parseTrajectory(written, PLACE)).toMatchObject({ answer: 'One. Two.', steps: [], prompt: 'p' })
  expect(parseTrajectory({ completions: ['One. Two.'] }, PLACE)).toMatchObject({ answer: 'One. Two.' })
})

it('says how several answers are given', () => {
  expect(parseTrajectory({ prompt: 'p', completions: ['One.', 'Two.'] }, PLACE)).toEqual({
    where: 'r:1',
    id: '1',
    reason: 'no_steps',
    message: '"completions" are 2 answers, expected the steps of one',
    hint: 'Give each answer a row of its own, {id, prompt, completion}.',
  })
})

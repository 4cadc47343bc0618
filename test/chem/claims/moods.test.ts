import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { verifySteps } from '../../../src/chem/claims/verify.ts'
import { Toolkit } from '../../../src/chem/toolkit/toolkit.ts'

const mols = await Toolkit.load()
const lines = readFileSync('test/data/steps/not-stated.txt', 'utf8').split('\n').filter(Boolean)
const verdictOf = (...steps: string[]) => verifySteps({ steps }, mols).at(-1)!

/** Each holds a wrong statement that it does not make: asked, denied, supposed, reported, hedged, wanted, of a change. */
it.each(lines)('nothing is decided: %s', (line) => expect(verdictOf(line).verdict).toBe('unverifiable'))

it('the same statement by itself is wrong', () => expect(verdictOf('Benzene has seven carbons.').verdict).toBe('fail'))

it.each([
  ['a supposition goes on', 'Suppose we have benzene. It has seven carbons.', 'hypothetical'],
  ['a statement is taken back', "Benzene has seven carbons. Wait, that's wrong.", 'taken back'],
  ['a part of the sentence is hedged', 'Benzene has seven carbons, I guess.', 'hedged'],
] as const)('%s, and the claim says why', (_, text, why) => {
  const { verdict, claims } = verdictOf(text)
  expect(verdict).toBe('unverifiable')
  expect(claims.map(({ reason }) => reason).join()).toContain(why)
})

it.each([
  ['Benzene has six carbons, and it might burn well.', 'unverifiable'],
  ['Benzene has six carbons but no oxygen.', 'pass'],
  ['Benzene has six carbons because it is not naphthalene.', 'pass'],
  ['Since benzene has six carbons, it can be nitrated.', 'unverifiable'],
  ['Since benzene has six carbons, it can burn.', 'pass'],
  ['No, benzene has six carbons.', 'pass'],
  ['We see that benzene has six carbons.', 'pass'],
  ['Let us count: benzene has six carbons.', 'pass'],
] as const)('how far a mood reaches: %s', (text, verdict) => expect(verdictOf(text).verdict).toBe(verdict))

it.each([
  ['the only molecule of the step', ['CCO is polar. It has two carbons.'], 'pass'],
  ['the only molecule of the steps before', ['We look at CCO.', 'It has three carbons.'], 'fail'],
  ['two molecules', ['We look at CCO and CCN.', 'It has three carbons.'], 'unverifiable'],
  ['a product in between', ['We look at CCO. The product is an acid. It has three carbons.'], 'unverifiable'],
  [
    'a name that is not known in between',
    ['We look at CCO. Take 4-fluorotoluene. It has seven carbons.'],
    'unverifiable',
  ],
  ['nothing named', ['It has three carbons.'], 'unverifiable'],
  ['another step that was not read', ['We look at CCO.', 'x'.repeat(30_000), 'It has three carbons.'], 'unverifiable'],
] as const)('"it": %s', (_, steps, verdict) => expect(verdictOf(...steps).verdict).toBe(verdict))

it('the prompt names the molecule, unless it asks for another one', () => {
  const ask = (prompt: string) => verifySteps({ prompt, steps: ['The molecule has two carbons.'] }, mols)[0]!.verdict
  expect(ask('How heavy is CCO?')).toBe('pass')
  expect(ask('Propose an analogue of CCO.')).toBe('unverifiable')
  expect(ask('Is CCO or CCN heavier?')).toBe('unverifiable')
})

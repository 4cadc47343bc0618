import { expect, it } from 'vitest'
import { verifySteps } from '../../../src/chem/claims/verify.ts'
import { Toolkit } from '../../../src/chem/toolkit/toolkit.ts'

const mols = await Toolkit.load()
const last = (prompt: string | null, ...steps: string[]) => verifySteps({ prompt, steps }, mols).at(-1)!.verdict

it.each([
  ['the only result', ['Oxidation of CCO gives CC=O.', 'The product has two carbons.'], 'pass'],
  ['the only result, wrongly', ['Oxidation of CCO gives CC=O.', 'The product has three carbons.'], 'fail'],
  ['two results', ['This gives CC=O. This gives CCC=O.', 'The product has two carbons.'], 'unverifiable'],
  ['a change since then', ['This gives CC=O.', 'It is reduced.', 'The product has two carbons.'], 'unverifiable'],
  [
    'another molecule since then',
    ['This gives CC=O.', 'CCN has a nitrogen.', 'The product has two carbons.'],
    'unverifiable',
  ],
  ['no result', ['CC=O is polar.', 'The product has two carbons.'], 'unverifiable'],
] as const)('"the product": %s', (_, steps, verdict) => expect(last(null, ...steps)).toBe(verdict))

it.each([
  ['both', 'Compare CCO and COC.', 'Both molecules have two carbons.', 'pass'],
  ['one of both', 'Compare CCO and CCCO.', 'Both molecules have two carbons.', 'fail'],
  ['the order of the question', 'Compare CCO and CCN.', 'The second is an amine.', 'pass'],
  ['the order of the question, wrongly', 'Compare CCO and CCN.', 'The first is an amine.', 'fail'],
  ['three', 'Compare CCO, CCN and CCC.', 'Both molecules have two carbons.', 'unverifiable'],
  ['a sum', 'Compare CCO and COC.', 'Both molecules have four carbons in total.', 'unverifiable'],
  ['two spellings of one molecule', 'Are CCO and OCC the same?', 'Both SMILES have two carbons.', 'pass'],
] as const)('a pair: %s', (_, prompt, step, verdict) => expect(last(prompt, step)).toBe(verdict))

it('"it" is not a molecule beside the one that the question is of', () => {
  expect(last('What is CC(C)CO?', 'CCN has a nitrogen.', 'It has two carbons.')).toBe('unverifiable')
  expect(last('What is CCN?', 'CCN has a nitrogen.', 'It has two carbons.')).toBe('pass')
  // nor beside one that is no longer remembered
  const talk = Array.from({ length: 9 }, () => 'So far, so good.')
  expect(last(null, 'CC(C)CO is polar.', ...talk, 'CCN has a nitrogen.', 'It has two carbons.')).toBe('unverifiable')
})

it.each([
  ['CCN is ethylamine, a secondary amine with formula C2H7N.', 'fail'],
  ['CCN is ethylamine, a primary amine with formula C2H5N.', 'fail'],
  ['CCN is ethylamine, a primary amine with formula C2H7N.', 'pass'],
  ['The ketone CCC=O has three carbons.', 'fail'],
  ['Water is lost, giving CC=O, a ketone.', 'fail'],
  ['We combine CCO, a ketone and an amine.', 'unverifiable'],
  ['Unlike CCO, a ketone lacks a hydroxyl.', 'unverifiable'],
  ['From CC=O, an alcohol is made.', 'unverifiable'],
  ['CCO gives a ketone.', 'unverifiable'],
] as const)('what stands beside a molecule: %s', (text, verdict) => expect(last(null, text)).toBe(verdict))

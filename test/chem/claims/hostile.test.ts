import { expect, it } from 'vitest'
import { MAX_STEP, verifySteps } from '../../../src/chem/claims/verify.ts'
import { Toolkit } from '../../../src/chem/toolkit/toolkit.ts'

const mols = await Toolkit.load()
const fill = (piece: string, n = MAX_STEP): string => piece.repeat(Math.ceil(n / piece.length)).slice(0, n)

/** Texts that would take a careless reader for ever, as long as a step may be. */
const HOSTILE: readonly (readonly [name: string, text: string])[] = [
  ['brackets', fill('(')],
  ['square brackets', fill('[')],
  ['nested bracket atoms', fill('C([')],
  ['one word', fill('a')],
  ['spaces', fill(' ')],
  ['line ends', fill('\n')],
  ['full stops', fill('. ')],
  ['dollars', fill('$')],
  ['dollars and letters', fill('$a ')],
  ['stars', fill('*a ')],
  ['backticks', fill('`')],
  ['tags', fill('<|a')],
  ['superscripts', fill('¹')],
  ['spaces before units', fill('   · ')],
  ['backslashes', fill('\\(')],
  ['claims', fill('Benzene is C6H6. ')],
  ['pronouns', fill('It has two rings. ')],
  ['results', fill('This gives CCO, an acid, ')],
  ['appositions', fill('CCO is ethanol, an alcohol with formula C2H6O. ')],
  ['pairs', fill('The first is an ether and the second has two rings. ')],
  ['names that are not known', fill('pentan-2-one, hexanoic acid, ')],
  ['boxes', fill('\\boxed{a{b}c')],
  [
    'SMILES, none like another',
    fill(
      Array.from({ length: 700 }, (_, i) => `C(${'C'.repeat(1 + (i % 40))})N${'C'.repeat(i % 17)} has a ring.`).join(
        ' ',
      ),
    ),
  ],
  ['claims without an end', fill('CCO has two carbons and ')],
  ['commas', fill('benzene, ')],
  ['names', fill('acetic acid ')],
  ['numbers', fill('6 × 12 + ')],
  ['reactions', fill('C + O2 -> CO2 ')],
  ['pluses', fill('CCO + ')],
  ['ring closures', fill('C1CC%11')],
  ['a chain', fill('C', 1990)],
  ['aromatic rings', fill('c1ccccc1-', 1990)],
  ['lone surrogates', fill('\ud800 CCO has two carbons. ')],
  ['a lone surrogate in a SMILES', 'The SMILES C(\ud800)C is valid. SMILES: C(\ud800)'],
]

it.each(HOSTILE)('%s', async (_, text) => {
  await mols.recover()
  const since = performance.now()
  const [verdict] = verifySteps({ steps: [text] }, mols)
  expect(['pass', 'fail', 'unverifiable']).toContain(verdict!.verdict)
  for (const { start, end, text: words } of verdict!.claims) expect(text.slice(start, end)).toBe(words)
  // 0.1 to 1 s each on a quiet core
  expect(performance.now() - since).toBeLessThan(15_000)
})

// above this a sentence is not read at all: as long as one may be, nothing recurses once a character
it.each([
  ...HOSTILE,
  ['closing brackets', fill(')')],
  ['quotes', fill('"')],
  ['arrows without spaces', fill('->')],
  ['glued arrows', fill('A->')],
  ['equals', fill('a=')],
  ['possessives', fill("'s")],
  ['opened and closed', `${fill('(', 1900)}C${fill(')', 1900)}`],
] as const)('a sentence of %s', async (_, text) => {
  await mols.recover()
  const [verdict] = verifySteps({ steps: [text.slice(0, 3900)] }, mols)
  expect(verdict!.verdict).toMatch(/^(?:pass|fail|unverifiable)$/)
  await mols.recover()
})

it('what is too long is not read, and says so', () => {
  const [verdict] = verifySteps({ steps: [`Benzene is C6H6. ${'x'.repeat(MAX_STEP)}`] }, mols)
  expect(verdict).toMatchObject({ verdict: 'unverifiable', claims: [], note: expect.stringContaining('at most 20000') })
})

it('a molecule beyond RDKit ends neither the step before nor the one after', async () => {
  const steps = [
    'Benzene is C6H6.',
    `The SMILES [Na+].${'C'.repeat(1900)} has two rings. Benzene is C6H6.`,
    'Toluene is C7H8.',
  ]
  const verdicts = verifySteps({ steps }, mols)
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(['pass', expect.any(String), 'pass'])
  await mols.recover()
})

it('no steps, an empty step', () => {
  expect(verifySteps({ steps: [] }, mols)).toEqual([])
  expect(verifySteps({ steps: ['', ' \n'] }, mols).map(({ verdict }) => verdict)).toEqual([
    'unverifiable',
    'unverifiable',
  ])
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { empirical, formulaText, parseFormula, unsaturation } from '../../../src/chem/claims/formula.ts'
import { GROUPS } from '../../../src/chem/claims/groups.ts'
import { massAgrees } from '../../../src/chem/claims/mass.ts'
import { plainText } from '../../../src/chem/claims/plain.ts'
import { sentencesOf, stepsOfText } from '../../../src/chem/claims/sentences.ts'
import { hasSmilesShape, looksLikeSmiles } from '../../../src/chem/claims/smiles-shape.ts'
import { Toolkit } from '../../../src/chem/toolkit/toolkit.ts'

describe('formulas', () => {
  it.each([
    ['C6H12O6', 'C6H12O6'],
    ['CH3COOH', 'C2H4O2'],
    ['(CH3)2CO', 'C3H6O'],
    ['Ca(OH)2', 'H2CaO2'],
    ['NH4+', 'H4N+'],
    ['SO42-', 'O4S-2'],
    ['Ca2+', 'Ca+2'],
    ['CH3COO-', 'C2H3O2-'],
    ['HCl', 'HCl'],
  ])('%s is %s', (text, hill) => expect(formulaText(parseFormula(text)!)).toBe(hill))
  it.each(['', 'Xx2', 'c6h6', 'C0', 'C6H6)', '(C6H6)', 'C6 H6', 'Hello', '6', 'C6H06'])('%j is none', (text) =>
    expect(parseFormula(text)).toBeNull(),
  )
  it('empirical', () => expect(formulaText(empirical(parseFormula('C6H12O6')!))).toBe('CH2O'))
  // (2·C + 2 + N − H − X)/2
  it.each([
    ['C6H6', 4],
    ['C6H12O6', 1],
    ['C5H5N', 4],
    ['C11H15ClN2O2S', 5],
    ['CH4', 0],
    ['C2H6OS', 0],
    ['CH5', null],
    ['C3H9P', null],
    ['NH4+', null],
    ['C2H8', null],
  ] as const)('%s has %s degrees of unsaturation', (text, degrees) =>
    expect(unsaturation(parseFormula(text)!)).toBe(degrees),
  )
})

describe('masses: right, wrong, or too close to say', () => {
  const stated = (value: number, decimals: number, approximate = false) => ({ value, decimals, approximate })
  it.each([
    [stated(46.07, 2), 46.069, 'average', true],
    [stated(46.1, 1), 46.069, 'average', true],
    [stated(46, 0), 46.069, 'average', true],
    [stated(47, 0), 46.069, 'average', false],
    [stated(46.05, 2), 46.069, 'average', null],
    [stated(44.05, 2), 46.069, 'average', false],
    // the monoisotopic mass under the name of the average one
    [stated(180.042, 3), 180.159, 'average', null],
    [stated(180.042, 3), 180.0423, 'monoisotopic', true],
    [stated(180.159, 3), 180.0423, 'monoisotopic', false],
    [stated(180, 0, true), 180.159, 'average', true],
    [stated(185, 0, true), 180.159, 'average', null],
    [stated(200, 0, true), 180.159, 'average', false],
  ] as const)('%j of %d (%s): %s', (one, computed, kind, agrees) =>
    expect(massAgrees(one, computed, kind)).toBe(agrees),
  )
})

describe('SMILES in prose', () => {
  it.each(['CCO', 'c1ccccc1', 'CC(=O)O', 'O=C=O', '[Na+].[Cl-]', 'C1CC1', 'N#CC', 'OCC', '[NH4+]'])(
    '%s is one',
    (text) => expect(looksLikeSmiles(text)).toBe(true),
  )
  it.each([
    'C', 'CO', 'In', 'No', 'I', 'NO', 'C-C', 'C=O', 'C=C', 'C-H', 'OH', 'NBS', 'PCC', 'FBI', 'CNN', 'son', 'cons', 'Si', 'C2', 'CH3',
    '=O', '(=O)', '-C(=O)-', 'On', 'As', 'SN2', 'DMF', '(C)',
  ])('%s is none', (text) => expect(looksLikeSmiles(text)).toBe(false)) // biome-ignore format: short words
  it('where the text says so, one atom is enough', () => {
    expect(hasSmilesShape('C')).toBe(true)
    expect(hasSmilesShape('hello')).toBe(false)
  })
})

describe('text', () => {
  it.each([
    ['**C₆H₆** is `CCO`', 'C6H6 is `CCO`'],
    ['NH₄⁺ and Cl⁻', 'NH4+ and Cl-'],
    ['$\\mathrm{C_6H_{12}O_6}$', ' C6H12O6 '],
    ['18.02 g·mol⁻¹, 18.02 g mol^{-1}', '18.02 g/mol, 18.02 g/mol'],
    ['<|think_start|>CCO<|think_end|>', ' CCO '],
    ['- CCO\n2. CCN', 'CCO\nCCN'],
    ['F/C=C\\F and C/C=C\\[N+](C)C', 'F/C=C\\F and C/C=C\\[N+](C)C'],
  ])('%j is read as %j', (given, plain) => expect(plainText(given).text).toBe(plain))

  it('every character has its place, and places never go back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (given) => {
        const { text, at } = plainText(given)
        expect(at.length).toBe(text.length + 1)
        for (const [i, place] of at.entries()) {
          expect(place).toBeLessThanOrEqual(given.length)
          if (i > 0) expect(place).toBeGreaterThanOrEqual(at[i - 1]!)
        }
      }),
      { numRuns: 300, seed: 11 },
    )
  })

  it('sentences', () => {
    const text = 'MW is 46.07 g/mol. [Na+].[Cl-] is a salt, e.g. this one. Is it? Yes!\nNext'
    expect(sentencesOf(text).map((one) => one.text)).toEqual([
      'MW is 46.07 g/mol.',
      '[Na+].[Cl-] is a salt, e.g. this one.',
      'Is it?',
      'Yes!',
      'Next',
    ])
    for (const { text: piece, start } of sentencesOf(text)) expect(text.slice(start, start + piece.length)).toBe(piece)
    expect(stepsOfText('<think>A b. C d.</think>\n\nE')).toEqual(['A b.', 'C d.', 'E'])
  })
})

describe('groups', async () => {
  const mols = await Toolkit.load()
  /** By hand: molecule, group, least and most that a chemist may count. */
  it.each([
    ['CCO', 'alcohol', 1, 1],
    ['Oc1ccccc1', 'alcohol', 0, 1],
    ['CC(=O)O', 'alcohol', 0, 0],
    ['CC(=O)O', 'hydroxyl', 0, 1],
    ['CC(=O)O', 'carboxylic acid', 1, 1],
    ['CC(=O)[O-]', 'carboxylic acid', 0, 1],
    ['CC(=O)OC', 'ester', 1, 1],
    ['CC(=O)OC', 'ether', 0, 0],
    ['CC(=O)OC', 'ketone', 0, 0],
    ['CC(=O)N', 'amide', 1, 1],
    ['CC(=O)N', 'amine', 0, 0],
    ['NC(=O)N', 'amide', 0, 1],
    ['CN', 'primary amine', 1, 1],
    ['CNC', 'secondary amine', 1, 1],
    ['CNC', 'primary amine', 0, 0],
    ['CN(C)C', 'tertiary amine', 1, 1],
    ['c1ccncc1', 'amine', 0, 1],
    ['CC(C)=O', 'ketone', 1, 1],
    ['CC=O', 'aldehyde', 1, 1],
    ['CC=O', 'ketone', 0, 0],
    ['COC', 'ether', 1, 1],
    ['c1ccoc1', 'ether', 0, 1],
    ['C1CO1', 'epoxide', 1, 1],
    ['CC#N', 'nitrile', 1, 1],
    ['C[N+](=O)[O-]', 'nitro', 1, 1],
    ['CS(=O)(=O)N', 'sulfonamide', 1, 1],
    ['CS', 'thiol', 1, 1],
    ['C=CC=C', 'alkene', 2, 2],
    ['c1ccccc1', 'alkene', 0, 0],
    ['C#C', 'alkyne', 1, 1],
    ['c1ccc2ccccc2c1', 'benzene ring', 2, 2],
    ['c1ccc(-c2ccccc2)cc1', 'phenyl', 2, 2],
    ['Cc1ccccc1', 'methyl', 1, 1],
    ['CC(=O)Oc1ccccc1C(=O)O', 'carbonyl', 2, 2],
  ] as const)('%s has %s: %d to %d', (smiles, name, low, high) => {
    const { narrow, broad } = GROUPS.get(name)!
    const molecule = mols.read(smiles)!
    expect([mols.count(molecule, narrow), mols.count(molecule, broad)]).toEqual([low, high])
  })

  it('every pattern is a SMARTS pattern, and the narrow one matches no molecule that the broad one does not', () => {
    const molecules = ['CC(=O)Oc1ccccc1C(=O)O', 'NCCc1ccc(O)c(O)c1', 'CC(=O)Nc1ccc(O)cc1', 'Cn1c(=O)c2c(ncn2C)n(C)c1=O', 'C[N+](C)(C)CC([O-])=O',
      'O=C1CCC(=O)N1', 'CCN=C=O', 'CS(C)=O', 'c1ccc2[nH]ccc2c1', 'OB(O)c1ccccc1', 'FC(F)(F)c1ccccc1', 'CC(C)(C)OC(=O)NC1CC1'] // biome-ignore format: a list
    for (const { name, narrow, broad } of new Set(GROUPS.values()))
      for (const smiles of molecules) {
        const molecule = mols.read(smiles)!
        if (mols.count(molecule, narrow) > 0)
          expect(`${name} ${smiles} ${mols.count(molecule, broad) > 0}`).toBe(`${name} ${smiles} true`)
      }
  })
})

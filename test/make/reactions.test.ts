import { expect, it } from 'vitest'
import { call } from '../command.ts'
import { moleculeFile, outputFile } from './molecules.ts'
import { rowsOf } from './read-rows.ts'

const GOOD = ['CCCCC(=O)OC', 'Cc1cccc(Br)c1', 'C=CCCCC', 'CC(C)c1ccc(O)cc1', 'N#Cc1ccc(C)cc1']
/** Each fits a rule, and something else would come out of the flask. */
const OTHERWISE = [
  ['C=C(C)C(=O)OCC', 'a Michael acceptor: acids add to its other end'],
  ['C=CCOOC(C)(C)C', 'a peroxide: HBr adds the other way round'],
  ['C=CC(C)(C)C', 'a cation that rearranges'],
  ['O=C(Cl)c1ccc(Cl)c([N+](=O)[O-])c1', 'the acid chloride couples first'],
  ['O=C(CBr)c1ccc(Br)cc1', 'the bromoketone reacts first'],
  ['CCCCCCOC(=O)CCl', 'the amine is alkylated'],
  ['C=CC(=O)OC1CCCCC1', 'the amine adds to the acrylate'],
  ['CC1CCCOC1=O', 'a lactone keeps its alcohol'],
  ['CCCC(=O)OC(C)(C)C', 'a tert-butyl ester stays'],
  ['CN(C)Cc1cccc(O)c1', 'the amine is methylated'],
  ['CCC1(c2ccc(O)cc2)NC(=O)NC1=O', 'the imide is methylated'],
  ['OC(c1ccccc1)c1ccc(C(F)(F)F)cc1', 'the other ring is nitrated'],
  ['N#Cc1ccc(-c2ccccc2)cc1', 'the other ring is nitrated'],
] as const

it('a group that reacts otherwise, or first, leaves a substrate out', { timeout: 120_000 }, async () => {
  const file = outputFile()
  const from = moleculeFile([...GOOD, ...OTHERWISE.map(([smiles]) => smiles)])
  const asked = ['--kinds', 'leaving_group,wrong_product', '--problems', 'reaction']
  const { stderr } = await call('make-pairs', ['--from', from, ...asked, '--n', '40', '--output', file])
  const lines = new Set(rowsOf(file).map(({ source }) => Number(source.split(':')[1])))
  expect([...lines].sort(), stderr).toEqual(GOOD.map((_, i) => i + 1))
})

it('a SMILES string with characters beyond ASCII is said, not cut', async () => {
  const from = moleculeFile(['CCÖ', 'CCCO'])
  const { code, stderr } = await call('make-pairs', [
    '--from',
    from,
    '--kinds',
    'format_break',
    '--output',
    outputFile(),
  ])
  expect(code).toBe(4)
  expect(stderr).toContain(`${from}:1: a SMILES string has no characters beyond ASCII`)
})

it('a table of SMILES is answered with what make-pairs reads, not with flags of other commands', async () => {
  const from = moleculeFile(['smiles,name', 'CCO,ethanol'], 'molecules.csv')
  for (const way of ['--from', '--validate', '--invariance']) {
    const output = way === '--validate' ? [] : ['--output', outputFile()]
    const { code, stderr } = await call('make-pairs', [way, from, ...output])
    expect(code, way).toBe(3)
    expect(stderr, way).toContain('SMILES go into a .smi file, one per line')
    expect(stderr, way).not.toContain('--prompt-column')
  }
})

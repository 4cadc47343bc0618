import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { LONGEST_NAME, moleculeNames } from '../../../src/chem/claims/names.ts'
import { Toolkit } from '../../../src/chem/toolkit/toolkit.ts'

const lines = readFileSync('src/embedded/claims/names.txt', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split('|').map((part) => part.trim()))

it('every SMILES has the formula written beside it, and no molecule has two lines', async () => {
  const mols = await Toolkit.load()
  const seen = new Map<string, string>()
  for (const [names = '', smiles = '', formula = ''] of lines) {
    // sugars: a name of several forms
    if (smiles === '-') continue
    const molecule = mols.read(smiles)!
    expect(`${names}: ${molecule.formula}`).toBe(`${names}: ${formula}`)
    expect(`${names} ${seen.get(molecule.canonical)}`).toBe(`${names} undefined`)
    seen.set(molecule.canonical, names)
  }
  expect(lines.length).toBe(318)
})

it('every name is found, is lower case, stands once, and has at most three words', () => {
  const names = lines.flatMap(([left = '']) => left.split(', '))
  expect(new Set(names).size).toBe(names.length)
  for (const name of names) {
    expect(moleculeNames().has(name)).toBe(true)
    expect(name).toBe(name.toLowerCase())
    expect(name.split(' ').length).toBeLessThanOrEqual(LONGEST_NAME)
  }
})

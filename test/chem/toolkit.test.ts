import { beforeAll, describe, expect, it } from 'vitest'
import { ToolkitFailure } from '../../src/chem/toolkit/molecule.ts'
import { Rdkit } from '../../src/chem/toolkit/rdkit.ts'
import { MAX_ATOMS } from '../../src/chem/toolkit/too-large.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { canonicalSmiles, evaluate } from '../../src/library/chemistry.ts'
import { prng } from '../../src/prng.ts'
import { golden } from './golden.ts'

let toolkit: Toolkit
beforeAll(async () => {
  toolkit = await Toolkit.load()
})

describe('hostile SMILES', () => {
  it('takes long chains, beyond what the stack of RDKit’s build allows', () => {
    expect(toolkit.read('C'.repeat(1500))?.canonical).toBe('C'.repeat(1500))
    expect(toolkit.read(`${'C('.repeat(400)}C${')'.repeat(400)}`)?.atomCount).toBe(401)
  })

  it.each([
    ['deep nesting', `${'('.repeat(50_000)}C${')'.repeat(50_000)}`],
    ['prose', 'the product is '.repeat(8000)],
    ['open branches', 'C('.repeat(20_000)],
    ['a NUL', 'C\0C'],
    ['brackets', '['.repeat(100_000)],
  ])('finds no molecule in %s', (_, smiles) => {
    expect(toolkit.read(smiles)).toBeNull()
    expect(toolkit.ready).toBe(true)
  })

  it('reads a SMILES string as one whatever words are in it', () => {
    for (const words of ['commonchem', 'rdkitjson', 'M  END']) {
      expect(toolkit.read(`CCO ${words}`)?.canonical).toBe('CCO')
      expect(toolkit.read(words)).toBeNull()
    }
  })

  it('refuses what is too large, and goes on', () => {
    expect(() => toolkit.read('C'.repeat(MAX_ATOMS + 1))).toThrow(ToolkitFailure)
    expect(toolkit.ready).toBe(true)
    expect(toolkit.read('CCO')?.canonical).toBe('CCO')
  })

  it('goes on where RDKit threw, and replaces it where it broke', async () => {
    // aromatic by RDKit, without a Kekulé structure by RDKit: it throws out of WebAssembly
    expect(() => toolkit.read('C1=CC2=CC=CC2=s1')!.kekule).toThrow(ToolkitFailure)
    expect(toolkit.ready).toBe(true)
    expect(toolkit.read('CO')?.canonical).toBe('CO')
    const rdkit = await Rdkit.load()
    const trap = (): never => {
      throw new WebAssembly.RuntimeError('unreachable')
    }
    expect(() => rdkit.guard(trap)).toThrow(ToolkitFailure)
    expect(rdkit.isWorn).toBe(true)
    expect(() => rdkit.open('CO')).toThrow('not yet restarted')
  })

  it('calls a verdict on them unverifiable, and the next one is sound', async () => {
    const verdict = await evaluate('should_answer_eval', 'C'.repeat(100_000), '')
    expect(verdict).toMatchObject({ value: null, status: 'unverifiable', metadata: { error: 'MoleculeTooLarge' } })
    expect(await evaluate('should_answer_eval', 'CCO', '')).toMatchObject({ value: 1, status: 'pass' })
    expect(await canonicalSmiles('OCC')).toBe('CCO')
  })
})

describe('memory', () => {
  const molecules = golden<{ smiles: string; valid: boolean }>('molecules')
    .filter(({ smiles, valid }) => valid && smiles !== '' && smiles.length < 60 && !/\s/.test(smiles))
    .map(({ smiles }) => smiles)

  it('stays flat over 100,000 molecules', () => {
    const random = prng(1)
    // never the same text twice: every one is read, asked and freed
    const ask = (i: number): number => {
      const smiles = `${molecules[Math.floor(random() * molecules.length)]}.${'C'.repeat(1 + (i % 7))}.[${(i % 200) + 12}CH4]`
      const molecule = toolkit.read(smiles)!
      return i % 10 === 0 ? molecule.canonical.length + molecule.environments.length : molecule.atomCount
    }
    for (let i = 0; i < 10_000; i++) ask(i)
    const before = toolkit.memoryBytes
    for (let i = 10_000; i < 100_000; i++) ask(i)
    expect(toolkit.memoryBytes).toBe(before)
  })
})

describe('what is kept', () => {
  it('answers for a molecule that has left the cache', () => {
    const molecule = toolkit.read('OCC')!
    for (let i = 1; i < 400; i++) toolkit.read(`[${i}CH4]`)
    expect(molecule.canonical).toBe('CCO')
    expect(molecule.formula).toBe('C2H6O')
    expect(toolkit.matches(molecule, '[OX2H]')).toBe(true)
    expect(toolkit.contains(molecule, toolkit.read('CO')!)).toBe(true)
  })

  it('gives the same environments, formula and ring systems for every spelling', () => {
    for (const { smiles } of golden<{ smiles: string; valid: boolean }>('molecules').filter(({ valid }) => valid)) {
      const molecule = toolkit.read(smiles)!
      if (molecule.atomCount === 0) continue
      const again = toolkit.read(molecule.canonical)!
      expect(again.formula, smiles).toBe(molecule.formula)
      expect(again.environments, smiles).toEqual(molecule.environments)
      const keys = ({ ringSystems }: typeof molecule): string[] => ringSystems.map(({ key }) => key).sort()
      expect(keys(again), smiles).toEqual(keys(molecule))
    }
  })
})

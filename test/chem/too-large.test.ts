import { beforeAll, describe, expect, it } from 'vitest'
import { MoleculeTooLarge } from '../../src/chem/toolkit/molecule.ts'
import { smilesPart } from '../../src/chem/toolkit/smiles-tokens.ts'
import { readable } from '../../src/chem/toolkit/too-large.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'

let toolkit: Toolkit
beforeAll(async () => {
  toolkit = await Toolkit.load()
})
const clique = (atoms: number): string => {
  const closures = new Map<string, number>()
  return Array.from({ length: atoms }, (_, i) =>
    Array.from({ length: atoms }, (_, j) => {
      if (i === j) return ''
      const key = [Math.min(i, j), Math.max(i, j)].join()
      if (!closures.has(key)) closures.set(key, closures.size + 10)
      return `%(${closures.get(key)})`
    }).reduce((text, closure) => text + closure, '[Og]'),
  ).join('.')
}

describe('what is too large is refused before RDKit reads it', () => {
  it.each([
    ['a chain', 'C'.repeat(2001), 'a molecule of 2001 atoms; at most 2000 are judged'],
    ['10 MB of carbon', 'C'.repeat(10_000_000), 'a text of 10000000 characters; at most 100000 are read as SMILES'],
    ['hydrogens', `C${'[H]'.repeat(10_000)}`, 'a molecule of 10001 atoms; at most 10000 are judged'],
    [
      'everything bound to everything',
      clique(30),
      'a graph of 435 ring closures on 30 atoms; at most 2 for each are judged',
    ],
    ['an extension', `C |${'$;'.repeat(100_000)}|`, 'a text of 200004 characters; at most 100000 are read as SMILES'],
  ])('%s', (_, smiles, message) => {
    const start = performance.now()
    expect(() => toolkit.read(smiles)).toThrow(new MoleculeTooLarge(message))
    expect(performance.now() - start).toBeLessThan(2000)
    expect(toolkit.ready).toBe(true)
    expect(toolkit.memoryBytes).toBeLessThan(200e6)
  })
  it.each([
    ['open branches', '('.repeat(10_000_000)],
    ['branches that close what is not open', `${'C'.repeat(3000)})(`],
    ['open brackets', '['.repeat(10_000_000)],
    ['no ASCII', `C${'苯'.repeat(200_000)}`],
  ])('no molecule, whatever the length: %s', (_, smiles) => {
    expect(toolkit.read(smiles)).toBeNull()
  })
  it('what is not is read as before', () => {
    expect(toolkit.read('C'.repeat(2000))?.atomCount).toBe(2000)
    expect(toolkit.read('[13CH2]'.repeat(1500))?.atomCount).toBe(1500)
    // hydrogens that RDKit leaves out are no atoms of the molecule
    const ethane = 'C([H])([H])([H])C([H])([H])[H]'
    expect(toolkit.read(`${ethane}.`.repeat(400).slice(0, -1))?.atomCount).toBe(800)
    expect(toolkit.read(`CCO ${'x'.repeat(200_000)}`)?.canonical).toBe('CCO')
    expect(toolkit.read(`${' '.repeat(200_000)}CCO`)?.canonical).toBe('CCO')
    expect(toolkit.read('c1ccccc1'.repeat(100))?.atomCount).toBe(600)
    expect(toolkit.read('C'.repeat(1000) + '('.repeat(5000))).toBeNull()
  })
  it('space in the middle costs no more than its length', () => {
    const start = performance.now()
    expect(smilesPart(`C${' '.repeat(2_000_000)}C`)).toEqual({ core: 'C', extended: false })
    expect(readable(`C${' '.repeat(2_000_000)}C`)).toEqual({ text: 'C' })
    expect(performance.now() - start).toBeLessThan(3000)
  })
})

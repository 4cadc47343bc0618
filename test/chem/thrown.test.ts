import { beforeAll, describe, expect, it } from 'vitest'
import { ToolkitFailure } from '../../src/chem/toolkit/molecule.ts'
import { Rdkit } from '../../src/chem/toolkit/rdkit.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { golden, type PythonCall } from './golden.ts'

// What RDKit's C++ throws must leave the instance as it was: told by Python's answers on other molecules, before, between and after.

interface Row {
  readonly smiles: string
  readonly valid: boolean
  readonly smiles_out: string
  readonly canon: PythonCall<string>
  readonly formula: PythonCall<string>
  readonly bits: PythonCall<number[]>
  readonly ring_system_canon?: string[]
}
const rows = golden<Row>('fuzz').filter(
  ({ smiles, canon }) => canon?.error === undefined && !/[*~]|@(?:OH|TB|SP|AL|TH)/.test(smiles),
)

/** Kinds of question on which RDKit throws. */
const THROWS: readonly ((mols: Toolkit, i: number) => unknown)[] = [
  (mols, i) => mols.read(`${'C'.repeat(i % 50)}C1=CC2=CC=CC2=s1`)!.kekule,
  (mols, i) => mols.read(`O${'C'.repeat(i % 40)}C1=CC2=CC=CC2=s1 name`)!.kekule,
  (mols, i) =>
    mols.withHandle(`${'N'.repeat(i % 30)}C1=CC2=CC=CC2=s1`, 'usual', (handle) => handle.smiles('{"doKekule":true}')),
]

describe('an instance that has thrown', () => {
  let mols: Toolkit
  beforeAll(async () => {
    mols = await Toolkit.load()
  })

  it('answers as Python does, 900 times over', () => {
    let thrown = 0
    for (const [i, row] of rows.slice(0, 2700).entries()) {
      if (i % 3 === 0) {
        expect(() => THROWS[thrown % THROWS.length]!(mols, i)).toThrow(ToolkitFailure)
        thrown++
      }
      const molecule = mols.read(row.smiles)
      expect(molecule !== null, row.smiles).toBe(row.valid)
      if (molecule === null) continue
      expect([molecule.canonical, molecule.kekule, molecule.formula, molecule.environments], row.smiles).toEqual([
        row.smiles_out,
        row.canon.value,
        row.formula.value,
        row.bits.value,
      ])
      if (row.ring_system_canon !== undefined && row.smiles !== 'CC1(C)CC2(C):C(N)(C1)CC(C)(C)C2')
        expect(
          molecule.ringSystems.map(({ key }) => key),
          row.smiles,
        ).toEqual(row.ring_system_canon)
    }
    expect(thrown).toBe(900)
    expect(mols.ready).toBe(true)
    // what is thrown leaves its arguments behind, some hundred bytes
    expect(mols.memoryBytes).toBeLessThan(64e6)
  })

  it('is replaced after a thousand', async () => {
    for (let i = 0; mols.ready; i++) {
      expect(i).toBeLessThan(200)
      expect(() => THROWS[0]!(mols, i)).toThrow(ToolkitFailure)
    }
    await mols.recover()
    expect(mols.read('OCC')!.canonical).toBe('CCO')
    expect(mols.memoryBytes).toBeLessThan(50e6)
  })

  it('its stack is where it was: as deep a molecule as before is read', async () => {
    const fresh = await Toolkit.load()
    const deep = (n: number): string => `${'C('.repeat(n)}C${')'.repeat(n)}`
    expect(fresh.read(deep(1900))!.atomCount).toBe(1901)
    for (let i = 0; i < 500; i++) expect(() => THROWS[i % 3]!(fresh, i)).toThrow(ToolkitFailure)
    expect(fresh.read(deep(1901))!.canonical).toBe('C'.repeat(1902))
    expect(fresh.ready).toBe(true)
  })
})

it('a molecule that wants more memory than an instance gets is given up, not called unreadable', async () => {
  const rdkit = await Rdkit.load()
  const held: unknown[] = []
  expect(() => {
    for (let i = 0; i < 1000; i++) held.push(rdkit.open('C'.repeat(i) + 'C1CCCCC1'.repeat(240)))
  }).toThrow('RDKit wanted more than 384 MB')
  expect(rdkit.memoryBytes).toBeLessThanOrEqual(384e6)
  expect(rdkit.isWorn).toBe(true)
})

import { beforeAll, describe, expect, it } from 'vitest'
import { type Chemistry, evaluateWith } from '../../src/chem/ether0/evaluate.ts'
import { noOracles } from '../../src/chem/oracles/none.ts'
import { MoleculeTooLarge, ToolkitFailure } from '../../src/chem/toolkit/molecule.ts'
import { defaultChemistry } from '../../src/library/default-chemistry.ts'
import { PythonError } from '../../src/python/error.ts'
import { golden, type PythonCall } from './golden.ts'
import { hostileSmiles } from './hostile-smiles.ts'
import { oddSmiles } from './odd-smiles.ts'

// What ether0's Python says of 676 hostile and 4,000 odd SMILES (scripts/oracles/hostile-smiles.py), and every kind of difference by name.

interface Judged extends PythonCall<number> {
  readonly reason: string | null
}
interface Row {
  readonly smiles: string
  /** Where reading itself raises: then nothing else is there. */
  readonly read?: PythonCall<never>
  readonly valid: boolean
  readonly n_atoms: number
  readonly smiles_out: PythonCall<string>
  readonly canon: PythonCall<string>
  readonly formula: PythonCall<string>
  readonly ring_system_canon: PythonCall<string[]>
  readonly valid_mol_eval: Judged
  readonly formula_eval: Judged
  readonly functional_group_eval?: Judged
}
const rows = golden<Row>('odd')
let chemistry: Chemistry
beforeAll(async () => {
  chemistry = await defaultChemistry()
})

/** Kinds of SMILES on which a verdict may differ, most specific first, and how many of the 4,676 do. */
const NAMED = {
  'marks of other geometries in the key of a ring system': { like: /@(?:AL|SP|TB|OH)/, verdicts: 0, rings: 10 },
  'an aromatic ring with a bond of no type': { like: /~/, verdicts: 13, rings: 0 },
  'more than eight dummies in an aromatic ring system': { like: /(?:\*.*){9}/s, verdicts: 4, rings: 0 },
  'a dummy that is double-bound to an aromatic ring': { like: /\*\]?=|=\[?\d*\*/, verdicts: 2, rings: 2 },
  'a phosphorus that keeps its mark with two hydrogens': { like: /P@/, verdicts: 0, rings: 1 },
} as const
type Kind = keyof typeof NAMED
const kindOf = (smiles: string): Kind => {
  const kind = (Object.keys(NAMED) as Kind[]).find((each) => NAMED[each].like.test(smiles))
  if (kind === undefined) throw new Error(`a difference of no known kind: ${smiles}`)
  return kind
}
const tally = (): Record<Kind, number> => Object.fromEntries(Object.keys(NAMED).map((kind) => [kind, 0])) as never

describe('odd and hostile SMILES', () => {
  it('are those that Python was asked', () => {
    const asked = new Set(rows.map(({ smiles }) => smiles))
    const short = hostileSmiles().filter(({ smiles }) => smiles.length <= 400)
    expect([...oddSmiles(), ...short.map(({ smiles }) => smiles)].filter((smiles) => !asked.has(smiles))).toEqual([])
    expect([oddSmiles().length, short.length, rows.length]).toEqual([4000, 676, 4676])
  })

  it('are molecules to us where they are to Python, the same ones', async () => {
    const { mols } = chemistry
    let refused = 0
    const keys = tally()
    for (const row of rows) {
      await mols.recover()
      if (row.read !== undefined) {
        expect(() => mols.read(row.smiles), row.smiles).toThrow(PythonError)
        continue
      }
      try {
        const molecule = mols.read(row.smiles)
        expect(molecule !== null, row.smiles).toBe(row.valid)
        if (molecule === null) continue
        expect(molecule.atomCount, row.smiles).toBe(row.n_atoms)
        expect(molecule.canonical, row.smiles).toBe(row.smiles_out.value)
        expect(molecule.formula, row.smiles).toBe(row.formula.value)
        if (row.canon.error === undefined) expect(molecule.kekule, row.smiles).toBe(row.canon.value)
        else expect(() => molecule.kekule, row.smiles).toThrow(ToolkitFailure)
        const ours = ringsOf(() => molecule.ringSystems.map(({ key }) => key))
        const python = row.ring_system_canon.error === undefined ? row.ring_system_canon.value! : null
        if (JSON.stringify(ours) !== JSON.stringify(python)) keys[kindOf(row.smiles)]++
      } catch (error) {
        if (!(error instanceof MoleculeTooLarge)) throw error
        refused++
      }
    }
    expect(refused).toBe(4)
    expect(keys).toEqual(Object.fromEntries(Object.entries(NAMED).map(([kind, { rings }]) => [kind, rings])))
  })

  it('have Python’s verdicts, or none, but for what is named', async () => {
    const differ = tally()
    for (const row of rows) {
      const asked: readonly (readonly [string, string, Judged | undefined])[] = [
        ['valid_mol_eval', '', row.valid ? row.valid_mol_eval : { value: 0, reason: 'invalid_mol' }],
        ['formula_eval', row.smiles, row.formula_eval],
        ['functional_group_eval', `('${row.formula?.value}', ['aromatic'])`, row.functional_group_eval],
      ]
      let same = true
      for (const [name, target, python] of asked) {
        // an empty answer is format_failed before any reward
        if (python === undefined || row.smiles === '') continue
        const ours = await evaluateWith(name, row.smiles, target, { oracles: noOracles }, chemistry)
        // what Python raises is unverifiable
        if (python.error !== undefined) same &&= ours.value === null
        else same &&= ours.value === python.value && ours.reason === python.reason
        // never another number where Python has one
        if (ours.value !== null && python.error === undefined) expect(ours.value, row.smiles).toBe(python.value)
      }
      if (!same) differ[kindOf(row.smiles)]++
    }
    expect(differ).toEqual(Object.fromEntries(Object.entries(NAMED).map(([kind, { verdicts }]) => [kind, verdicts])))
  })
})

/** Null where RDKit throws or Python would raise. */
function ringsOf(find: () => string[]): string[] | null {
  try {
    return find()
  } catch (error) {
    if (error instanceof ToolkitFailure || error instanceof PythonError) return null
    throw error
  }
}

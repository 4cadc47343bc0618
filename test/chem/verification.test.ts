import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DataOptions, loadChemistryData } from '../../src/chem/ether0/data.ts'
import type { Chemistry } from '../../src/chem/ether0/evaluate.ts'
import { standInsOf } from '../../src/chem/ether0/stand-ins.ts'
import { verificationWith } from '../../src/chem/ether0/verification.ts'
import { BloomFilter } from '../../src/chem/toolkit/bloom.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import type { Oracles } from '../../src/types.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-verification-'))
afterAll(() => rmSync(folder, { recursive: true }))

let mols: Toolkit
beforeAll(async () => {
  mols = await Toolkit.load()
})
const wrap = (answer: string): string => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`
const declined = async (): Promise<never> => {
  throw new Error('no answer')
}
const NONE: Oracles = { solubility: declined, purchasable: declined, forwardReaction: declined }

const verify = (completion: string, solution: string, oracles: Oracles = NONE, files: DataOptions = {}) => {
  const chemistry: Chemistry = { mols, data: loadChemistryData(files) }
  return verificationWith(completion, solution, { oracles }, chemistry, standInsOf(chemistry.data, false))
}

describe('who is at fault', () => {
  const GROUP = "functional_group_eval!:!('C8H10O', ['primary alcohol'])!:!functional-group"
  const cases: [name: string, completion: string, solution: string, status: string, cause: string | null][] = [
    ['a pass', wrap('CCCCO'), 'product_eval!:!CCCCO!:!x', 'pass', null],
    ['a wrong answer', wrap('CCCCN'), 'product_eval!:!CCCCO!:!x', 'fail', 'answer'],
    ['no answer', 'CCCCO', 'product_eval!:!CCCCO!:!x', 'fail', 'answer'],
    ['a target that is no molecule', wrap('CCCCO'), 'product_eval!:!CCCC(!:!x', 'unverifiable', 'target'],
    ['a formula’s target, likewise', wrap('CCCCO'), 'formula_eval!:!CCCC(!:!x', 'unverifiable', 'target'],
    ['a reaction’s target, likewise', wrap('CCCCCO.O>>'), 'rxn_forward!:!CCCC(!:!x', 'unverifiable', 'target'],
    ['a target that is no Python', wrap('OCCc1ccccc1'), 'functional_group_eval!:!(!:!x', 'unverifiable', 'target'],
    ['a scaffold that is no molecule', wrap('CCCCO'), "sol_eval!:!('scaffold', 'CC(', 1.0)!:!x", 'unverifiable', 'target'],
    ['a solution of another form', wrap('CCCCO'), 'CCCCO', 'unverifiable', 'target'],
    ['an unknown function', wrap('CCCCO'), 'smell_eval!:!CCCCO!:!x', 'unverifiable', 'target'],
    ['a molecule that is too large', wrap('C'.repeat(20_000)), 'product_eval!:!CCCCO!:!x', 'unverifiable', 'answer'],
    ['half a character', wrap('CC\ud800CO'), 'product_eval!:!CCCCO!:!x', 'unverifiable', 'answer'],
    ['an oracle without an answer', wrap('CCCCO'), "sol_eval!:!('scaffold', 'CCO', 1.0)!:!x", 'unverifiable', 'oracle'],
    ['a right one', wrap('OCCc1ccccc1'), GROUP, 'pass', null],
  ] // biome-ignore format: a table
  it.each(cases)('%s', async (_name, completion, solution, status, cause) => {
    const found = await verify(completion, solution)
    expect([found.status, found.cause]).toEqual([status, cause])
  })
  it('says the same of an oracle whose client fails, and of one that answers nonsense', async () => {
    const solution = "sol_eval!:!('scaffold', 'CCO', 1.0)!:!x"
    for (const solubility of [
      () => Promise.reject(Object.assign(new Error('refused'), { name: 'ConnectError' })),
      async () => Number.NaN,
    ])
      expect((await verify(wrap('CCCCO'), solution, { ...NONE, solubility })).cause).toBe('oracle')
  })
})

/** A filter that has everything that a molecule is asked for: the other way to see what a verdict is without the stand-in. */
function filterOf(name: string, keys: readonly string[]): string {
  const filter = BloomFilter.create(8 * 1009, 10)
  for (const key of keys) filter.add(key)
  writeFileSync(join(folder, name), filter.toBytes())
  return join(folder, name)
}

describe('the stand-in filter that a verdict hinges on', () => {
  // rings and environments that no catalogue has
  const RING = 'C1CC2CC1C2=O'
  const BOTH = 'O1OOO1'
  const ODD = 'BrP(I)OF'
  const reads = (smiles: string) => mols.read(smiles)!
  const target = (smiles: string): string => `valid_mol_eval!:!${smiles[0]}!:!x`
  it.each([['C1CC2CC1C2=O'], [RING], [ODD], ['OCCc1ccccc1'], ['CC(=O)Nc1ccc(O)cc1'], ['C1#CC1.C1#CC1.C1#CC1']])(
    '%s: as with a filter of its own rings and environments',
    async (smiles) => {
      const molecule = reads(smiles)
      const rings = filterOf(
        'rings.bloom',
        molecule.ringSystems.map(({ key }) => key),
      )
      const fingerprints = filterOf('fingerprints.bloom', molecule.environments.map(String))
      const judged = (files: DataOptions) => verify(wrap(smiles), target(smiles), NONE, files)
      const found = await judged({})
      const [noRings, noPrints, neither] = await Promise.all([
        judged({ ringsBloom: rings }),
        judged({ fingerprintsBloom: fingerprints }),
        judged({ ringsBloom: rings, fingerprintsBloom: fingerprints }),
      ])
      const changes = ({ status }: { readonly status: string }) => status !== found.status
      const expected = changes(noRings)
        ? 'rings'
        : changes(noPrints)
          ? 'fingerprints'
          : changes(neither)
            ? 'rings+fingerprints'
            : null
      expect(found.hingesOn).toBe(expected)
    },
  )
  it('finds each of them', async () => {
    const hinge = async (smiles: string) => (await verify(wrap(smiles), target(smiles))).hingesOn
    expect(await hinge(ODD)).toBe('fingerprints')
    expect(await hinge(RING)).toBe('rings')
    expect(await hinge(BOTH)).toBe('rings+fingerprints')
    expect(await hinge('OCCc1ccccc1')).toBeNull()
  })
  it('a filter of the user’s own stands in for nothing', async () => {
    const nothing = filterOf('nothing.bloom', [])
    const found = await verify(wrap('OCCc1ccccc1'), target('O'), NONE, { ringsBloom: nothing })
    expect(found).toMatchObject({ status: 'fail', reason: 'failed_ring_check', hingesOn: null })
  })
  it('a verdict that stays a fail hinges on none', async () => {
    // the formula is right, the similarity is not
    const found = await verify(wrap('FOP(I)Br'), 'formula_eval!:!BrP(I)OF!:!x')
    expect(found.status).toBe('pass')
    const far = await verify(wrap('FP(I)OBr'), 'formula_eval!:!BrP(I)OF!:!x')
    expect(far).toMatchObject({ status: 'fail', reason: 'failed_reos_check', hingesOn: null })
  })
  it('purchasable molecules: with a reaction model, and without', async () => {
    const unsold: Oracles = { ...NONE, purchasable: async (all) => Object.fromEntries(all.map((one) => [one, false])) }
    const solution = 'rxn_forward!:!CCOC(C)=O!:!x'
    const completion = wrap('CC(=O)OC(C)=O.CCO>>')
    const makes = (product: string): Oracles => ({ ...unsold, forwardReaction: async () => product })
    for (const [oracles, hinge] of [
      [makes('CCOC(C)=O'), 'purchasable'],
      [makes('CCO'), null],
      // nobody can say what would come of it: unverifiable
      [unsold, 'purchasable'],
    ] as const)
      expect(await verify(completion, solution, oracles)).toMatchObject({
        status: 'fail',
        reason: 'not_purchasable',
        hingesOn: hinge,
      })
  })
  it('a server’s purchasability is no stand-in', () => {
    const data = loadChemistryData()
    expect([...standInsOf(data, false)].sort()).toEqual(['fingerprints', 'purchasable', 'rings'])
    expect([...standInsOf(data, true)].sort()).toEqual(['fingerprints', 'rings'])
  })
})

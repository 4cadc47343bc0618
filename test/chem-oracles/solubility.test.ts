import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { MainModule } from '@rdkit/rdkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Canonicalizer } from '../../src/chem/oracles/canonical.ts'
import { SolubilityModel } from '../../src/chem/oracles/solubility.ts'

interface Case {
  readonly smiles: string
  readonly query: string | null
  readonly tokens: number[]
  readonly value: { readonly mean: number; readonly aleatoric: number; readonly epistemic: number } | null
}
const cases = readFileSync(new URL('../data/oracles/solubility.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Case)

let model: SolubilityModel
let rdkit: Canonicalizer
beforeAll(async () => {
  model = await SolubilityModel.open()
  const load = createRequire(import.meta.url)('@rdkit/rdkit') as () => Promise<MainModule>
  const module = await load()
  rdkit = {
    read: (smiles) => {
      const mol = module.get_mol(smiles)
      if (mol === null) return null
      const flat = mol.get_smiles(JSON.stringify({ doIsomericSmiles: false }))
      mol.delete()
      return { flat, kekule: '' }
    },
  }
})
afterAll(() => model.close())

describe.each(cases)('$smiles', ({ smiles, query, tokens, value }) => {
  it('is asked about in the form that ether0.remotes chooses, and answered as by Keras', async () => {
    expect(model.query(smiles, rdkit)).toEqual(query === null ? null : { text: query, tokens })
    const got = await model.predict(smiles, rdkit)
    if (value === null) {
      expect(got).toBeNull()
      return
    }
    // largest difference seen: 1.5e-6
    expect(Math.abs(got!.mean - value.mean)).toBeLessThan(1e-5)
    expect(Math.abs(got!.aleatoric - value.aleatoric)).toBeLessThan(1e-5)
    expect(Math.abs(got!.epistemic - value.epistemic)).toBeLessThan(1e-5)
  })
})

it('gives the same answer again', async () => {
  expect(await model.predict('OCC', rdkit)).toEqual(await model.predict('CCO', rdkit))
})

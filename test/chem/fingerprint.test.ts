import { readFileSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { taggedAnswer } from '../../src/agreement/answer.ts'
import type { Molecule } from '../../src/chem/toolkit/molecule.ts'
import { bitTanimoto } from '../../src/chem/toolkit/morgan.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { packagePath } from '../../src/package.ts'
import { oddSmiles } from './odd-smiles.ts'

let toolkit: Toolkit
beforeAll(async () => {
  toolkit = await Toolkit.load()
})

/** Answers of the demo's pairs. */
const answers = (): string[] =>
  readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly chosen: string; readonly rejected: string })
    .flatMap(({ chosen, rejected }) => [chosen, rejected].map(taggedAnswer))
    .filter((answer) => answer !== null)

/** Our own environments, folded. */
const folded = ({ environments }: Molecule): Set<number> => new Set(environments.map((id) => id % 2048))
const bitsOf = ({ fingerprint }: Molecule): Set<number> =>
  new Set(Array.from({ length: 2048 }, (_, i) => i).filter((i) => ((fingerprint[i >> 3]! >> (i & 7)) & 1) === 1))

it('RDKit’s folded fingerprint is that of our environments, of drugs and of what is odd', async () => {
  let compared = 0
  for (const smiles of [...answers(), ...oddSmiles()]) {
    await toolkit.recover()
    let molecule: Molecule | null
    try {
      molecule = toolkit.read(smiles)
    } catch {
      continue // refused, which odd.test.ts looks at
    }
    if (molecule === null) continue
    expect(bitsOf(molecule), smiles).toEqual(folded(molecule))
    compared++
  }
  expect(compared).toBeGreaterThan(1800)
})

it('Tanimoto similarity counts bits that both have among bits that one has', () => {
  const drugs = answers()
    .map((smiles) => toolkit.read(smiles))
    .filter((molecule) => molecule !== null)
  for (const [i, a] of drugs.slice(1).entries()) {
    const b = drugs[i]!
    const [x, y] = [folded(a), folded(b)]
    const shared = [...x].filter((bit) => y.has(bit)).length
    expect(bitTanimoto(a.fingerprint, b.fingerprint)).toBe(shared / (x.size + y.size - shared))
  }
  const nothing = toolkit.read('')
  expect(nothing === null ? 0 : bitTanimoto(nothing.fingerprint, nothing.fingerprint)).toBe(0)
  expect(bitTanimoto(new Uint8Array(256), new Uint8Array(256))).toBe(0)
})

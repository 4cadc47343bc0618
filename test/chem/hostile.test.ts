import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { evaluateWith } from '../../src/chem/ether0/evaluate.ts'
import { noOracles } from '../../src/chem/oracles/none.ts'
import { countRings } from '../../src/chem/toolkit/ring-count.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { createPooledVerifier, type PooledVerifier } from '../../src/chem/workers/verifier.ts'
import { defaultChemistry } from '../../src/library/default-chemistry.ts'
import { cpuSeconds, expectDrawnInSeconds, MOST_CPU_SECONDS } from './hostile-drawings.ts'
import { circulant, graph, grid, honeycomb, hostileSmiles } from './hostile-smiles.ts'

// 1,000 SMILES that were made to stop a verifier: none takes long, none takes much memory, none hurts its neighbours.

const hostile = hostileSmiles()
const MOST_RDKIT_BYTES = 384e6

describe('in one thread', () => {
  it('each is judged or refused, in seconds and in 384 MB', async () => {
    const { data } = await defaultChemistry()
    const mols = await Toolkit.load()
    const ends = new Map<string, number>()
    for (const { kind, smiles } of hostile) {
      const start = cpuSeconds()
      const verdict = await evaluateWith('valid_mol_eval', smiles, '', { oracles: noOracles }, { mols, data })
      const told = `${kind}, ${smiles.length} characters: ${smiles.slice(0, 60)}`
      expect(cpuSeconds() - start, told).toBeLessThan(MOST_CPU_SECONDS)
      expect(mols.memoryBytes, told).toBeLessThanOrEqual(MOST_RDKIT_BYTES)
      const end = verdict.status === 'unverifiable' ? String(verdict.metadata.error) : verdict.status
      ends.set(end, (ends.get(end) ?? 0) + 1)
    }
    expect(Object.fromEntries(ends)).toEqual({
      pass: expect.any(Number),
      fail: expect.any(Number),
      MoleculeTooLarge: expect.any(Number),
      ToolkitFailure: expect.any(Number),
      AtomKekulizeException: expect.any(Number),
      // no atom at all: Python indexes an empty list of parts
      IndexError: 1,
    })
    expect(ends.get('MoleculeTooLarge')).toBeLessThan(150)
    expect(ends.get('ToolkitFailure')).toBeLessThan(40)
  })

  it('one of each kind is drawn, or is not, in seconds (all of them: npm run test:big)', async () => {
    const kinds = new Map(hostile.filter(({ smiles }) => smiles.length <= 300).map((one) => [one.kind, one]))
    expect(kinds.size).toBeGreaterThan(15)
    await expectDrawnInSeconds([...kinds.values()])
  })
})

describe('rings are counted before RDKit looks for them', () => {
  it.each([
    ['C1CC1C1CC1', 1],
    ['c1ccc2ccccc2c1', 2],
    ['C12C3C4C1C5C2C3C45', 5],
    [graph(grid(5, 7)), 24],
    [graph(honeycomb(4, 8), 'c'), 9],
    [graph(circulant(40, 1, 2)), 41],
    ['C1CC1.C1CC2CC12', 2],
    ['CC(C)C', 0],
  ])('%s', (smiles, largest) => {
    expect(countRings(smiles)?.largest).toBe(largest)
  })
  it('and what is not spelled as SMILES has no count', () => {
    expect([countRings('1CC1'), countRings('C!')]).toEqual([null, null])
  })
  it('300 of them in one system are judged, more are not', async () => {
    const mols = await Toolkit.load()
    expect(mols.read(graph(grid(2, 301)))?.atomCount).toBe(602)
    expect(() => mols.read(graph(grid(2, 302)))).toThrow('a ring system of 301 rings; at most 300 are judged')
    // as many apart from each other are no system
    expect(mols.read('C1CC1'.repeat(600))?.atomCount).toBe(1800)
  })
})

describe('in the pool', () => {
  let pool: PooledVerifier
  beforeAll(() => {
    pool = createPooledVerifier({}, { workers: 1 })
  })
  afterAll(() => pool.close())
  const verify = (answer: string) =>
    pool.verify(`<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`, 'valid_mol_eval!:!!:!hostile')

  it('a hostile completion costs only itself', async () => {
    const sane = ['CCO', 'c1ccccc1O', 'CC(=O)Oc1ccccc1C(=O)O', 'C1CC', 'CN1C=NC2=C1C(=O)N(C(=O)N2C)C']
    const alone = await Promise.all(sane.map(verify))
    const worst = hostile
      .filter(({ kind }) => /cage|fused|dummies|throws|megabyte|stereocentres/.test(kind))
      .filter((_, i) => i % 4 === 0)
    const mixed = await Promise.all(worst.flatMap(({ smiles }, i) => [verify(smiles), verify(sane[i % sane.length]!)]))
    expect(mixed.filter((_, i) => i % 2 === 1)).toEqual(worst.map((_, i) => alone[i % sane.length]))
    const gaveUp = mixed.filter(({ metadata }) => metadata.error === 'WorkerCrash' || metadata.error === 'Timeout')
    expect(gaveUp).toEqual([])
  })
})

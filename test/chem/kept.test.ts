import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { Lru, ownText } from '../../src/chem/toolkit/lru.ts'
import { ToolkitFailure } from '../../src/chem/toolkit/molecule.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** 1,440 atoms in 240 rings and a chain: of the largest that are read. */
const large = (i: number): string => 'C'.repeat(i) + 'C1CCCCC1'.repeat(240)
/** RDKit's C++ throws where the Kekulé form of its ring system is asked for. */
const BREAKS = 'C1=CC2=CC=CC2=s1'

it('a cache is bounded in entries and in characters, and always keeps the newest', () => {
  const gone: number[] = []
  const cache = new Lru<number>(3, { characters: 10, forgotten: (value) => gone.push(value) })
  cache.set('a', 1)
  cache.set('b', 2)
  cache.set('c', 3)
  expect(cache.get('a')).toBe(1)
  cache.set('d', 4)
  expect(gone).toEqual([2])
  cache.set('12345678', 5)
  expect(gone).toEqual([2, 3])
  cache.set('x'.repeat(100), 6)
  expect(gone).toEqual([2, 3, 1, 4, 5])
  expect([cache.size, cache.get('x'.repeat(100))]).toEqual([1, 6])
  cache.set('e', 7)
  expect([gone.at(-1), cache.size, cache.get('e')]).toEqual([6, 1, 7])
  cache.clear()
  expect([gone.at(-1), cache.size]).toEqual([7, 0])
})

it.each(['', 'CCO', 'N#CC1(CC(=O)O)CCCCC1', 'emoji 🧪 and half of one \ud83e', 'quote " and \\ and \0 \n'])(
  'a text of its own is the same text: %j',
  (text) => {
    expect(ownText(text)).toBe(text)
  },
)

it('an answer that is kept does not keep the completion that it was cut out of', async () => {
  const mols = await Toolkit.load()
  mols.read('CCO')
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 200; i++) {
    const completion = Buffer.from(`${'x'.repeat(1_000_000)}C(=O)NCCCCCC[${i}CH3]`).toString('latin1')
    expect(mols.read(completion.slice(1_000_000))).not.toBeNull()
  }
  collect()
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(20e6)
})

it('the largest molecules, one after the other, leave RDKit small', async () => {
  const mols = await Toolkit.load()
  for (let i = 0; i < 60; i++) expect(mols.read(large(i))!.canonical.length).toBeGreaterThan(1000)
  // each takes more than 1 MB of RDKit's memory
  expect(mols.memoryBytes).toBeLessThan(90e6)
  expect(mols.ready).toBe(true)
})

it('an instance that has grown too large is replaced, and molecules that are held stay good', async () => {
  const mols = await Toolkit.load()
  const held = mols.read('OCC')!
  const nest = (): void => {
    if (mols.memoryBytes <= 160e6) mols.withHandle(large(0), 'usual', nest)
  }
  nest()
  expect(mols.memoryBytes).toBeGreaterThan(160e6)
  expect(mols.ready).toBe(false)
  await mols.recover()
  expect(mols.ready).toBe(true)
  expect(mols.memoryBytes).toBeLessThan(50e6)
  expect(held.canonical).toBe('CCO')
  expect(mols.matches(held, '[OX2H]')).toBe(true)
  expect(mols.read('OCC')!.formula).toBe('C2H6O')
})

it('a molecule that is held over a wait is not lost with its neighbour', async () => {
  const mols = await Toolkit.load()
  const held = mols.read('OCC')!
  expect(() => mols.read(BREAKS)!.kekule).toThrow(ToolkitFailure)
  await mols.recover()
  expect(held.canonical).toBe('CCO')
  expect(mols.contains(held, mols.read('CO')!)).toBe(true)
})

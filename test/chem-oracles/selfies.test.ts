import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SelfiesError, selfiesSymbols } from '../../src/chem/oracles/selfies.ts'
import { findPerfectMatching, IntSet } from '../../src/chem/oracles/selfies-matching.ts'

const lines = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)

/** As Python's encoder: the joined string, or null where it raises. */
const encode = (smiles: string): string | null => {
  try {
    return selfiesSymbols(smiles).join('')
  } catch (error) {
    expect(error).toBeInstanceOf(SelfiesError)
    return null
  }
}

it('gives the string of selfies 2.2.0 for every molecule of the corpus', () => {
  const cases = lines<{ smiles: string; selfies: string | null }>(
    gunzipSync(readFileSync(new URL('../data/oracles/selfies.jsonl.gz', import.meta.url))).toString(),
  )
  expect(cases.length).toBeGreaterThan(3000)
  expect(cases.map(({ smiles }) => ({ smiles, selfies: encode(smiles) }))).toEqual(cases)
})

it('gives the string of every solubility golden', () => {
  const cases = lines<{ query: string | null; selfies: string }>(
    readFileSync(new URL('../data/oracles/solubility.jsonl', import.meta.url), 'utf8'),
  ).filter(({ query }) => query !== null)
  expect(cases.length).toBeGreaterThan(30)
  for (const { query, selfies } of cases) expect(encode(query!)).toBe(selfies)
})

it('never throws anything but SelfiesError', () => {
  const piece = fc.constantFrom(...'C c N n O o [nH] [C@H] [13C-] ( ) 1 2 %12 = # : / \\ . [ ] [] é % $ *'.split(' '))
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 24 }), (parts) => {
      encode(parts.join(''))
    }),
    { numRuns: 3000, seed: 1 },
  )
})

it('pops integers in the order of a CPython set', () => {
  // python3.11: s = {3, 17, 40, 8, 9, 100, 1000, 64}; [s.pop() for _ in range(4)]; s.discard(17); s.add(16); pop the rest
  const set = new IntSet()
  for (const n of [3, 17, 40, 8, 9, 100, 1000, 64]) set.add(n)
  const popped = [set.pop(), set.pop(), set.pop(), set.pop()]
  set.delete(17)
  set.add(16)
  while (set.size > 0) popped.push(set.pop())
  expect(popped).toEqual([64, 3, 100, 40, 8, 9, 1000, 16])
})

it('finds a perfect matching where the greedy start leaves two nodes apart, and none in an odd path', () => {
  const path = (n: number): number[][] =>
    Array.from({ length: n }, (_, i) => [i - 1, i + 1].filter((j) => j >= 0 && j < n))
  expect(findPerfectMatching(path(4))).toEqual([1, 0, 3, 2])
  expect(findPerfectMatching(path(5))).toBeNull()
})

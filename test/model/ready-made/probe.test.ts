import { describe, expect, it } from 'vitest'
import { type Behaviour, type ProbeFacts, placeOf, probe, type RunTexts } from '../../../src/model/ready-made/probe.ts'
import type { Sequence } from '../../../src/types.ts'

// Exports that behave in one known way each, as functions of ids: what the probe must find.

const PAD = 5
const FACTS: ProbeFacts = {
  where: 'x',
  vocab: 400,
  padTokenId: PAD,
  dtype: 'fp32',
  causal: false,
  pooled: true,
  rows: null,
}

/** A number of the ids up to a place, as a causal decoder gives it there. */
const state = (ids: Int32Array, place: number): number => {
  let h = 0.3
  for (let t = 0; t <= place; t++) h = Math.sin(3 * h + ids[t]! / 7 + t / 5)
  return h
}
type Read = (ids: Int32Array, longest: number) => number
const runner =
  (read: Read, noise = 0): RunTexts =>
  async (texts) => {
    const longest = Math.max(...texts.map(({ ids }) => ids.length))
    return texts.map(({ ids }) => Float32Array.of(read(ids, longest) + noise * longest * texts.length))
  }
const found = (read: Read, facts: Partial<ProbeFacts> = {}, noise = 0): Promise<Behaviour> =>
  probe(runner(read, noise), { ...FACTS, ...facts })

const lastNotPad: Read = (ids) =>
  state(
    ids,
    ids.findLastIndex((id) => id !== PAD),
  )
const beforePad: Read = (ids) => state(ids, ids.includes(PAD) ? ids.indexOf(PAD) - 1 : ids.length - 1)
const last: Read = (ids) => state(ids, ids.length - 1)

describe('where the head reads', () => {
  it.each<[Behaviour['rule'], Read]>([
    ['rightmost not pad', lastNotPad],
    ['before the first pad', beforePad],
    ['last', last],
  ])('%s', async (rule, read) => {
    expect(await found(read)).toEqual({ batches: 'padded', rule })
    // activations quantised at run time: numbers move a little with the length and the company
    expect(await found(read, { dtype: 'q8' }, 1e-3)).toEqual({ batches: 'one by one', rule })
  })
  it('without a pad id there is only the last', async () => {
    expect(await found(last, { padTokenId: null })).toEqual({ batches: 'padded', rule: 'last' })
  })
  it('is not asked of an encoder or of rows that we gather', async () => {
    expect(await found(last, { pooled: false })).toEqual({ batches: 'padded', rule: null })
  })
})

describe('what may stand in one batch', () => {
  it('equal lengths where padding moves the numbers', async () => {
    expect((await found((ids, longest) => last(ids, longest) + (longest - ids.length))).batches).toBe('equal lengths')
  })
  it('nothing where any company does', async () => {
    expect((await found(last, {}, 1e-3)).batches).toBe('one by one')
  })
  it('nothing where the file is fixed at one text', async () => {
    expect((await found(last, { rows: 1 })).batches).toBe('one by one')
  })
  it('padded where half-precision alone differs', async () => {
    expect((await found(last, { dtype: 'fp16' }, 3e-5)).batches).toBe('padded')
  })
})

it('refuses log-probabilities that what follows moves', async () => {
  const causal: RunTexts = async (texts) =>
    texts.map(({ ids }) => Float32Array.from(ids.subarray(1), (_, t) => state(ids, t)))
  const both: RunTexts = async (texts: readonly Sequence[]) =>
    texts.map(({ ids }) => Float32Array.from(ids.subarray(1), (_, t) => state(ids, t) + state(ids, ids.length - 1)))
  const facts = { ...FACTS, causal: true, pooled: false }
  expect(await probe(causal, facts)).toEqual({ batches: 'padded', rule: null })
  await expect(probe(both, facts)).rejects.toThrow('it is not causal')
})
it('refuses an export that gives no numbers', async () => {
  await expect(found(() => Number.NaN)).rejects.toThrow('gives NaN for a text')
})

it('a rule as a place', () => {
  const ids = Int32Array.of(7, 8, PAD, 9, PAD, PAD)
  expect(placeOf('rightmost not pad', ids, PAD)).toBe(3)
  expect(placeOf('before the first pad', ids, PAD)).toBe(1)
  expect(placeOf('last', ids, PAD)).toBe(5)
  expect(placeOf('rightmost not pad', Int32Array.of(PAD, PAD), PAD)).toBe(0)
  expect(placeOf('before the first pad', Int32Array.of(7, 8), PAD)).toBe(1)
  // Python's index −1
  expect(placeOf('before the first pad', Int32Array.of(PAD, 8), PAD)).toBe(1)
})

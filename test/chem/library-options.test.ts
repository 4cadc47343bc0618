import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadChemistryData, readFilters } from '../../src/chem/ether0/data.ts'
import { BloomFilter } from '../../src/chem/toolkit/bloom.ts'
import { DataError } from '../../src/errors.ts'
import { given } from '../../src/given.ts'
import {
  accuracyReward,
  canonicalSmiles,
  evaluate,
  formatReward,
  groupAdvantages,
  isReasonableMolecule,
  renderChat,
  tanimoto,
} from '../../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-library-'))
afterAll(() => rmSync(folder, { recursive: true }))
const bloom = (name: string, ...keys: string[]): string => {
  const filter = BloomFilter.create(8 * 1009, 10)
  for (const key of keys) filter.add(key)
  writeFileSync(join(folder, name), filter.toBytes())
  return join(folder, name)
}
const nothing = bloom('nothing.bloom')
const benzene = bloom('benzene.bloom', 'C1=CC=CC=C1')
const TEXT = '<|think_start|>t<|think_end|><|answer_start|>OCCc1ccccc1<|answer_end|>'
const SOLUTION = "functional_group_eval!:!('C8H10O', ['primary alcohol'])!:!functional-group"

describe("the user's own filters", () => {
  it('decide what is reasonable', async () => {
    expect(await isReasonableMolecule('OCCc1ccccc1')).toBe(true)
    expect(await isReasonableMolecule('OCCc1ccccc1', { ringsBloom: nothing })).toBe(false)
    expect(await isReasonableMolecule('OCCc1ccccc1', { ringsBloom: benzene })).toBe(true)
    expect(await isReasonableMolecule('OCCc1ccccc1', { fingerprintsBloom: nothing })).toBe(false)
  })
  it('reach the rewards', async () => {
    expect((await accuracyReward(TEXT, SOLUTION)).reason).toBe('right_answer')
    expect((await accuracyReward(TEXT, SOLUTION, { ringsBloom: nothing })).reason).toBe('failed_ring_check')
    expect((await accuracyReward(TEXT, SOLUTION, { fingerprintsBloom: nothing })).reason).toBe('failed_reos_check')
    const target = "('C8H10O', ['primary alcohol'])"
    expect((await evaluate('functional_group_eval', 'OCCc1ccccc1', target, { ringsBloom: nothing })).value).toBe(0)
    expect((await evaluate('functional_group_eval', 'OCCc1ccccc1', target, { ringsBloom: benzene })).value).toBe(1)
  })
  it('are read anew where the file changed', async () => {
    const path = bloom('changing.bloom')
    expect(await isReasonableMolecule('OCCc1ccccc1', { ringsBloom: path })).toBe(false)
    bloom('changing.bloom', 'C1=CC=CC=C1')
    utimesSync(path, new Date(), new Date(Date.now() + 5000))
    expect(await isReasonableMolecule('OCCc1ccccc1', { ringsBloom: path })).toBe(true)
  })
  it('that are none are refused', async () => {
    await expect(isReasonableMolecule('C', { ringsBloom: join(folder, 'none.bloom') })).rejects.toThrow(DataError)
  })
  it('are read once: what the file becomes afterwards changes no verdict', () => {
    const path = bloom('once.bloom', 'C1=CC=CC=C1')
    const files = readFilters({ ringsBloom: path })
    bloom('once.bloom')
    const { rings, provenance } = loadChemistryData(files)
    expect(rings.has('C1=CC=CC=C1')).toBe(true)
    expect(provenance[0]).toMatchObject({ name: 'rings', file: path, sha256: files.ringsBloom!.sha256 })
  })
})

/** As JavaScript calls it, where no compiler looks. */
const misspelt = { resoning: false } as object
describe('an option that does not exist is refused', () => {
  it.each<[string, () => unknown]>([
    ['accuracyReward', () => accuracyReward(TEXT, SOLUTION, misspelt)],
    ['evaluate', () => evaluate('str_eval', 'C', 'C', misspelt)],
    ['isReasonableMolecule', () => isReasonableMolecule('C', misspelt)],
    ['canonicalSmiles', () => canonicalSmiles('C', misspelt)],
    ['tanimoto', () => tanimoto('C', 'C', misspelt)],
    ['formatReward', () => formatReward(TEXT, misspelt)],
    ['groupAdvantages', () => groupAdvantages([1, 0], misspelt)],
    ['renderChat', () => renderChat([{ role: 'user', content: 'C' }], 'x', misspelt)],
  ])('%s', async (name, call) => {
    await expect((async () => call())()).rejects.toMatchObject({
      tag: 'usage',
      message: 'is no option',
      where: `${name}: resoning`,
      hint: expect.stringMatching(/^There are \w+/),
    })
  })
})

it('given leaves out what is absent and keeps what is false, 0 or empty', () => {
  interface Some {
    readonly a?: number
    readonly b?: boolean
    readonly c?: string
    readonly d?: string
  }
  expect(given<Some>({ a: 0, b: false, c: '', d: null })).toEqual({ a: 0, b: false, c: '' })
  // @ts-expect-error misspelt
  expect(given<Some>({ a: 0, b: false, c: '', e: null })).toEqual({ a: 0, b: false, c: '' })
  // @ts-expect-error forgotten
  expect(given<Some>({ a: 0 })).toEqual({ a: 0 })
})

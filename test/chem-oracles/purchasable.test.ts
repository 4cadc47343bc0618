import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { isCommonReagent, isPurchasable, type Membership } from '../../src/chem/oracles/purchasable.ts'
import { BloomFilter } from '../../src/chem/toolkit/bloom.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { packagePath } from '../../src/package.ts'

interface Case {
  readonly smiles: string
  readonly canon: string | null
  readonly in_common: boolean | null
  readonly in_filter: boolean | null
  readonly value: { readonly value: boolean }
}
const cases = readFileSync(new URL('../data/oracles/purchasable.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Case)

let toolkit: Toolkit
let catalogue: Membership
beforeAll(async () => {
  toolkit = await Toolkit.load()
  const file = 'src/embedded/chem/zinc-instock-mini.bloom'
  catalogue = BloomFilter.parse(readFileSync(packagePath(file)), file)
})

describe.each(cases)('$smiles', ({ smiles, canon, in_common, in_filter, value }) => {
  it('is bought as by molbloom', () => {
    const key = toolkit.read(smiles)?.kekule ?? null
    expect(key).toBe(canon)
    if (key !== null) expect(isCommonReagent(key)).toBe(in_common)
    if (in_filter !== null) expect(catalogue.has(key!)).toBe(in_filter)
    expect(isPurchasable(smiles, catalogue, toolkit)).toBe(value.value)
  })
})

it('reaches 237 of the 345 common reagents, and no aromatic one, as in molbloom', () => {
  const common = JSON.parse(readFileSync(packagePath('src/embedded/oracles/common-reagents.json'), 'utf8')) as string[]
  // two entries are spellings of ozone
  const reachable = new Set(common.flatMap((smiles) => toolkit.read(smiles)?.kekule ?? []).filter(isCommonReagent))
  expect([common.length, reachable.size]).toEqual([345, 237])
  expect([...reachable].filter((smiles) => /[a-z]/.test(smiles.replace(/\[[^\]]*\]|Br|Cl/g, '')))).toEqual([])
})

import { describe, expect, it } from 'vitest'
import { loadChemistryData } from '../../src/chem/ether0/data.ts'
import { BloomFilter, bloomHashes, bloomPositions } from '../../src/chem/toolkit/bloom.ts'
import { DataError } from '../../src/errors.ts'
import { golden } from './golden.ts'

interface BloomCase {
  readonly id: string
  readonly fn: string
  readonly text: string
  readonly m: number
  readonly k: number
  readonly n: number
  readonly items: string[]
  readonly h1: string
  readonly h2: string
  readonly bytes_hex: string
  readonly filter: 'rings' | 'fingerprints'
  readonly value: unknown
}

describe('bloom', () => {
  const data = loadChemistryData()
  it.each(golden<BloomCase>('bloom'))('$id', (row) => {
    if (row.fn === 'bloom_positions') {
      const { first, second } = bloomHashes(row.text)
      expect([String(first), String(second)]).toEqual([row.h1, row.h2])
      expect(bloomPositions(row.text, row.m, row.k)).toEqual(row.value)
    } else if (row.fn === 'bloom_lookup') expect(data[row.filter].has(row.text)).toBe(row.value)
    else {
      const own = BloomFilter.create(row.m, row.n)
      for (const item of row.items) own.add(item)
      expect(own.hashes).toBe(row.k)
      expect(Buffer.from(own.toBytes()).toString('hex')).toBe(row.bytes_hex)
      const read = BloomFilter.parse(Buffer.from(row.bytes_hex, 'hex'), row.id)
      for (const [key, present] of Object.entries(row.value as Record<string, boolean>)) {
        expect(own.has(key)).toBe(present)
        if (row.m % 8 === 0) expect(read.has(key)).toBe(present)
      }
    }
  })

  it('has what was put in, also in a filter of more than 2^31 bits', () => {
    const filter = BloomFilter.create(2 ** 31 + 8, 2 ** 27)
    filter.add('CCO')
    expect(Math.max(...bloomPositions('CCO', 2 ** 31 + 8, filter.hashes))).toBeGreaterThan(2 ** 30)
    expect(filter.has('CCO')).toBe(true)
    expect(filter.has('CCN')).toBe(false)
  })

  it.each([
    ['', /not a molbloom filter/],
    ['424c4f4f4d030800000040000000000000000000000000000000', /version 3/],
    ['424c4f4f4d020800000040000000000000000000000000', /header says 26 bytes, file has 23/],
    ['424c4f4f4d020000000040000000000000000000000000000000', /no plausible filter/],
  ])('refuses a bad file (%s)', (hex, message) => {
    expect(() => BloomFilter.parse(Buffer.from(hex, 'hex'), 'own.bloom')).toThrow(message)
    expect(() => BloomFilter.parse(Buffer.from(hex, 'hex'), 'own.bloom')).toThrow(DataError)
  })

  it('names what it uses', () => {
    expect(data.provenance.map(({ name }) => name)).toEqual([
      'rings',
      'fingerprints',
      'purchasable',
      'functional-groups',
    ])
    expect(() => loadChemistryData({ ringsBloom: '/nowhere/rings.bloom' })).toThrow(DataError)
  })
})

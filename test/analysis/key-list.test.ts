import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KeyIndex, placesIn } from '../../analysis/key-index.ts'
import { PackedKeys, sameKeys } from '../../analysis/key-list.ts'

/** A list over several blocks, and what stands in it as it is. */
const lists = fc
  .tuple(fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { minLength: 1, maxLength: 40 }), fc.nat(9000))
  .map(([some, n]) => Array.from({ length: n }, (_, i) => `${some[i % some.length]}\u0000${i}`))

it('packed keys are the keys that were put, half surrogates and wide characters among them', () => {
  fc.assert(
    fc.property(lists, (keys) => {
      const packed = PackedKeys.of(keys)
      expect(packed.length).toBe(keys.length)
      expect([...packed]).toEqual(keys)
      for (const row of [0, 1, 4095, 4096, 8191, 8192, keys.length - 1].filter((row) => row >= 0)) {
        expect(packed.at(row)).toBe(keys[row])
        if (row >= keys.length) continue
        expect(packed.is(row, keys[row]!)).toBe(true)
        expect(packed.is(row, `${keys[row]}x`)).toBe(false)
        expect(packed.is(row, `${keys[row]!.slice(0, -1)}x`)).toBe(false)
      }
    }),
    { numRuns: 40 },
  )
})

it('lists are the same only where every key is', () => {
  fc.assert(
    fc.property(lists, fc.nat(), (keys, at) => {
      const packed = PackedKeys.of(keys)
      expect([sameKeys(packed, PackedKeys.of(keys)), sameKeys(packed, keys), sameKeys(keys, packed)]).toEqual([true, true, true]) // biome-ignore format: three ways
      const other = keys.map((key, i) => (i === at % keys.length ? 'another' : key))
      if (keys.length > 0)
        expect([sameKeys(packed, PackedKeys.of(other)), sameKeys(packed, other)]).toEqual([false, false])
      expect(sameKeys(packed, PackedKeys.of([...keys, 'one more']))).toBe(false)
      // of one length and one text, cut otherwise
      expect(sameKeys(PackedKeys.of(['ab', 'c', ...keys]), PackedKeys.of(['a', 'bc', ...keys]))).toBe(false)
    }),
    { numRuns: 40 },
  )
})

it('places are those of an index over arrays, whichever way the lists are kept', () => {
  const keys = Array.from({ length: 5000 }, (_, i) => `${i % 4990}→`.slice(0, i % 2 === 0 ? -1 : undefined))
  const others = keys.toReversed()
  const index = KeyIndex.of(others)
  expect([index.distinct, KeyIndex.of(PackedKeys.of(others)).distinct]).toEqual([false, false])
  const expected = keys.map((key) => index.get(key))
  for (const [a, b] of [
    [keys, others],
    [PackedKeys.of(keys), PackedKeys.of(others)],
  ] as const) {
    const place = placesIn(a, b)
    expect(keys.map((_, row) => place(row))).toEqual(expected)
  }
  // the first of two that are alike, though the lists are the same
  const same = placesIn(PackedKeys.of(keys), PackedKeys.of(keys))
  expect([same(4990), same(4991), same(4989)]).toEqual([0, 1, 4989])
})

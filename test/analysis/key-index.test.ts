import fc from 'fast-check'
import { expect, it } from 'vitest'
import { KeyIndex } from '../../analysis/key-index.ts'

it('finds what a Map finds, the first row of a key that stands twice', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 3 }), { maxLength: 60 }),
      fc.string({ maxLength: 3 }),
      (keys, other) => {
        const first = new Map<string, number>()
        keys.forEach((key, row) => {
          if (!first.has(key)) first.set(key, row)
        })
        const index = KeyIndex.of(keys)
        for (const key of [...keys, other]) expect(index.get(key)).toBe(first.get(key) ?? -1)
      },
    ),
  )
})

it('says which row had a key before', () => {
  const keys = ['a', 'b', 'a']
  const index = new KeyIndex(3, (row) => keys[row]!)
  expect([0, 1, 2].map((row) => index.put(row))).toEqual([-1, -1, 0])
})

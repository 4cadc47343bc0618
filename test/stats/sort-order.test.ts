import { expect, it } from 'vitest'
import { prng } from '../../src/prng.ts'
import { ascending, sortOrder } from '../../src/stats/sort-order.ts'

// Few values are inserted one by one, many go through the radix sort.
it.each([40, 1000])('%i values ascend, equal ones in the order that is given, −0 beside 0, NaN last', (n) => {
  const random = prng(5)
  const drawn = [Number.NaN, -0, 0, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 5e-324, -5e-324]
  const values = Float64Array.from({ length: n }, (_, i) =>
    i % 3 === 0 ? drawn[Math.floor(random() * drawn.length)]! : Math.round((random() - 0.5) * 40) / 7,
  )
  // a NaN with its sign set, as 0/0 is on some processors
  new Uint32Array(values.buffer)[1] = 0xfff80000
  const given = Int32Array.from({ length: n }, (_, i) => n - 1 - i)
  const of = (a: number, b: number): number =>
    Number.isNaN(a) || Number.isNaN(b) ? Number(Number.isNaN(a)) - Number(Number.isNaN(b)) : a < b ? -1 : a > b ? 1 : 0
  const want = (start: Int32Array): number[] => [...start].sort((a, b) => of(values[a]!, values[b]!))
  expect([...sortOrder(values, given)]).toEqual(want(given))
  expect([...sortOrder(values)]).toEqual(want(Int32Array.from(given).reverse()))
  const plain = ascending(values)
  expect([...plain]).toEqual([...values.slice().sort()]) // toEqual tells −0 from 0
  expect([...sortOrder([...values.subarray(1)])]).toEqual([...sortOrder(values.slice(1))])
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { clustersOf, coded } from '../../src/agreement/columns.ts'

it('numbers the prompts of some rows in the order of their names, few rows or many', () => {
  const names = fc.array(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(names, fc.nat(), fc.nat(), (list, from, length) => {
      const start = from % list.length
      const rows = Int32Array.from(list.slice(start, start + 1 + (length % 40)), (_, k) => start + k)
      const { cluster, clusters } = clustersOf(coded(list, list.length), rows)
      const own = Array.from(rows, (i) => list[i]!)
      const order = [...new Set(own)].sort((a, b) => (a < b ? -1 : 1))
      expect(clusters).toBe(order.length)
      expect([...cluster]).toEqual(own.map((name) => order.indexOf(name)))
    }),
    { numRuns: 200 },
  )
})

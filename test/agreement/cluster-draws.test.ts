import { expect, it } from 'vitest'
import { ClusterDraws } from '../../src/agreement/cluster-draws.ts'
import { prng } from '../../src/prng.ts'
import { resampleClusters } from '../../src/stats/bootstrap.ts'
import type { Weights } from '../../src/stats/draws.ts'

it('sums columns over the resamples that the statistics library draws', () => {
  const columns = [7, 5, 1].map((step) => Float64Array.from({ length: 13 }, (_, c) => (c * step) % 11))
  const draws = new ClusterDraws(13, { seed: 3, resamples: 50 })
  const totals = draws.totals(columns)
  const sums = columns.map((column) => (weights: Weights) => column.reduce((sum, x, c) => sum + weights[c]! * x, 0))
  const want = resampleClusters(13, sums, 50, prng(3))
  for (const [k, column] of totals.entries()) expect([...column]).toEqual([...want[k]!])
  // kept from the first time, and the same
  expect(draws.totals(columns)).toEqual(totals)
})

it('draws again what is too much to keep, and the same', () => {
  const clusters = 2 ** 16
  const column = Float64Array.from({ length: clusters }, (_, c) => c % 3)
  const draws = new ClusterDraws(clusters, { seed: 1, resamples: 3 })
  expect(draws.totals([column])).toEqual(draws.totals([column]))
  expect(new Set(draws.totals([column])[0]).size).toBe(3)
})

it('draws none of a single prompt', () => {
  const draws = new ClusterDraws(1, { seed: 0, resamples: 10 })
  expect(draws.totals([Float64Array.of(1)])[0]).toHaveLength(0)
  expect(draws.of(2).totals([Float64Array.of(1, 1)])[0]).toEqual(new Float64Array(10).fill(2))
})

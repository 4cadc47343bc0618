import { describe, expect, it } from 'vitest'
import { prng } from '../../src/prng.ts'
import { auroc, chiSquareTest, delong, delongClustered, homogeneity, ksDistance } from '../../src/stats/index.ts'
import { normal } from './normal.ts'

/** Shares of p-values below 5 % and 1 %, and their distance from uniform. */
function sizes(p: readonly number[]): { five: number; one: number; distance: number } {
  const below = (level: number): number => p.filter((v) => v < level).length / p.length
  const uniform = Array.from({ length: 10_000 }, (_, i) => (i + 0.5) / 10_000)
  return { five: below(0.05), one: below(0.01), distance: ksDistance(p, uniform)! }
}

describe('DeLong with prompts of several rows', () => {
  /** Two scorers that are equally good; rows of a prompt share much of the scores. */
  function data(clusters: number, rows: number, seed: number) {
    const random = prng(seed)
    const n = clusters * rows
    const cluster = Int32Array.from({ length: n }, (_, i) => Math.floor(i / rows))
    const label = Float64Array.from({ length: n }, () => (random() < 0.5 ? 1 : 0))
    const shared = [0, 1, 2].map(() => Array.from({ length: clusters }, () => normal(random)))
    const own = (which: number) =>
      label.map((y, i) => y + shared[0]![cluster[i]!]! + shared[which]![cluster[i]!]! + normal(random))
    return { label, a: own(1), b: own(2), cluster }
  }
  it('is DeLong where every prompt has one row, but for t', () => {
    const { label, a, b, cluster } = data(60, 1, 1)
    const [plain, clustered] = [delong(label, a, b)!, delongClustered(label, a, b, cluster, 60)!]
    expect(clustered.standardError).toBeCloseTo(plain.standardError, 14)
    expect(clustered.difference).toBeCloseTo(auroc(label, a)! - auroc(label, b)!, 14)
    expect(clustered.df).toBe(59)
    expect(clustered.p).toBeGreaterThan(plain.p)
  })
  it.each([
    [10, 4],
    [40, 3],
  ])('rejects a true null as often as it says: %i prompts of %i rows', (clusters, rows) => {
    const p = Array.from({ length: 2000 }, (_, i) => {
      const { label, a, b, cluster } = data(clusters, rows, 1000 + i)
      return delongClustered(label, a, b, cluster, clusters)?.p ?? 1
    })
    const { five, one, distance } = sizes(p)
    // ± 3 standard errors of 2,000 draws: 0.015 and 0.007
    expect(five).toBeGreaterThan(0.03)
    expect(five).toBeLessThan(0.065)
    expect(one).toBeLessThan(0.017)
    expect(distance).toBeLessThan(0.05)
  })
  it('has no answer with one prompt of a class', () => {
    const [label, a] = [Float64Array.of(1, 1, 0, 0), Float64Array.of(3, 2, 1, 0)]
    expect(delongClustered(label, a, a, Int32Array.of(0, 0, 1, 2), 3)).toBeNull()
    expect(delongClustered(label, a, a, Int32Array.of(0, 1, 0, 1), 2)).toMatchObject({ difference: 0, p: 1 })
  })
})

describe('homogeneity', () => {
  it('is the χ² of homogeneity for single rows, also of groups at 0 and 1', () => {
    const counts = [
      [0, 12],
      [15, 0],
      [7, 13],
    ] as const
    const values = counts.flatMap(([wins, losses]) => [
      ...new Array<number>(wins).fill(1),
      ...new Array<number>(losses).fill(0),
    ])
    const groups = counts.flatMap(([w, l], g) => new Array<number>(w + l).fill(g))
    const found = homogeneity(values, groups, [...values.keys()])!
    const want = chiSquareTest(counts)!
    expect(found.statistic).toBeCloseTo(want.statistic, 10)
    expect(found.p / want.p).toBeCloseTo(1, 9)
    expect(found).toMatchObject({ df: 2, groups: 3 })
    expect(found.iSquared).toBeCloseTo(1 - 2 / want.statistic, 12)
  })
  it('counts prompts, not rows, where the rows of a prompt are alike', () => {
    const prompts = [1, 1, 1, 1, 0, 0, 1, 0, 0, 0]
    const groups = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    const once = homogeneity(prompts, groups, [...prompts.keys()])!
    const copies = <T>(list: readonly T[]): T[] => list.flatMap((v) => [v, v, v, v])
    const copied = homogeneity(copies(prompts), copies(groups), copies([...prompts.keys()]))!
    expect(copied.statistic).toBeCloseTo(once.statistic, 12)
  })
  it('has nothing to say of one group, or of values that do not vary', () => {
    expect(homogeneity([1, 0], ['a', 'a'], [1, 2])).toBeNull()
    expect(homogeneity([1, 1, 1], ['a', 'a', 'b'], [1, 2, 3])).toBeNull()
    expect(homogeneity([], [], [])).toBeNull()
  })
  it.each([
    [5, 20, 1, 0.8],
    [5, 20, 1, 0.95],
    [4, 15, 4, 0.8],
  ])(
    'rejects a true null at most as often as it says: %i groups of %i prompts of %i rows, accuracy %f',
    (k, prompts, rows, share) => {
      const random = prng(77)
      const n = k * prompts * rows
      const cluster = Array.from({ length: n }, (_, i) => Math.floor(i / rows))
      const group = Array.from({ length: n }, (_, i) => Math.floor(i / rows / prompts))
      const p = Array.from({ length: 2000 }, () => {
        // rows of a prompt: all as the prompt is, with chance ½, else each for itself
        const same = Array.from({ length: k * prompts }, () => [random() < 0.5, random() < share] as const)
        const values = cluster.map((c) => Number(same[c]![0] ? same[c]![1] : random() < share))
        return homogeneity(values, group, cluster)?.p ?? 1
      })
      const { five, one } = sizes(p)
      expect(five).toBeLessThan(0.065)
      expect(five).toBeGreaterThan(share > 0.9 ? 0.01 : 0.03)
      expect(one).toBeLessThan(0.017)
    },
  )
})

import { describe, expect, it } from 'vitest'
import { aurocDifference } from '../../src/agreement/auroc-difference.ts'
import { prng } from '../../src/prng.ts'
import { auroc, delong } from '../../src/stats/index.ts'

/** Scores a and b of rows whose label both see, b less clearly. */
function sample(n: number, seed: number): { label: Float64Array; a: Float64Array; b: Float64Array } {
  const random = prng(seed)
  const label = Float64Array.from({ length: n }, () => (random() < 0.4 ? 1 : 0))
  const common = Float64Array.from(label, () => random() + random())
  return {
    label,
    a: label.map((y, i) => y + common[i]! + random()),
    b: label.map((y, i) => 0.6 * y + common[i]! + random()),
  }
}
const alone = (n: number) => ({ cluster: Int32Array.from({ length: n }, (_, i) => i), clusters: n })
const twice = (values: Float64Array): Float64Array =>
  Float64Array.from({ length: 2 * values.length }, (_, i) => values[i >> 1]!)

describe('aurocDifference', () => {
  it('is DeLong where every prompt has one row', () => {
    const rows = sample(120, 1)
    const found = aurocDifference({ ...rows, ...alone(120) })
    const want = delong(rows.label, rows.a, rows.b)!
    expect(found).toMatchObject({ p: want.p, test: 'delong', reason: null })
    expect([found.a! - want.a, found.b! - want.b].every((d) => Math.abs(d) < 1e-12)).toBe(true)
    expect(found.ci).toEqual({ interval: { low: want.low, high: want.high }, method: 'delong' })
    expect(found.difference).toBe(auroc(rows.label, rows.a)! - auroc(rows.label, rows.b)!)
  })
  it('knows that a row written twice is no second row: the interval of the resampled prompts is that of the rows once', () => {
    for (const seed of [1, 2, 3]) {
      const rows = sample(400, seed)
      const once = delong(rows.label, rows.a, rows.b)!
      const doubled = { label: twice(rows.label), a: twice(rows.a), b: twice(rows.b) }
      const naive = delong(doubled.label, doubled.a, doubled.b)!
      const cluster = Int32Array.from({ length: 800 }, (_, i) => i >> 1)
      const found = aurocDifference({ ...doubled, cluster, clusters: 400 })
      expect(found.test).toBe('delong_clustered')
      expect(found.difference).toBeCloseTo(once.difference, 12)
      const width = found.ci.interval!.high - found.ci.interval!.low
      expect(Math.abs(width / (once.high - once.low) - 1)).toBeLessThan(0.1)
      expect(width).toBeGreaterThan(1.15 * (naive.high - naive.low))
      expect(Math.abs(found.p! - once.p)).toBeLessThan(0.03)
    }
  })
  it('turns round with its scores', () => {
    const rows = sample(60, 5)
    const place = { cluster: Int32Array.from({ length: 60 }, (_, i) => i % 30), clusters: 30 }
    const [ab, ba] = [
      aurocDifference({ ...rows, ...place }),
      aurocDifference({ label: rows.label, a: rows.b, b: rows.a, ...place }),
    ]
    expect(ba.difference).toBe(-ab.difference!)
    expect(ba.p).toBe(ab.p)
    expect(ba.ci.interval!.low).toBeCloseTo(-ab.ci.interval!.high, 12)
  })
  it('finds no difference between a score and itself', () => {
    const { label, a } = sample(60, 6)
    const place = { cluster: Int32Array.from({ length: 60 }, (_, i) => i % 30), clusters: 30 }
    expect(aurocDifference({ label, a, b: a, ...place })).toMatchObject({ difference: 0, p: 1 })
    expect(aurocDifference({ label, a, b: a, ...alone(60) })).toMatchObject({ difference: 0, p: 1 })
  })
  it('has a p for a perfect score against a constant one, which have no standard error', () => {
    const label = Float64Array.from({ length: 24 }, (_, i) => i % 2)
    const constant = new Float64Array(24)
    const pairs = Int32Array.from({ length: 24 }, (_, i) => i >> 1)
    const found = aurocDifference({ label, a: label, b: constant, cluster: pairs, clusters: 12 })
    // 12 prompts of one sign: 2 of 2¹² patterns
    expect(found).toMatchObject({ a: 1, b: 0.5, difference: 0.5, p: 2 ** -11, test: 'sign_flip', reason: null })
    expect(found.ci).toEqual({ interval: null, method: 'none: no variance' })
    expect(aurocDifference({ label, a: label, b: constant, ...alone(24) })).toMatchObject({ p: 2 ** -23 })
  })
  it('says why there is none', () => {
    const ones = Float64Array.of(1, 1)
    const of = (label: Float64Array, cluster: Int32Array, clusters: number) =>
      aurocDifference({
        label,
        a: Float64Array.from(label, (_, i) => i),
        b: Float64Array.from(label),
        cluster,
        clusters,
      })
    expect(of(ones, Int32Array.of(0, 1), 2)).toMatchObject({ difference: null, p: null, reason: 'one_class' })
    expect(of(new Float64Array(0), new Int32Array(0), 0).reason).toBe('no_common_completion')
    expect(of(Float64Array.of(1, 0), Int32Array.of(0, 0), 1)).toMatchObject({ p: null, reason: 'one_prompt' })
    expect(of(Float64Array.of(1, 0), Int32Array.of(0, 1), 2)).toMatchObject({ p: null, reason: 'no_variance' })
  })
})

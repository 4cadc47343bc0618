import { describe, expect, it } from 'vitest'
import { prng } from '../../src/prng.ts'
import { binomialTest, signFlipTest } from '../../src/stats/index.ts'
import { saddlepointTail, signedSumTail } from '../../src/stats/signed-sum.ts'

/** Every pattern of signs, counted. */
function enumerated(values: readonly number[], limit: number): number {
  let hits = 0
  for (let mask = 0; mask < 2 ** values.length; mask++) {
    const sum = values.reduce((s, v, i) => s + ((mask >> i) & 1 ? v : -v), 0)
    if (Math.abs(sum) >= limit - 1e-9) hits++
  }
  return hits / 2 ** values.length
}

describe('the tail of signed sums', () => {
  it('is that of all patterns, for halves, whole numbers, thirds and mixtures', () => {
    const random = prng(4)
    for (let k = 0; k < 60; k++) {
      const unit = [0.5, 1, 1 / 3, 0.25][k % 4]!
      const values = Array.from({ length: 5 + (k % 10) }, () => unit * (Math.floor(random() * 9) - 4))
      const limit = Math.abs(values.reduce((s, v) => s + v, 0))
      if (limit === 0) continue
      const exact = signedSumTail(values, limit)!
      expect(Math.abs(exact / enumerated(values, limit) - 1)).toBeLessThan(1e-12)
    }
  })
  it('has no common unit for arbitrary numbers', () => {
    expect(signedSumTail([Math.SQRT2, 1, Math.PI], 2)).toBeNull()
  })
  it('of equal values is the binomial, as far out as doubles reach', () => {
    for (const [n, more] of [
      [100, 70],
      [400, 300],
      [1000, 990],
      [20_000, 10_300],
    ] as const) {
      const ones = new Float64Array(n).fill(1)
      const exact = signedSumTail(ones, 2 * more - n)!
      expect(Math.abs(exact / binomialTest(more, n)!.p - 1)).toBeLessThan(1e-8)
    }
  })
  it('is met by the saddlepoint within a few per cent, at 1e-2 and at 1e-12', () => {
    const random = prng(8)
    // 1/840 is the smallest unit that is summed exactly: nearly continuous
    const values = Array.from({ length: 60 }, () => Math.round(840 * (0.2 + random())) / 840)
    for (const share of [0.35, 0.5, 0.7, 0.85, 0.95]) {
      const limit = share * values.reduce((s, v) => s + v, 0)
      const exact = signedSumTail(values, limit)
      expect(exact).not.toBeNull()
      expect(Math.abs(saddlepointTail(values, limit) / exact! - 1)).toBeLessThan(0.04)
    }
  })
})

describe('sign flips of many prompts', () => {
  it('are exact for half accuracies, below any number of draws: 60 prompts for a, none for b', () => {
    const d = Array.from({ length: 100 }, (_, i) => (i < 60 ? 1 : 0))
    const found = signFlipTest(d, { weight: 'rows' })!
    expect(found).toMatchObject({ method: 'exact', clusters: 100 })
    expect(found.p * 2 ** 59).toBeCloseTo(1, 12)
    // with ties as ½ and prompts of two rows: 40 prompts of +1, 30 of +½, 10 of −½; counted with exact fractions in Python,
    // sum(count for s, count in convolved if abs(s) >= 50) / 2**80
    const mixed = [
      ...new Array<number>(40).fill(1),
      ...new Array<number>(30).fill(0.5),
      ...new Array<number>(10).fill(-0.5),
    ]
    expect(signFlipTest(mixed)!.p / PYTHON_MIXED).toBeCloseTo(1, 9)
  })
  it('go on below 1/10001 where the values have no common unit', () => {
    const random = prng(2)
    const d = Array.from({ length: 50 }, () => 1 + random())
    const found = signFlipTest(d)!
    expect(found.method).toBe('saddlepoint')
    // all 50 of one sign: the most extreme pattern and its mirror
    expect(found.p).toBe(2 ** -49)
    const some = signFlipTest(d.map((v, i) => (i % 7 === 0 ? -v : v)))!
    expect(some.method).toBe('saddlepoint')
    expect(some.p).toBeLessThan(1e-4)
    expect(some.p).toBeGreaterThan(2 ** -49)
  })
  it('take no time for a million prompts', () => {
    const random = prng(3)
    const d = Float64Array.from({ length: 1_000_000 }, () => (random() < 0.1 ? (random() < 0.52 ? 1 : -1) : 0))
    const found = signFlipTest(d, { weight: 'rows' })!
    const [plus, minus] = [d.filter((v) => v > 0).length, d.filter((v) => v < 0).length]
    expect(found.method).toBe('exact')
    expect(found.p / binomialTest(plus, plus + minus)!.p).toBeCloseTo(1, 6)
  })
})
const PYTHON_MIXED = 1.6375325647615478e-14

import { expect, it } from 'vitest'
import { drawToken, keptTokens, mostProbable } from '../../src/generate/sampling.ts'
import { uniformOf } from '../../src/generate/uniform.ts'
import { readPacked } from './models.ts'

interface Warped {
  readonly logits: readonly number[]
  readonly temperature: number
  readonly top_p: number
  readonly kept: readonly number[]
  readonly probabilities: readonly number[]
}
const { cases } = readPacked('warpers.json.gz') as { cases: readonly Warped[] }

it.each(cases)('keeps what transformers keeps: temperature $temperature, top-p $top_p', (warped) => {
  const { ids, weights, total } = keptTokens(Float32Array.from(warped.logits), {
    temperature: warped.temperature,
    topP: warped.top_p,
  })
  expect([...ids]).toEqual(warped.kept)
  // transformers divides by the temperature in float32
  warped.probabilities.forEach((probability, i) => {
    expect(Math.abs(weights[i]! / total - probability)).toBeLessThan(1e-6)
  })
})

it('draws as often as the probabilities say (χ², 20,000 draws of 12 tokens)', () => {
  const logits = Float32Array.from({ length: 12 }, (_, i) => Math.sin(3 * i) * 2)
  for (const [temperature, topP] of [
    [1, 1],
    [0.6, 1],
    [1, 0.8],
  ] as const) {
    const kept = keptTokens(logits, { temperature, topP })
    const counts = new Map<number, number>()
    const draws = 20_000
    for (let i = 0; i < draws; i++) {
      const token = drawToken(kept, uniformOf(7, 'row', i, 3))
      counts.set(token, (counts.get(token) ?? 0) + 1)
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([...kept.ids])
    const statistic = [...kept.ids].reduce((sum, id, i) => {
      const expected = (draws * kept.weights[i]!) / kept.total
      return sum + (counts.get(id)! - expected) ** 2 / expected
    }, 0)
    // mean k − 1, deviation √(2 (k − 1)): 4 deviations
    const freedom = kept.ids.length - 1
    expect(statistic).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom))
  }
})

it('takes the lowest of equal logits, and the edges of a uniform number', () => {
  expect(mostProbable(Float32Array.of(1, 3, 3, 2))).toBe(1)
  const kept = { ids: Int32Array.of(2, 5, 9), weights: Float64Array.of(1, 2, 0), total: 3 }
  expect(drawToken(kept, 0)).toBe(2)
  expect(drawToken(kept, 1 / 3)).toBe(5)
  // a token without weight is never drawn, however the sum is rounded
  expect(drawToken({ ...kept, total: 3 + 1e-9 }, 1 - 2 ** -53)).toBe(5)
})

it('uniform numbers of different places are different and fill [0, 1)', () => {
  const all = Array.from({ length: 4000 }, (_, i) => uniformOf(1, `row ${i % 10}`, Math.floor(i / 10) % 20, i % 7))
  expect(new Set(all).size).toBe(
    new Set(Array.from({ length: 4000 }, (_, i) => [i % 10, Math.floor(i / 10) % 20, i % 7].join())).size,
  )
  expect(Math.min(...all)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...all)).toBeLessThan(1)
  expect(Math.abs(all.reduce((sum, u) => sum + u, 0) / all.length - 0.5)).toBeLessThan(0.03)
  // nothing of one part moves into the next
  expect(uniformOf(1, 'a\u00001', 2, 3)).not.toBe(uniformOf(1, 'a', 12, 3))
})

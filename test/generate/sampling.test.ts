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

const idsOf = (weights: Float64Array): number[] => [...weights.keys()].filter((id) => weights[id]! > 0)

it.each(cases)('keeps what transformers keeps: temperature $temperature, top-p $top_p', (warped) => {
  const { weights, total } = keptTokens(Float32Array.from(warped.logits), {
    temperature: warped.temperature,
    topP: warped.top_p,
  })
  expect(idsOf(weights)).toEqual(warped.kept)
  // transformers divides by the temperature in float32
  warped.probabilities.forEach((probability, i) => {
    expect(Math.abs(weights[warped.kept[i]!]! / total - probability)).toBeLessThan(1e-6)
  })
})

it('top-p without sorting keeps what sorting would, equal weights included', () => {
  for (let k = 0; k < 200; k++) {
    const logits = Float32Array.from(
      { length: 1 + ((37 * k) % 200) },
      (_, i) => Math.round(8 * Math.sin(0.7 * i * k)) / 3,
    )
    const { weights, total } = keptTokens(logits, { temperature: 0.8, topP: 1 })
    const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b)
    for (const topP of [1e-6, 0.1, 0.5, 0.9, 0.999]) {
      let sum = 0
      const kept = order.filter((id, i) => {
        if (i > 0 && sum >= topP * total) return false
        sum += weights[id]!
        return true
      })
      const found = keptTokens(logits, { temperature: 0.8, topP })
      expect(idsOf(found.weights)).toEqual(kept.sort((a, b) => a - b))
      expect(Math.abs(found.total / sum - 1)).toBeLessThan(1e-12)
    }
  }
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
    const ids = idsOf(kept.weights)
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(ids)
    const statistic = ids.reduce((sum, id) => {
      const expected = (draws * kept.weights[id]!) / kept.total
      return sum + (counts.get(id)! - expected) ** 2 / expected
    }, 0)
    // mean k − 1, deviation √(2 (k − 1)): 4 deviations
    const freedom = ids.length - 1
    expect(statistic).toBeLessThan(freedom + 4 * Math.sqrt(2 * freedom))
  }
})

it('takes the lowest of equal logits, and the edges of a uniform number', () => {
  expect(mostProbable(Float32Array.of(1, 3, 3, 2))).toBe(1)
  const kept = { weights: Float64Array.of(0, 0, 1, 0, 0, 2, 0), total: 3 }
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

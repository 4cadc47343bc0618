import { describe, expect, it } from 'vitest'
import { bestOfResult, type TiesPrompt, tiesScore } from '../../src/groups/reward-bench-2.ts'
import { golden, numberOf } from './golden.ts'

const { best_of, ties } = golden.rewardbench2

describe('best of four', () => {
  it.each([...best_of.items, best_of.nested_scores])('$scores', ({ scores, result }) => {
    expect(bestOfResult(scores.map(numberOf))).toBeCloseTo(result, 12)
  })
  it('a missing score leaves no result', () => {
    expect(bestOfResult([1, null, 0, 0])).toBeNull()
    expect(bestOfResult([])).toBeNull()
  })
})

describe('ties', () => {
  it.each(ties.map((item) => [item.id, item] as const))('%s', (_, { rows, score, error, components }) => {
    const got = tiesScore(
      rows.map(({ id, num_correct, scores }): TiesPrompt => {
        const [form, number] = id.split(':')
        const all = scores.map(numberOf)
        return {
          form: form as 'ref' | 'tied',
          number: number!,
          right: all.slice(0, num_correct),
          wrong: all.slice(num_correct),
        }
      }),
    )
    if (error !== undefined || Number.isNaN(numberOf(score!))) {
      expect(got).toBeNull()
      return
    }
    const want = [
      score!,
      ...['tied_accuracy', 'ref_accuracy', 'correctness_preferred', 'correctness_preferred_hard', 'margin_score'].map(
        (name) => components![name]!,
      ),
    ].map(numberOf)
    const ours = [got!.score, got!.tiedAccuracy, got!.refAccuracy, got!.preferred, got!.preferredHard, got!.margin]
    for (const [i, value] of want.entries()) expect(Math.abs(ours[i]! - value), String(i)).toBeLessThan(1e-9)
  })
})

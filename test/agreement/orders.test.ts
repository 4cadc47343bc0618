import { expect, it } from 'vitest'
import { agreement } from '../../src/agreement/agreement.ts'
import { prng } from '../../src/prng.ts'
import type { ScoredPair, Statistic } from '../../src/types.ts'
import { demoPairs, rmScores } from './demo.ts'

/** order_consistency: of models that compare two answers alone, counted here pair by pair. */
const base = demoPairs(rmScores()).pairs
const scored = (scores: readonly (readonly [number | null, number | null])[]): ScoredPair[] =>
  scores.map(([chosen, rejected], i) => {
    const pair = base[i]!
    const margin = chosen === null || rejected === null ? null : chosen - rejected
    return {
      ...pair,
      margin,
      chosen: { ...pair.chosen, score: chosen },
      rejected: { ...pair.rejected, score: rejected },
    }
  })
const consistency = (pairs: readonly ScoredPair[], even: number): Statistic[] =>
  agreement(
    pairs,
    pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]),
    { resamples: 200, even },
  ).statistics.filter(({ statistic }) => statistic === 'order_consistency')

it('the same answer, whichever is shown first', () => {
  // preferred: chosen, chosen | first, first | second, second | rejected, rejected | neither once | no score
  const scores = [
    [2, -1],
    [2, 1],
    [-2, -1],
    [-2, 1],
    [0, 1],
    [null, 1],
  ] as const
  const [all] = consistency(scored(scores), 0)
  expect(all).toMatchObject({ scope: 'pairs', subset: 'all', value: 0.5, n: 4, ties: 1, missing: 1, reason: null })
  // of probabilities the even point is ½
  const asProbabilities = scores.map(([a, b]) => [a === null ? null : 0.5 + a / 10, 0.5 + b / 10] as const)
  expect(consistency(scored(asProbabilities), 0.5)[0]).toMatchObject({ value: 0.5, n: 4, ties: 1, missing: 1 })
})

it('does not depend on which of the two is called chosen, and has an interval over prompts', () => {
  const random = prng(3)
  const scores = base.map(() => [random() - 0.4, random() - 0.6] as const)
  const same = scores.filter(([a, b]) => a > 0 !== b > 0).length
  const [all, ...subsets] = consistency(scored(scores), 0)
  expect(all!.value).toBe(same / base.length)
  expect(all!.ciLow).toBeLessThan(all!.value!)
  expect(all!.ciHigh).toBeGreaterThan(all!.value!)
  expect(subsets.reduce((sum, { value, n }) => sum + value! * n, 0)).toBeCloseTo(same, 9)
  const turned = scores.map(([a, b]) => [b, a] as const)
  expect(consistency(scored(turned), 0)).toEqual(consistency(scored(scores), 0))
})

it('is absent with a reason where no pair is decided, and of models that score one text', () => {
  expect(
    consistency(
      scored([
        [0, 0],
        [null, null],
      ]),
      0,
    )[0],
  ).toMatchObject({
    value: null,
    n: 0,
    ties: 1,
    missing: 1,
    reason: 'no_pair_decided_in_both_orders',
  })
  const { statistics } = agreement(base, [], { resamples: 100 })
  expect(statistics.map(({ statistic }) => statistic)).not.toContain('order_consistency')
})

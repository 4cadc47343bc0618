import { expect, it } from 'vitest'
import { bestOf } from '../../src/agreement/best-of.ts'
import { tiesScore } from '../../src/groups/reward-bench-2.ts'
import { pairsOf } from '../../src/score/pairing.ts'
import type { ScoredCompletion, ScoredPair } from '../../src/types.ts'

/** All pairs of a row, with the scores of its chosen and its rejected completions. */
function row(id: string, subset: string, chosen: (number | null)[], rejected: (number | null)[]): ScoredPair[] {
  const completion =
    (role: 'chosen' | 'rejected') =>
    (score: number | null, index: number): ScoredCompletion => ({
      id,
      subset,
      problemType: null,
      role,
      index,
      text: '',
      score,
      scoreReason: score === null ? 'too_long' : null,
      verifiableReward: null,
      verifiableStatus: 'unverifiable',
      verifiableReason: null,
      formatReward: null,
      promptTokens: null,
      completionTokens: null,
    })
  return pairsOf({ prompt: id, extra: {} }, [
    ...chosen.map(completion('chosen')),
    ...rejected.map(completion('rejected')),
  ])
}
const SETTINGS = { seed: 0, resamples: 200 }
const SIX = ['Factuality', 'Precise IF', 'Math', 'Safety', 'Focus']
const TIES = [
  row('ref:0', 'Ties', [2], [0, 1]),
  row('tied:0', 'Ties', [3, 2.5], [1]),
  row('tied:1', 'Ties', [1, 2], [1]),
]

it('counts 1/k where the chosen completion shares the first place with k − 1 others', () => {
  const pairs = [
    row('a', 'x', [1], [0, 0, 0]), // 1
    row('b', 'x', [1], [1, 0, 1]), // 1/3
    row('c', 'x', [1], [2, 0, 0]), // 0
    row('d', 'y', [1], [null, 0, 0]),
    row('e', 'y', [1], [0]), // 1 of two
    row('f', 'y', [1, 2], [0]),
  ].flat()
  const table = bestOf(pairs, SETTINGS)!
  expect(table.subsets.x).toMatchObject({ chance: 0.25, n: 3, missing: 0, clusters: 3 })
  expect(table.subsets.x!.score).toBeCloseTo(4 / 9, 12)
  expect(table.subsets.y).toMatchObject({ score: 1, chance: 0.5, n: 1, missing: 1, ci: null })
  // (1 + ⅓ + 0 + 1) / 4
  expect(table.overall.score).toBeCloseTo(7 / 12, 12)
  expect(table.overall).toMatchObject({ n: 4, missing: 1 })
  expect(table.overall.ci!.low).toBeLessThan(table.overall.score!)
  expect(table.overall.ci!.high).toBeGreaterThan(table.overall.score!)
  expect(table).toMatchObject({ several_chosen: 1, ties: null, rewardbench_2: null })
})

it('says nothing where every row is one pair: that is the accuracy', () => {
  expect(bestOf(row('a', 'x', [1], [0]))).toBeNull()
  expect(bestOf([])).toBeNull()
})

it("is RewardBench 2's score where the data hold its six subsets", () => {
  const table = bestOf([...SIX.map((name, i) => row(name, name, [1], [i % 2, 0, 0])), ...TIES].flat(), SETTINGS)!
  const ties = tiesScore([
    { form: 'ref', number: '0', right: [2], wrong: [0, 1] },
    { form: 'tied', number: '0', right: [3, 2.5], wrong: [1] },
    { form: 'tied', number: '1', right: [1, 2], wrong: [1] },
  ])!
  const { score, ...parts } = ties
  expect(table.ties).toEqual({ score, parts, ref: 1, tied: 2, reason: null })
  expect(Object.keys(table.subsets)).toEqual(SIX)
  // Precise IF and Safety are ties of two
  expect(table.overall.score).toBeCloseTo((3 + 2 * 0.5) / 5, 12)
  expect(table.rewardbench_2!.score).toBeCloseTo((3 + 2 * 0.5 + score) / 6, 12)
})

it('gives no score, and the reason, where a subset is absent or a completion of Ties has no score', () => {
  expect(bestOf(TIES.flat(), SETTINGS)!.rewardbench_2).toEqual({
    score: null,
    reason: `subset_absent: ${SIX.join(', ')}`,
  })
  const unscored = [...TIES, row('tied:2', 'Ties', [1, null], [0])].flat()
  expect(bestOf(unscored, SETTINGS)!.ties).toMatchObject({ score: null, reason: 'not_all_scored', tied: 3 })
  expect(bestOf(TIES[1]!, SETTINGS)!.ties).toMatchObject({ score: null, reason: 'undefined' })
})

it('rows called Ties without its ids are rows like any other', () => {
  expect(bestOf(row('7', 'Ties', [1], [0, 0]), SETTINGS)).toMatchObject({ ties: null, subsets: { Ties: { score: 1 } } })
})

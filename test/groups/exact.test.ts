import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bestOfN } from '../../src/groups/best-of-n.ts'
import { drawnBestOf } from '../../src/groups/drawn-best-of.ts'
import { expectedVoting, LARGEST_VOTE } from '../../src/groups/expected-voting.ts'
import { passAtK } from '../../src/groups/pass-at-k.ts'
import { bestOfResult } from '../../src/groups/reward-bench-2.ts'
import { vote, voting } from '../../src/groups/voting.ts'
import { ndcg, reciprocalRank } from '../../src/stats/rank-metrics.ts'
import { golden } from './golden.ts'

// Closed forms against enumeration: every subset, every order, every drawn row.

/** All index sets of a size, each ascending. */
function subsets(length: number, size: number): number[][] {
  if (size === 0) return [[]]
  return Array.from({ length }, (_, last) => last).flatMap((last) =>
    subsets(last, size - 1).map((head) => [...head, last]),
  )
}
const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
function orders<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((item, i) => orders(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]))
}
const near = (got: readonly (number | null)[], want: readonly (number | null)[]): void => {
  expect(got).toHaveLength(want.length)
  for (const [i, value] of want.entries()) {
    if (value === null || got[i] === null) expect(got[i]).toBe(value)
    else expect(Math.abs(got[i]! - value), `${i}: ${got[i]}, not ${value}`).toBeLessThan(1e-12)
  }
}

describe('the expected vote', () => {
  const group = fc.array(
    fc.record({
      key: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { freq: 4 }),
      value: fc.constantFrom(0, 1, 0.25, -2),
    }),
    { minLength: 1, maxLength: 8 },
  )
  it('is the mean over all subsets', () => {
    fc.assert(
      fc.property(group, (completions) => {
        const keys = completions.map(({ key }) => key)
        const values = completions.map(({ value }) => value)
        const enumerated = keys.map((_, i) =>
          average(
            subsets(keys.length, i + 1).map((members) => {
              const at = voting(members.map((member) => keys[member]!))
              return at === null ? 0 : values[members[at]!]!
            }),
          ),
        )
        near(expectedVoting(keys, values)!, enumerated)
      }),
      { numRuns: 300 },
    )
  })
  it.each(golden.groups.map((g) => [g.id, g] as const))('%s: is the reference enumeration', (_, g) => {
    const correct = g.rewards.map((reward) => (reward !== null && reward >= g.threshold ? 1 : 0))
    for (const [keys, want] of [
      [g.answers, g.expected.voting_string_expected_correct],
      [g.vote_keys, g.expected.voting_canonical_expected_correct],
    ] as const) {
      const got = expectedVoting(keys, correct)!
      if (want !== null) near(got, want)
      // at n = N nothing is left to chance
      expect(got.at(-1)).toBeCloseTo(correct[voting(keys) ?? -1] ?? 0, 12)
    }
  })
  it('of very many completions is not worked out', () => {
    const keys = Array.from({ length: LARGEST_VOTE + 1 }, () => 'a')
    expect(
      expectedVoting(
        keys,
        keys.map(() => 1),
      ),
    ).toBeNull()
    expect(
      expectedVoting(
        keys.slice(1),
        keys.slice(1).map(() => 1),
      )!.at(-1),
    ).toBeCloseTo(1, 12)
  })
})

it('a vote counts its ties', () => {
  expect(vote(['b', 'a', null, 'a', 'b', 'c'])).toEqual({ index: 0, votes: 2, tied: 2, voters: 5 })
  expect(vote([null])).toEqual({ index: null, votes: 0, tied: 0, voters: 0 })
})

describe('best of n and pass@n', () => {
  it('are the means over all subsets, ties shared', () => {
    const group = fc.array(fc.record({ score: fc.integer({ min: 0, max: 3 }), reward: fc.constantFrom(0, 0.5, 1) }), {
      minLength: 1,
      maxLength: 8,
    })
    fc.assert(
      fc.property(group, (completions) => {
        const scores = completions.map(({ score }) => score)
        const rewards = completions.map(({ reward }) => reward)
        const over = (of: (members: number[]) => number) =>
          rewards.map((_, i) => average(subsets(rewards.length, i + 1).map(of)))
        const { expected, oracle } = bestOfN(scores, rewards)
        near(
          expected,
          over((members) => {
            const top = Math.max(...members.map((i) => scores[i]!))
            return average(members.filter((i) => scores[i] === top).map((i) => rewards[i]!))
          }),
        )
        near(
          oracle,
          over((members) => Math.max(...members.map((i) => rewards[i]!))),
        )
        const right = rewards.filter((reward) => reward === 1).length
        near(
          rewards.map((_, i) => passAtK(rewards.length, right, i + 1)),
          over((members) => Number(members.some((i) => rewards[i] === 1))),
        )
      }),
      { numRuns: 100 },
    )
  })
  it('ends where it is told to', () => {
    const [scores, rewards] = [
      [1, 2, 3, 4],
      [0, 1, 0, 1],
    ]
    expect(bestOfN(scores, rewards, { largest: 2 }).expected).toEqual(bestOfN(scores, rewards).expected.slice(0, 2))
  })
})

describe('best of four, drawn', () => {
  it("is the mean of RewardBench 2's result over all rows that can be drawn", () => {
    const score = fc.integer({ min: 0, max: 3 })
    fc.assert(
      fc.property(
        fc.array(score, { maxLength: 4 }),
        fc.array(score, { maxLength: 6 }),
        fc.constantFrom(2, 4),
        (right, wrong, size) => {
          const results = right.flatMap((own) =>
            subsets(wrong.length, size - 1).map((members) => bestOfResult([own, ...members.map((i) => wrong[i]!)])!),
          )
          near([drawnBestOf(right, wrong, size)], [results.length === 0 ? null : average(results)])
        },
      ),
      { numRuns: 300 },
    )
  })
  it('of a scorer that sees no difference is 1/n', () => {
    expect(drawnBestOf([1, 1], [1, 1, 1, 1, 1], 4)).toBeCloseTo(0.25, 15)
  })
})

describe('rank metrics', () => {
  it('are the means over the orders of equal scores', () => {
    const group = fc.array(fc.record({ score: fc.integer({ min: 0, max: 2 }), reward: fc.constantFrom(0, 0.5, 1) }), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(group, (completions) => {
        const scores = completions.map(({ score }) => score)
        const rewards = completions.map(({ reward }) => reward)
        const consistent = orders([...scores.keys()]).filter((order) =>
          order.every((i, place) => place === 0 || scores[order[place - 1]!]! >= scores[i]!),
        )
        const gain = (order: readonly number[]) =>
          order.reduce((sum, i, place) => sum + rewards[i]! / Math.log2(place + 2), 0)
        const ideal = gain([...rewards.keys()].sort((a, b) => rewards[b]! - rewards[a]!))
        near([ndcg(scores, rewards)], [ideal === 0 ? null : average(consistent.map(gain)) / ideal])
        const first = consistent.map((order) => 1 / (order.findIndex((i) => rewards[i] === 1) + 1))
        near(
          [
            reciprocalRank(
              scores,
              rewards.map((reward) => reward === 1),
            ),
          ],
          [rewards.includes(1) ? average(first) : null],
        )
      }),
      { numRuns: 100 },
    )
  })
  it('has no gain to speak of where no reward is above 0, and none that is negative', () => {
    expect(ndcg([1, 2], [0, 0])).toBeNull()
    expect(ndcg([1, 2], [-1, 1])).toBeNull()
  })
})

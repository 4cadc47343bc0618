import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { groupAdvantages, isZeroAdvantage } from '../../src/groups/advantages.ts'
import { bestOfN } from '../../src/groups/best-of-n.ts'
import { passAtK } from '../../src/groups/pass-at-k.ts'
import { rerank } from '../../src/groups/rerank.ts'
import { voting } from '../../src/groups/voting.ts'
import { kendallTauB, spearman } from '../../src/stats/index.ts'
import { correctness, type Group, golden, type Scale } from './golden.ts'

const SCALES: readonly Scale[] = ['group', 'batch', 'none']
const { groups } = golden

/** 1e-9, relative above 1; advantages of rewards around 1000 are differences of large numbers: 1e-6. */
function expectClose(got: number | null, want: number | null, label: string, bound = 1e-9): void {
  if (want === null || got === null) {
    expect(got, label).toBe(want)
    return
  }
  expect(Math.abs(got - want), `${label}: ${got} against ${want}`).toBeLessThanOrEqual(
    bound * Math.max(1, Math.abs(want)),
  )
}
function expectAllClose(
  got: readonly (number | null)[],
  want: readonly (number | null)[],
  label: string,
  bound = 1e-9,
): void {
  expect(got.length, label).toBe(want.length)
  for (const [i, value] of want.entries()) expectClose(got[i]!, value, `${label}[${i}]`, bound)
}

describe.each(groups.map((group) => [group.id, group.kind, group] as const))('group %s (%s)', (_, __, group) => {
  const { rewards, rm_scores, vote_keys, answers, expected } = group
  const batch = groups.filter((other) => other.batch === group.batch).map((other) => other.rewards)
  const correct = correctness(group)
  const reach = (n: number, index: number | null) => ({
    n,
    index,
    reward: index === null ? 0 : rewards[index]!,
    correct: index !== null && correct[index] === 1,
  })

  it.each(SCALES)('advantages of scale %s are those of TRL', (scale) => {
    const large = batch.flat().some((reward) => reward !== null && Math.abs(reward) > 100)
    const got = groupAdvantages(rewards, { scale, batch })
    expectAllClose(got, expected.advantages[scale], scale, large ? 1e-6 : 1e-9)
  })

  it('has or lacks a signal', () => {
    expect(isZeroAdvantage(rewards)).toBe(expected.no_signal)
    const got = groupAdvantages(rewards)
    for (const [i, zero] of expected.zero_advantage.entries())
      expect(Math.abs(got[i]!) < 1e-9 * Math.max(1, Math.abs(rewards[i] ?? 0) * 1e4)).toBe(zero)
  })

  it('pass@k, missing left out and missing as wrong', () => {
    const right = correct.filter((value) => value === 1).length
    const scored = correct.filter((value) => value !== null).length
    expect([scored, right]).toEqual([expected.n_scored, expected.n_correct])
    expectAllClose(
      expected.pass_at.map((_, i) => passAtK(scored, right, i + 1)),
      expected.pass_at,
      'pass@k',
    )
    expectAllClose(
      expected.pass_at_missing_as_wrong.map((_, i) => passAtK(rewards.length, right, i + 1)),
      expected.pass_at_missing_as_wrong,
      'pass@k of all',
    )
  })

  it.each([
    ['string', answers, expected.voting_string],
    ['canonical', vote_keys, expected.voting_canonical],
  ] as const)('votes by %s', (_, keys, want) => {
    for (const pick of want) {
      const index = voting(keys.slice(0, pick.n))
      expect({ ...reach(pick.n, index), key: index === null ? null : keys[index]! }).toEqual({ key: null, ...pick })
    }
  })

  it.each([
    ['string', answers, expected.voting_string_expected_correct],
    ['canonical', vote_keys, expected.voting_canonical_expected_correct],
  ] as const)('votes by %s as expected over all subsets', (_, keys, want) => {
    expect(want === null).toBe(keys.length > 10)
    for (const [i, value] of (want ?? []).entries()) {
      const picks = subsets(keys.length, i + 1).map((members) => {
        const at = voting(members.map((member) => keys[member]!))
        return at !== null && correct[members[at]!] === 1 ? 1 : 0
      })
      expectClose(average(picks), value, `n = ${i + 1}`)
    }
  })

  it('reranks', () => {
    for (const pick of expected.rerank) expect(reach(pick.n, rerank(rm_scores.slice(0, pick.n)))).toEqual(pick)
    const answered = rm_scores.map((score, i) => (answers[i] === null ? null : score))
    for (const pick of expected.rerank_answered) expect(reach(pick.n, rerank(answered.slice(0, pick.n)))).toEqual(pick)
  })

  it('best of n', () => {
    const got = bestOfN(rm_scores, rewards)
    const want = expected.best_of_n
    expect(got.used).toEqual(expected.best_of_n_used)
    const same = (name: string, ours: readonly (number | null)[], theirs: readonly (number | null)[]) =>
      expectAllClose(ours, theirs, name)
    same(
      'expected',
      got.expected,
      want.map((at) => at.expected),
    )
    same(
      'enumerated',
      got.expected,
      want.map((at) => at.expected_enumerated),
    )
    same(
      'oracle',
      got.oracle,
      want.map((at) => at.oracle),
    )
    same(
      'random',
      got.random,
      want.map((at) => at.random),
    )
    same(
      'regret',
      got.regret,
      want.map((at) => at.regret),
    )
    same(
      'gain',
      got.normalizedGain,
      want.map((at) => at.normalized_gain),
    )
    same(
      'kl',
      got.kl,
      want.map((at) => at.kl),
    )
    const hit = bestOfN(rm_scores, correct)
    same(
      'expected_correct',
      hit.expected,
      want.map((at) => at.expected_correct),
    )
    same(
      'pass',
      hit.oracle,
      want.map((at) => at.pass),
    )
    same(
      'random_correct',
      hit.random,
      want.map((at) => at.random_correct),
    )
    same(
      'regret_correct',
      hit.regret,
      want.map((at) => at.regret_correct),
    )
    same(
      'gain_correct',
      hit.normalizedGain,
      want.map((at) => at.normalized_gain_correct),
    )
  })

  it('peak and decline of the curve', () => {
    const { expected: curve } = bestOfN(rm_scores, rewards)
    const top = Math.max(...curve)
    const peak = curve.findIndex((value) => top - value <= 1e-12 * Math.max(1, Math.abs(top)))
    expect(peak < 0 ? null : peak + 1).toBe(expected.best_of_n_peak)
    expectClose(peak < 0 ? null : curve[peak]! - curve.at(-1)!, expected.best_of_n_decline, 'decline')
  })

  it('rank correlation of score and reward', () => {
    const used = expected.best_of_n_used
    const scores = used.map((i) => rm_scores[i]!)
    const values = used.map((i) => rewards[i]!)
    expectClose(kendallTauB(scores, values), expected.kendall_tau_b, 'tau-b')
    expectClose(spearman(scores, values), expected.spearman, 'rho')
  })
})

describe('pass@k', () => {
  it.each(golden.pass_at_table.rows)('n = %i, correct = %i, k = %i', (n, correct, k, value) => {
    const got = passAtK(n, correct, k)
    expectClose(got, value, 'pass@k', 1e-12)
  })
  it('of small chances keeps its digits', () => {
    // 1 − C(10^9 − 1, 1) / C(10^9, 1) = 10^-9
    expect(passAtK(1e9, 1, 1)).toBe(1e-9)
  })
  it.each([
    [4, 5, 1],
    [4, -1, 1],
    [4, 1, 0],
    [4, 1, 1.5],
    [0, 0, 1],
  ])('is undefined for %j', (n, correct, k) => {
    expect(passAtK(n, correct, k)).toBeNull()
  })
})

describe('best of n', () => {
  it.each(Object.entries(golden.kl_best_of_n))('KL divergence at n = %s', (n, value) => {
    const zeros = Array<number>(Number(n)).fill(0)
    expectClose(bestOfN(zeros, zeros).kl.at(-1)!, value, 'kl', 1e-12)
  })
  it('refuses lists of different length', () => {
    expect(() => bestOfN([1], [1, 2])).toThrow(UsageError)
  })
})

it('averages of the summary', () => {
  const summary = golden.summary as Record<string, Record<string, { groups: number; mean: number }>>
  const value = (n: number): Readonly<Record<string, (group: Group) => number | null | undefined>> => ({
    pass: (group) => {
      const correct = correctness(group).filter((c) => c !== null)
      return passAtK(correct.length, correct.filter((c) => c === 1).length, n)
    },
    voting_string: (group) => pickedRight(group, n, voting(group.answers.slice(0, n))),
    voting_canonical: (group) => pickedRight(group, n, voting(group.vote_keys.slice(0, n))),
    rerank: (group) => pickedRight(group, n, rerank(group.rm_scores.slice(0, n))),
    best_of_n_correct: (group) => bestOfN(group.rm_scores, correctness(group)).expected[n - 1],
  })
  for (const n of [1, 2, 4, 8])
    for (const [name, of] of Object.entries(value(n))) {
      const present = groups.map(of).filter((x) => x !== null && x !== undefined)
      const { groups: count, mean } = summary[`@${n}`]![name]!
      expect(present.length, name).toBe(count)
      expectClose(average(present), mean, `${name}@${n}`)
    }
  const kept = groups.filter(({ rewards }) => !isZeroAdvantage(rewards)).map(({ id }) => id)
  expect(kept).toEqual(golden.summary.kept_groups)
})

describe('properties', () => {
  const rewards = fc.array(fc.option(fc.double({ min: -10, max: 10, noNaN: true }), { freq: 5 }), { maxLength: 12 })
  it('advantages add up to 0 and a constant moves none', () => {
    fc.assert(
      fc.property(rewards, fc.integer({ min: -8, max: 8 }), (group, shift) => {
        const got = groupAdvantages(group, { scale: 'none' })
        expect(Math.abs(got.reduce((a, b) => a + b, 0))).toBeLessThan(1e-12 * 100)
        const moved = groupAdvantages(
          group.map((r) => (r === null ? null : r + shift)),
          { scale: 'none' },
        )
        for (const [i, a] of got.entries()) expect(Math.abs(a - moved[i]!)).toBeLessThan(1e-13 * 100)
      }),
    )
  })
  it('a score that is the reward has no regret, and only the order of scores counts', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer()), { maxLength: 12 }), (group) => {
        const rewards = group.map(([, reward]) => reward)
        const scores = group.map(([score]) => score)
        expect(bestOfN(rewards, rewards).regret).toEqual(rewards.map(() => 0))
        expect(bestOfN(scores.map(Math.exp), rewards)).toEqual(bestOfN(scores, rewards))
      }),
    )
  })
  it('the first of the curve is the mean, the last is the reward of the pick', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 12 }), (scores) => {
        const rewards = scores.map((score) => (score % 7) / 7)
        const { expected, random } = bestOfN(scores, rewards)
        expectClose(expected[0]!, random[0]!, 'n = 1', 1e-12)
        expectClose(expected.at(-1)!, rewards[rerank(scores)!]!, 'n = K', 1e-12)
      }),
    )
  })
})

const average = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
/** Whether the pick is correct; null where the group has fewer than n completions. */
const pickedRight = (group: Group, n: number, index: number | null): number | null =>
  group.n < n ? null : index !== null && correctness(group)[index] === 1 ? 1 : 0

/** All index sets of a size, in order. */
function subsets(length: number, size: number): number[][] {
  if (size === 0) return [[]]
  return Array.from({ length }, (_, last) => last).flatMap((last) =>
    subsets(last, size - 1).map((head) => [...head, last]),
  )
}

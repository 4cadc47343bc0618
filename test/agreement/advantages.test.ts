import { describe, expect, it } from 'vitest'
import { advantageColumns } from '../../src/agreement/advantages.ts'
import { groupOfParts } from './group-data.ts'

const columns = (rewards: readonly (number | null)[], scores: readonly (number | null)[]) =>
  advantageColumns(
    groupOfParts(
      'g',
      rewards.map((reward, i) => ({ reward, score: scores[i]! })),
    ),
  )

describe('the advantage columns of groups.csv', () => {
  it('of two that agree in part', () => {
    // A verifier: + − − −, A learned (mean 1): + 0 − +; of the three with two signs two agree
    expect(columns([1, 0, 0, 0], [2, 1, -1, 2])).toEqual({
      zero_advantage_verifier: 0,
      zero_advantage_rm: 0,
      advantage_sign_agreement: 2 / 3,
      // (C − D) / √((6 − 3)(6 − 1)): the first beats 1 and −1 (C = 2), ties with the last
      advantage_kendall_tau_b: expect.closeTo(2 / Math.sqrt(15), 12),
      advantage_reason: null,
    })
  })

  it.each([
    ['all right', [1, 1], [0.3, 0.4], 1, 0, 'zero_advantage_verifier'],
    ['all scored alike', [1, 0], [0.3, 0.3], 0, 1, 'zero_advantage_rm'],
    ['one completion', [1], [0.3], 1, 1, 'too_few_scored_and_verified'],
    ['none verified', [null, null], [0.3, 0.4], null, 0, 'no_verified_completion'],
    ['none scored', [1, 0], [null, null], 0, null, 'no_scored_completion'],
    ['no completion', [], [], null, null, 'no_verified_completion'],
    ['never both', [1, 0, null, null], [null, null, 1, 2], 0, 0, 'too_few_scored_and_verified'],
    ['where one differs the other is missing', [1, 0, 0, null], [null, 1, 1, 3], 0, 0, null],
  ] as const)('%s', (_, rewards, scores, verifier, rm, reason) => {
    const found = columns(rewards, scores)
    expect([found.zero_advantage_verifier, found.zero_advantage_rm]).toEqual([verifier, rm])
    if (reason !== null) {
      expect(found).toMatchObject({ advantage_kendall_tau_b: null, advantage_reason: reason })
      expect(found.advantage_sign_agreement).toBeNull()
      return
    }
    // both below their means, but the two scores are equal: a share, no τ-b
    expect(found).toMatchObject({ advantage_sign_agreement: 1, advantage_kendall_tau_b: null })
    expect(found.advantage_reason).toBe('constant_where_both_are_there')
  })

  it('no completion with two advantages: each is the mean where the other is not', () => {
    expect(columns([1, 2, 3, 2], [5, 4, 5, 6])).toMatchObject({
      advantage_sign_agreement: null,
      advantage_kendall_tau_b: 0,
      advantage_reason: 'no_completion_with_two_advantages',
    })
  })

  it('a reward that is the mean has no sign, whatever the rounding', () => {
    // the mean of 0.1, 0.2, 0.3 in doubles is not 0.2
    expect(columns([0.1, 0.2, 0.3], [1, 5, 2])).toMatchObject({ advantage_sign_agreement: 0.5 })
  })
})

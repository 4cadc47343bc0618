import { describe, expect, it } from 'vitest'
import { deviation, groupAdvantages } from '../../src/groups/advantages.ts'
import {
  fracRewardZeroStd,
  isZeroAdvantageGroup,
  multiRewardAdvantages,
  weightedReward,
} from '../../src/groups/multi-reward.ts'
import { golden, type MultiReward, type Scale, trlBatches } from './golden.ts'

const SCALES: readonly Scale[] = ['group', 'batch', 'none']

const groupsOf = ({ rewards_per_func: rows, num_generations: size }: MultiReward) =>
  Array.from({ length: rows.length / size }, (_, i) => rows.slice(i * size, (i + 1) * size))

/** 1e-9, relative above 1; 1e-6 where rewards are around 1000 or more: their advantages are differences of large numbers. */
function expectClose(got: readonly number[], want: readonly number[], { rewards_per_func }: MultiReward): void {
  const bound = rewards_per_func.flat().some((reward) => Math.abs(reward ?? 0) > 100) ? 1e-6 : 1e-9
  expect(got.length).toBe(want.length)
  for (const [i, value] of want.entries())
    expect(Math.abs(got[i]! - value), `[${i}]: ${got[i]} against ${value}`).toBeLessThanOrEqual(
      bound * Math.max(1, Math.abs(value)),
    )
}

describe.each([...golden.multi_reward, ...trlBatches].map((batch) => [batch.id, batch] as const))('%s', (_, batch) => {
  const groups = groupsOf(batch)
  const { reward_weights: rewardWeights, expected } = batch

  it.each(SCALES)('summed, then normalised: scale %s', (scaleRewards) => {
    const want = expected.sum_then_normalize[scaleRewards]
    const options = { rewardWeights, scaleRewards }
    expectClose(multiRewardAdvantages(groups, options).flat(), want.advantages, batch)
    if (want.frac_reward_zero_std !== undefined)
      expect(fracRewardZeroStd(groups, options)).toBeCloseTo(want.frac_reward_zero_std, 12)
  })

  it('normalised, then summed and normalised over the batch', () => {
    const want = expected.normalize_then_sum
    const options = { rewardWeights, multiObjectiveAggregation: 'normalize_then_sum' } as const
    expectClose(multiRewardAdvantages(groups, options).flat(), want.advantages, batch)
    if (want.frac_reward_zero_std !== undefined)
      expect(fracRewardZeroStd(groups, options)).toBe(want.frac_reward_zero_std)
  })

  it('a group without an advantage is one whose advantages are all 0', () => {
    for (const multiObjectiveAggregation of ['sum_then_normalize', 'normalize_then_sum'] as const)
      for (const group of groups) {
        const [advantages] = multiRewardAdvantages([group], { rewardWeights, multiObjectiveAggregation })
        const zero = isZeroAdvantageGroup(group, rewardWeights, multiObjectiveAggregation)
        expect(advantages!.every((a) => a === 0)).toBe(zero)
      }
  })

  it('rewards are the weighted sums', () => {
    if (expected.rewards === undefined) return
    const got = batch.rewards_per_func.map((parts) => weightedReward(parts, rewardWeights))
    for (const [i, want] of expected.rewards.entries())
      if (want === null) expect(got[i]).toBeNull()
      else expect(got[i]).toBeCloseTo(want, 9)
  })
})

describe.each(golden.batches.map((batch) => [batch.id, batch] as const))('%s', (_, { group_ids, expected }) => {
  const groups = group_ids.map((id) => golden.groups.find((group) => group.id === id)!.rewards.map((r) => [r]))
  it.each(SCALES)('share of completions whose deviation is 0: scale %s', (scaleRewards) => {
    expect(fracRewardZeroStd(groups, { scaleRewards })).toBeCloseTo(expected[scaleRewards].frac_reward_zero_std, 12)
  })
  it('deviation of the batch', () => {
    const { std } = expected.batch
    const got = deviation(groups.flat(2))
    // of one completion TRL takes 0 in its place
    if (groups.flat().length === 1) expect([got, std]).toEqual([null, 0])
    else if (std === null) expect(got).toBeNull()
    else expect(Math.abs(got! - std)).toBeLessThanOrEqual(1e-9 * Math.max(1, std))
  })
})

it.each(golden.groups.map((group) => [group.id, group] as const))('%s: deviation, and whether it is 0', (_, group) => {
  const { rewards, expected } = group
  const got = deviation(rewards)
  if (rewards.length === 1) expect([got, expected.trl_std]).toEqual([null, 0])
  else if (expected.trl_std === null) expect(got).toBeNull()
  else expect(Math.abs(got! - expected.trl_std)).toBeLessThanOrEqual(1e-9 * Math.max(1, expected.trl_std))
  expect(fracRewardZeroStd([rewards.map((reward) => [reward])])).toBe(Number(expected.trl_is_std_zero))
})

it('of one reward function they are the advantages of groupAdvantages', () => {
  for (const { rewards } of golden.groups)
    for (const scale of ['group', 'none'] as const)
      expect(multiRewardAdvantages([rewards.map((r) => [r])], { scaleRewards: scale })).toEqual([
        groupAdvantages(rewards, { scale }),
      ])
})

it('a large batch takes one pass', () => {
  const batch = Array.from({ length: 20_000 }, (_, g) => [[g % 7], [g % 3]])
  // 4e8 steps, were the deviation worked out anew for each group
  const got = multiRewardAdvantages(batch, { scaleRewards: 'batch' })
  expect(got[0]).toEqual([0, 0])
  expect(got[1]).toEqual([0, 0])
  expect(got[3]![0]).toBeGreaterThan(0)
})

it.each([
  [[[[1, 2]]], { rewardWeights: [1] }, 'a completion has 2 rewards, and there are 1 weights'],
  [[[[1]]], { scaleRewards: 'groups' }, 'is "groups"'],
  [[[[1]]], { multiObjectiveAggregation: 'sum' }, 'is "sum"'],
  [[[[1]]], { weights: [1] }, 'is no option'],
] as const)('refuses %j %j', (batch, options, message) => {
  expect(() => multiRewardAdvantages(batch, options as object)).toThrow(message)
})

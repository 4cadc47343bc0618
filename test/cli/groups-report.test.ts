import { describe, expect, it } from 'vitest'
import { advantagesAre } from '../../src/cli/groups-report.ts'

const config = {
  scaleRewards: 'group',
  groupBatchSize: 16,
  rewardWeights: '1,1,1',
  multiObjectiveAggregation: 'sum_then_normalize',
} as const

describe('what the page says of the advantages', () => {
  it.each([
    [
      {},
      'An advantage is (reward − mean of its group) / (the standard deviation of the group + 1e−4); the verifiable reward is 1 × format + 1 × accuracy.',
    ],
    [
      { scaleRewards: 'batch', groupBatchSize: 1, rewardWeights: '0.1, 2, 0' },
      'An advantage is (reward − mean of its group) / (the standard deviation of a batch of 1 group + 1e−4); the verifiable reward is 0.1 × format + 2 × accuracy.',
    ],
    [
      { scaleRewards: 'none', rewardWeights: '1,1,0' },
      'An advantage is reward − mean of its group; the verifiable reward is 1 × format + 1 × accuracy.',
    ],
    [
      { scaleRewards: 'none', multiObjectiveAggregation: 'normalize_then_sum' },
      'Each reward is normalised in its group, (reward − mean) / (standard deviation + 1e−4), and summed by weight, the verifiable one 1 × format + 1 × accuracy; an advantage is that sum, normalised over a batch of 16 groups.',
    ],
  ] as const)('%j', (changes, sentence) => {
    expect(advantagesAre({ ...config, ...changes })).toBe(sentence)
  })
})

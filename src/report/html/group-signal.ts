import type { CompletionGroup } from '../../types.ts'
import type { SharePart } from '../plots/share-bars.ts'

/** What a group's rewards teach: something, or nothing because they are equal, or absent. */
export type Signal = 'signal' | 'all_right' | 'all_wrong' | 'all_equal' | 'none'

export const SIGNALS: readonly {
  readonly signal: Signal
  readonly name: string
  readonly colour: SharePart['colour']
}[] = [
  { signal: 'signal', name: 'an advantage', colour: 'blue' },
  { signal: 'all_right', name: 'all right', colour: 'green' },
  { signal: 'all_wrong', name: 'all wrong', colour: 'orange' },
  { signal: 'all_equal', name: 'all equal', colour: 'grey' },
  { signal: 'none', name: 'no reward', colour: 'none' },
]

/** By the verifiable reward right and wrong are told apart; scores are only equal or not. */
export function signalOf({ completions }: CompletionGroup, by: 'verifier' | 'learned'): Signal {
  const rewards = completions.flatMap((c) => {
    const reward = by === 'learned' ? c.score : c.verifiableStatus === 'unverifiable' ? null : c.verifiableReward
    return reward === null ? [] : [reward]
  })
  const [first] = rewards
  if (first === undefined) return 'none'
  if (rewards.some((reward) => reward !== first)) return 'signal'
  if (by === 'learned') return 'all_equal'
  return first >= 1 ? 'all_right' : first <= 0 ? 'all_wrong' : 'all_equal'
}

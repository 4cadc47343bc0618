import type { CompletionGroup } from '../../types.ts'

/** How the verdicts of a group lie: whether there is something to choose. */
export type Verdicts = 'mixed' | 'all right' | 'all wrong' | 'all equal' | 'none'

export function verdictsOf({ completions }: CompletionGroup): Verdicts {
  const rewards = completions.flatMap(({ verifiableStatus, verifiableReward }) =>
    verifiableStatus === 'unverifiable' || verifiableReward === null ? [] : [verifiableReward],
  )
  const [first] = rewards
  if (first === undefined) return 'none'
  if (rewards.some((reward) => reward !== first)) return 'mixed'
  return first >= 1 ? 'all right' : first <= 0 ? 'all wrong' : 'all equal'
}

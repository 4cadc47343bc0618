/** Which reward an answer gives: the model's, the verifier's, or the verifier's and λ times the model's. */
export const MIXES = ['learned', 'verifiable', 'sum'] as const
export type Mix = (typeof MIXES)[number]

export interface MixRule {
  readonly mix: Mix
  readonly lambda: number
  /** What counts for a completion that has no verdict. */
  readonly unverifiableReward: number | null
  /** What counts for a completion that has no score; null: its reward is absent, too. */
  readonly unscoredReward: number | null
}

/**
 * The reward of a completion: `learned`, `verifiable`, or `sum` = verifiable + λ · learned. An absent part counts as the rule says.
 * @param learned the model's score; null where there is none
 * @param verifiable the verdict's value; null where the completion is unverifiable
 * @returns null where a part that is needed is absent and nothing stands for it
 * @example mixedReward({ learned: 0.5, verifiable: 1 }, { mix: 'sum', lambda: 2, unverifiableReward: 0, unscoredReward: null }) // 2
 */
export function mixedReward(
  { learned, verifiable }: { readonly learned: number | null; readonly verifiable: number | null },
  { mix, lambda, unverifiableReward, unscoredReward }: MixRule,
): number | null {
  const score = learned ?? unscoredReward
  const verdict = verifiable ?? unverifiableReward
  if (mix === 'learned') return score
  if (mix === 'verifiable') return verdict
  return score === null || verdict === null ? null : verdict + lambda * score
}

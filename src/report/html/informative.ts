import type { ScoredCompletion, ScoredPair } from '../../types.ts'

/**
 * What a reader should see first when not everything fits: where model and verifier disagree (the most confident first), what
 * has no margin or no verdict, ties, then the rest from the narrowest margin up. Returns indices; equals keep their order.
 */
export function pairsByInterest(pairs: readonly ScoredPair[]): readonly number[] {
  const rank = ({ agree, margin, verifiableOutcome }: ScoredPair): readonly [number, number] => {
    if (agree === 0) return [0, -Math.abs(margin ?? 0)]
    if (margin === null || verifiableOutcome === null) return [1, 0]
    return margin === 0 ? [2, 0] : [3, Math.abs(margin)]
  }
  return sortedBy(pairs.map(rank))
}

/** The same for single completions: failed ones from the highest score down, unscored or unverifiable ones, then the others. */
export function completionsByInterest(completions: readonly ScoredCompletion[]): readonly number[] {
  const rank = ({ score, verifiableStatus }: ScoredCompletion): readonly [number, number] => {
    if (score === null || verifiableStatus === 'unverifiable') return [1, 0]
    return verifiableStatus === 'pass' ? [2, score] : [0, -score]
  }
  return sortedBy(completions.map(rank))
}

/** Indices by two numbers, ascending. */
export const sortedBy = (ranks: readonly (readonly [number, number])[]): readonly number[] =>
  ranks.map((_, i) => i).sort((a, b) => ranks[a]![0] - ranks[b]![0] || ranks[a]![1] - ranks[b]![1] || a - b)

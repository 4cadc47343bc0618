import { countPairs } from '../../stats/kendall.ts'

/** Where learned and verifiable rewards order the completions of one prompt alike, over its pairs of completions. */
export interface PairAgreement {
  /** Both order the pair, and alike. */
  readonly agree: number
  /** Both order it, in opposite ways. */
  readonly disagree: number
  /** One of them, or both, gives the two completions the same reward. */
  readonly tie: number
  /** A reward of one of the two completions is absent. */
  readonly unverifiable: number
}

/**
 * Counts the n(n − 1)/2 pairs of a prompt's completions, in O(n log n). An absent reward is null, and makes its pairs unverifiable.
 * @example agreementOf([2, 1, 0], [1, 0, null]) // { agree: 1, disagree: 0, tie: 0, unverifiable: 2 }
 */
export function agreementOf(
  learned: readonly (number | null)[],
  verifiable: readonly (number | null)[],
): PairAgreement {
  const both = learned.flatMap((l, i) => {
    const v = verifiable[i] ?? null
    return l === null || v === null ? [] : [[l, v] as const]
  })
  const { pairs, concordant, discordant } = countPairs(
    both.map(([l]) => l),
    both.map(([, v]) => v),
  )
  const n = learned.length
  return {
    agree: concordant,
    disagree: discordant,
    tie: pairs - concordant - discordant,
    unverifiable: (n * n - n) / 2 - pairs,
  }
}

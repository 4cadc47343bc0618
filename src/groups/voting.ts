/** What a vote says. */
export interface Vote {
  /** First completion of the key with most votes; of several such keys the one that came first. Null where nobody votes. */
  readonly index: number | null
  /** Votes of that key. */
  readonly votes: number
  /** Keys that have as many: 1 where there is no tie, 0 where nobody votes. */
  readonly tied: number
  /** Completions that vote. */
  readonly voters: number
}

/**
 * Majority voting (self-consistency, Wang et al. 2022, arXiv:2203.11171), as ReFT counts it (Luong et al. 2024, arXiv:2401.08967). Give one
 * key per completion, equal where the answers count as the same (a canonical SMILES, say); null does not vote. Ties go to the key that came
 * first, as in Python's `Counter.most_common`.
 * @example vote(['CCO', null, 'CCN', 'CCN']) // { index: 2, votes: 2, tied: 1, voters: 3 }
 */
export function vote(keys: readonly (string | number | null)[]): Vote {
  const counts = new Map<string | number, { readonly first: number; count: number }>()
  let voters = 0
  for (const [index, key] of keys.entries()) {
    if (key === null) continue
    voters++
    const seen = counts.get(key)
    if (seen === undefined) counts.set(key, { first: index, count: 1 })
    else seen.count++
  }
  let winner: { readonly first: number; readonly count: number } | null = null
  for (const candidate of counts.values()) if (winner === null || candidate.count > winner.count) winner = candidate
  if (winner === null) return { index: null, votes: 0, tied: 0, voters }
  let tied = 0
  for (const { count } of counts.values()) if (count === winner.count) tied++
  return { index: winner.first, votes: winner.count, tied, voters }
}

/**
 * Index of the first completion whose key has most votes; see `vote`. Null where nobody votes.
 * @example voting(['CCO', null, 'CCN', 'CCN']) // 2
 */
export const voting = (keys: readonly (string | null)[]): number | null => vote(keys).index

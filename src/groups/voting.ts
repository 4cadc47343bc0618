/**
 * Majority voting (self-consistency, Wang et al. 2022, arXiv:2203.11171): index of the first completion whose key has most votes. Give one
 * key a completion, equal where the answers count as the same (a canonical SMILES, say); null does not vote. Ties go to the key
 * that came first. Null where nobody votes.
 * @example voting(['CCO', null, 'CCN', 'CCN']) // 2
 */
export function voting(keys: readonly (string | null)[]): number | null {
  const votes = new Map<string, { readonly first: number; count: number }>()
  for (const [index, key] of keys.entries()) {
    if (key === null) continue
    const seen = votes.get(key)
    if (seen === undefined) votes.set(key, { first: index, count: 1 })
    else seen.count++
  }
  let winner: { readonly first: number; readonly count: number } | null = null
  for (const candidate of votes.values()) if (winner === null || candidate.count > winner.count) winner = candidate
  return winner?.first ?? null
}

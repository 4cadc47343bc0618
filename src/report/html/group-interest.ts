import type { GroupRecord } from './group-input.ts'
import { sortedBy } from './informative.ts'

/**
 * What a reader should see first: groups in which the highest score goes to a wrong completion though a right one is there (the surest
 * first), those in which vote and score differ in verdict, those without a pick or a verdict, then the rest from the narrowest lead up;
 * last those in which all are right or all wrong. Returns indices; equals keep their order.
 */
export function groupsByInterest(findings: readonly GroupRecord[]): readonly number[] {
  return sortedBy(findings.map(rank))
}

function rank({ group: { completions }, row }: GroupRecord): readonly [number, number] {
  const pick = row.rm_pick === null ? undefined : completions[row.rm_pick]
  const verified = completions.filter(({ verifiableStatus }) => verifiableStatus !== 'unverifiable')
  const right = verified.filter(({ verifiableStatus }) => verifiableStatus === 'pass')
  if (pick === undefined || pick.score === null || verified.length === 0) return [2, 0]
  const best = right.reduce(
    (top, { score }) => Math.max(top, score ?? Number.NEGATIVE_INFINITY),
    Number.NEGATIVE_INFINITY,
  )
  if (right.length === 0 || right.length === verified.length) return [4, right.length]
  if (pick.verifiableStatus === 'unverifiable') return [2, 1]
  if (pick.verifiableStatus !== 'pass') return [0, Number.isFinite(best) ? best - pick.score : Number.NEGATIVE_INFINITY]
  const vote = row.voting_canonical_pick ?? row.voting_pick
  if (vote !== null && completions[vote]?.verifiableStatus !== 'pass') return [1, 0]
  const rival = verified.reduce(
    (top, { verifiableStatus, score }) =>
      verifiableStatus === 'pass' ? top : Math.max(top, score ?? Number.NEGATIVE_INFINITY),
    Number.NEGATIVE_INFINITY,
  )
  return [3, pick.score - rival]
}

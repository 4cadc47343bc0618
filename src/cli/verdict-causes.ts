import type { ScoredCompletion, StandInFilter, VerdictCause } from '../types.ts'
import { countBy } from './count.ts'

type Judged = Pick<ScoredCompletion, 'verifiableStatus' | 'verifiableReason' | 'verdictCause' | 'hingesOn'>

/** What people read in place of a cause. */
export const CAUSED_BY: Readonly<Record<VerdictCause, string>> = {
  answer: 'the answer',
  target: 'the target',
  oracle: 'an oracle',
  verifier: 'the verifier',
}
export const CAUSES = Object.keys(CAUSED_BY) as readonly VerdictCause[]

/** run.json's `verdict_causes`: completions that do not pass, by who is at fault and by ether0's reason (`none` where it gives none). */
export const verdictCauses = (completions: readonly Judged[]): Record<VerdictCause, Record<string, number>> =>
  Object.fromEntries(
    CAUSES.map((cause) => [
      cause,
      countBy(
        completions.filter(({ verdictCause }) => verdictCause === cause),
        ({ verifiableReason }) => verifiableReason ?? 'none',
      ),
    ]),
  ) as Record<VerdictCause, Record<string, number>>

/** What the screen calls a filter. */
const FILTERS: Readonly<Record<StandInFilter, string>> = {
  rings: 'ring systems',
  fingerprints: 'Morgan environments',
  'rings+fingerprints': 'ring systems and Morgan environments together',
  purchasable: 'purchasable molecules',
}

/** run.json's `stand_in_filters`: verdicts in all, and those that would be another without a stand-in filter. */
export function standInTally(completions: readonly Judged[]): {
  readonly verdicts: number
  readonly hinge_on: Readonly<Record<StandInFilter, number>>
} {
  const counts = countBy(
    completions.flatMap(({ hingesOn }) => hingesOn ?? []),
    (filter) => filter,
  )
  const verdicts = completions.filter(({ verifiableStatus }) => verifiableStatus !== 'unverifiable').length
  return {
    verdicts,
    hinge_on: Object.fromEntries(Object.keys(FILTERS).map((filter) => [filter, counts[filter] ?? 0])) as Record<
      StandInFilter,
      number
    >,
  }
}

/** Verdicts that hinge on a stand-in filter, in one line; null where none does. */
export function hingeLine(completions: readonly Judged[]): string | null {
  const { verdicts, hinge_on } = standInTally(completions)
  const found = (Object.entries(hinge_on) as [StandInFilter, number][]).filter(([, n]) => n > 0)
  if (found.length === 0) return null
  const all = found.reduce((sum, [, n]) => sum + n, 0)
  return `stand-in filters: ${all} of ${verdicts} verdicts would be another without the filter of ${found
    .map(([filter, n]) => `${FILTERS[filter]} (${n})`)
    .join(', ')}; ether0's own files are not shipped, see scores.csv: hinges_on`
}

import type { Interval } from '../stats/bootstrap.ts'
import type { Statistic } from '../types.ts'
import type { FaultLine } from './faults.ts'

/** A level in summary.json's `accuracy_by_fault`. */
export interface FaultSummary {
  readonly strict: number | null
  readonly half: number | null
  readonly ties: number
  readonly n: number
  readonly missing: number
  readonly clusters: number
  readonly ci: { readonly strict: Interval | null; readonly half: Interval | null }
  /** Share of all pairs, with its interval; null for all of them. */
  readonly share: { readonly value: number | null; readonly ci: Interval | null } | null
  readonly reason: string | null
}

/** summary.json's `accuracy_by_fault`: the headline stratum first, then its parts and the other pairs, then all. */
export const faultSummary = (lines: readonly FaultLine[]): Record<string, FaultSummary> =>
  Object.fromEntries(
    lines.map(({ level, share, strict, half }) => [
      level,
      {
        strict: strict.value,
        half: half.value,
        ties: half.ties,
        n: half.n,
        missing: half.missing,
        clusters: half.clusters,
        ci: { strict: intervalOf(strict), half: intervalOf(half) },
        share: share === null ? null : { value: share.value, ci: intervalOf(share) },
        reason: half.reason,
      },
    ]),
  )

const intervalOf = ({ ciLow, ciHigh }: Statistic): Interval | null =>
  ciLow === null || ciHigh === null ? null : { low: ciLow, high: ciHigh }

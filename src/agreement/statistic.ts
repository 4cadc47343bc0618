import { resampleClusters, type WeightedStatistic } from '../stats/bootstrap.ts'
import type { Statistic } from '../types.ts'
import { CLOSED_FROM, type ClosedForm, closedInterval } from './closed-form.ts'
import {
  type BootstrapSettings,
  intervalOf,
  type MethodInterval,
  NO_VARIATION,
  NOT_MADE,
  ONE_PROMPT,
} from './intervals.ts'
import { promptDraws } from './prompt-draws.ts'

export type { MethodInterval } from './intervals.ts'

/** Where a statistic belongs and what it counts. */
export interface Place {
  readonly scope: string
  readonly subset: string
  readonly n: number
  readonly clusters: number
  readonly ties?: number
  readonly missing?: number
}

/** One line of agreement.csv; a value that is NaN or null needs a reason. `made` null = a statistic without an interval. */
export function statistic(
  place: Place,
  name: string,
  value: number | null,
  made: MethodInterval | null,
  reason: string,
): Statistic {
  const defined = value !== null && Number.isFinite(value)
  const { interval, method } = made ?? NOT_MADE
  const ci = defined ? interval : null
  return {
    scope: place.scope,
    subset: place.subset,
    statistic: name,
    value: defined ? value : null,
    ciLow: ci?.low ?? null,
    ciHigh: ci?.high ?? null,
    ciMethod: defined ? method : null,
    n: place.n,
    clusters: place.clusters,
    ties: place.ties ?? 0,
    missing: place.missing ?? 0,
    reason: defined ? null : reason,
  }
}

/** Row operations that a rank bootstrap may spend a statistic; beyond it the number of resamples falls, and is named. */
const WORK = 6e9

/** As many of the resamples as a statistic may spend, at `cost` row operations each; 200 at least. */
export const affordableResamples = (resamples: number, cost: number): number =>
  Math.min(resamples, Math.max(200, Math.floor(WORK / Math.max(1, cost))))

/** A value with the way to recompute it under cluster weights; null = undefined, not resampled. */
export interface Resampled {
  readonly value: number | null
  /** Called where it is resampled: it sorts and copies the rows, for which a closed form has no use. */
  readonly evaluate: () => WeightedStatistic
  /** Its closed form for many prompts, where it has one. */
  readonly closed?: () => ClosedForm
}

/** Intervals of several weighted statistics, closed or from the same resamples, in order; `cost` = row operations a resample, all together. */
export function bootstrappedAll(
  list: readonly Resampled[],
  clusters: number,
  settings: BootstrapSettings,
  cost: number,
): (MethodInterval | null)[] {
  if (clusters < 2) return list.map(() => ONE_PROMPT)
  const known = list.filter((r) => r.value !== null && !Number.isNaN(r.value))
  if (known.length === 0) return list.map(() => null)
  // All or none: evaluators may share a pass, which the first makes.
  const closed = clusters < CLOSED_FROM ? [] : known.map((r) => closedOf(r))
  const resampled = closed.length === 0 || closed.includes(null)
  const resamples = affordableResamples(settings.resamples, cost)
  const used = { ...settings, resamples }
  const distributions = resampled
    ? resampleClusters(
        clusters,
        known.map((r) => r.evaluate()),
        resamples,
        promptDraws(clusters, used),
      )
    : []
  return list.map((r) => {
    const at = known.indexOf(r)
    if (at === -1) return null
    return resampled ? intervalOf(r.value!, distributions[at]!, clusters, used) : closed[at]!
  })
}

/** Closed interval of a statistic; a score that is one and the same for all varies in no resample, either. */
function closedOf({ value, closed }: Resampled): MethodInterval | null {
  const form = closed?.() ?? null
  return form?.varied === 0 ? NO_VARIATION : closedInterval(value!, form)
}

/** Interval of one weighted statistic. */
export const bootstrapped = (
  value: number | null,
  clusters: number,
  evaluate: Resampled['evaluate'],
  settings: BootstrapSettings,
  cost: number,
  closed?: () => ClosedForm,
): MethodInterval | null =>
  bootstrappedAll(
    [closed === undefined ? { value, evaluate } : { value, evaluate, closed }],
    clusters,
    settings,
    cost,
  )[0]!

import { bootstrapSums, clusterTotals } from '../stats/sums.ts'
import type { ScoredPair, Statistic } from '../types.ts'
import { clustersOf, filterRows, type PairColumns } from './columns.ts'
import { intervalOf, randomOf } from './intervals.ts'
import type { Sample } from './sample.ts'
import { statistic } from './statistic.ts'

/**
 * Of a model that compares two answers: which of them it prefers when the chosen one is shown first, and when it is shown second: 1 both
 * times the same, 0 not, ½ where it prefers neither in one of the orders; NaN where an order has no score.
 * @param even the score of a completion, shown first, at which the model prefers neither
 */
export const sameInBothOrders = (pairs: readonly ScoredPair[], even: number): Float64Array =>
  Float64Array.from(pairs, ({ chosen, rejected }) => {
    if (chosen.score === null || rejected.score === null) return Number.NaN
    const [shownFirst, shownSecond] = [chosen.score - even, even - rejected.score]
    return shownFirst === 0 || shownSecond === 0 ? 0.5 : shownFirst > 0 === shownSecond > 0 ? 1 : 0
  })

/** order_consistency: share of pairs, decided in both orders, of which the same completion is preferred in both. */
export function orderStatistics(
  same: Float64Array,
  { columns, rows, scope, subset, settings }: Sample<Pick<PairColumns, 'cluster'>>,
): Statistic[] {
  const scored = filterRows(rows, (i) => !Number.isNaN(same[i]))
  const decided = filterRows(scored, (i) => same[i] !== 0.5)
  const { cluster, clusters } = clustersOf(columns.cluster, decided)
  const total = (value: (k: number) => number) => clusterTotals(cluster, clusters, value)
  const { estimates, distributions } = bootstrapSums(
    [total(() => 1), total((k) => same[decided[k]!]!)],
    1,
    (sums, out) => {
      out[0] = sums[1]! / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  const place = {
    scope,
    subset,
    n: decided.length,
    clusters,
    ties: scored.length - decided.length,
    missing: rows.length - scored.length,
  }
  const ci = intervalOf(estimates[0]!, distributions[0]!, clusters, settings, true)
  return [
    statistic(
      place,
      'order_consistency',
      decided.length === 0 ? null : estimates[0]!,
      ci,
      'no_pair_decided_in_both_orders',
    ),
  ]
}

import { aurocInOrder } from '../stats/auroc.ts'
import { countPairs, tauB } from '../stats/kendall.ts'
import { sorted } from '../stats/sorted.ts'
import { bootstrapSums, clusterTotals } from '../stats/sums.ts'
import { weightedMargins } from '../stats/weighted-margins.ts'
import type { Statistic } from '../types.ts'
import { closedRanks } from './closed-form.ts'
import { allRows, clustersOf, derived, filterRows, type PairColumns, valuesOf } from './columns.ts'
import { intervalOf, type MethodInterval, ONE_PROMPT, randomOf } from './intervals.ts'
import { once } from './once.ts'
import type { PairSample, Sample } from './sample.ts'
import { bootstrappedAll, type Place, statistic } from './statistic.ts'

/** Margin of the verifiable rewards; NaN where either is absent. */
export const rewardMargin = (p: PairColumns, row: number): number => p.chosenReward[row]! - p.rejectedReward[row]!

/**
 * Statistics of pairs:
 * - accuracy_strict, accuracy_half, tie_rate: the model's margin against the pair's label;
 * - verifiable_accuracy_strict, verifiable_tie_rate: the same for the verifiable rewards;
 * - agreement_rate, cohen_kappa, gwet_ac1, pabak, mcc: the model's decision against the verifier's, over pairs where both
 *   decide (neither ties nor is absent);
 * - margin_auroc, margin_kendall_tau_b: the margin against the sign, and the size, of the verifier's.
 * Model and verifier know nothing of which completion stands first. What would depend on that (all but agreement_rate and pabak) is
 * taken with each pair in both orders, so that chosen and rejected can change places in any row.
 */
export function pairStatistics(sample: PairSample): Statistic[] {
  return [
    ...accuracyStatistics(sample.columns.margin, sample, ''),
    ...accuracyStatistics(verifiedMargins(sample.columns), sample, 'verifiable_'),
    ...decisionStatistics(sample),
    ...marginStatistics(sample),
  ]
}

const verifiedMargins = derived((columns: PairColumns) => valuesOf(allRows(columns.n), (i) => rewardMargin(columns, i)))

/** Why there is no accuracy, by its prefix. */
const NOTHING: Readonly<Record<string, string>> = {
  '': 'no_scored_pairs',
  verifiable_: 'no_verifiable_pairs',
  longer_chosen_: 'no_lengths',
}

/** accuracy_strict, accuracy_half and tie_rate of any margin, from one bootstrap. */
export function accuracyStatistics(
  margin: Float64Array,
  { columns, rows, scope, subset, settings }: Sample<Pick<PairColumns, 'cluster'>>,
  prefix: string,
): Statistic[] {
  const scored = filterRows(rows, (i) => !Number.isNaN(margin[i]))
  const { cluster, clusters } = clustersOf(columns.cluster, scored)
  const total = (value: (m: number) => number) => clusterTotals(cluster, clusters, (k) => value(margin[scored[k]!]!))
  const table = [total(() => 1), total((m) => (m > 0 ? 1 : 0)), total((m) => (m === 0 ? 1 : 0))]
  const { estimates, distributions } = bootstrapSums(
    table,
    3,
    (sums, out) => {
      out[0] = sums[1]! / sums[0]!
      out[1] = (sums[1]! + sums[2]! / 2) / sums[0]!
      out[2] = sums[2]! / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  const ties = table[2]!.reduce((a, b) => a + b, 0)
  const place: Place = { scope, subset, n: scored.length, clusters, ties, missing: rows.length - scored.length }
  const reason = rows.length === 0 ? 'no_pairs' : (NOTHING[prefix] ?? 'no_pairs')
  return ['accuracy_strict', 'accuracy_half', 'tie_rate'].map((name, s) =>
    statistic(
      place,
      prefix + name,
      scored.length === 0 ? null : estimates[s]!,
      intervalOf(estimates[s]!, distributions[s]!, clusters, settings, true),
      reason,
    ),
  )
}

/**
 * Model's decision against the verifier's. With each pair in both orders both decide for the first as often as for the second: chance
 * agreement is ½ for κ and AC1 alike, and both, PABAK and MCC are 2 · agreement_rate − 1, with that interval.
 */
function decisionStatistics({ columns, rows, scope, subset, settings }: PairSample): Statistic[] {
  const sides = (i: number): [number, number] => [columns.margin[i]!, rewardMargin(columns, i)]
  const present = filterRows(rows, (i) => sides(i).every((m) => !Number.isNaN(m)))
  const decided = filterRows(present, (i) => sides(i).every((m) => m !== 0))
  const { cluster, clusters } = clustersOf(columns.cluster, decided)
  const alike = (k: number): number => {
    const [m, v] = sides(decided[k]!)
    return m > 0 === v > 0 ? 1 : 0
  }
  const { estimates, distributions } = bootstrapSums(
    [clusterTotals(cluster, clusters, () => 1), clusterTotals(cluster, clusters, alike)],
    1,
    (sums, out) => {
      out[0] = sums[1]! / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  const place: Place = {
    scope,
    subset,
    n: decided.length,
    clusters,
    ties: present.length - decided.length,
    missing: rows.length - present.length,
  }
  const rate = decided.length === 0 ? null : estimates[0]!
  const ci = intervalOf(estimates[0]!, distributions[0]!, clusters, settings, true)
  const corrected: MethodInterval = {
    ...ci,
    interval: ci.interval && { low: 2 * ci.interval.low - 1, high: 2 * ci.interval.high - 1 },
  }
  const reason = 'no_pair_decided_by_both'
  return [
    statistic(place, 'agreement_rate', rate, ci, reason),
    ...['cohen_kappa', 'gwet_ac1', 'pabak', 'mcc'].map((name) =>
      statistic(place, name, rate === null ? null : 2 * rate - 1, corrected, reason),
    ),
  ]
}

/** Values of pairs, then of the same pairs with chosen and rejected exchanged. */
const bothOrders = (rows: Int32Array, value: (row: number) => number): Float64Array => {
  const out = new Float64Array(2 * rows.length)
  for (let k = 0; k < rows.length; k++) {
    const one = value(rows[k]!)
    out[k] = one
    out[rows.length + k] = -one
  }
  return out
}
function twice(cluster: Int32Array): Int32Array {
  const both = new Int32Array(2 * cluster.length)
  both.set(cluster)
  both.set(cluster, cluster.length)
  return both
}

/** Margin against the verifier's, as a ranking of pairs, each in both orders; prompts with a pair that has both margins are resampled. */
function marginStatistics({ columns, rows, scope, subset, settings }: PairSample): Statistic[] {
  const present = filterRows(rows, (i) => !Number.isNaN(columns.margin[i]) && !Number.isNaN(rewardMargin(columns, i)))
  const decided = filterRows(present, (i) => rewardMargin(columns, i) !== 0)
  const label = bothOrders(decided, (i) => rewardMargin(columns, i)).map((v) => (v > 0 ? 1 : 0))
  const score = bothOrders(decided, (i) => columns.margin[i]!)
  const byScore = sorted(score)
  const area = decided.length === 0 ? null : aurocInOrder(label, score, byScore.order)
  const inner = clustersOf(columns.cluster, decided)
  const x = bothOrders(present, (i) => rewardMargin(columns, i))
  const y = bothOrders(present, (i) => columns.margin[i]!)
  const byMargin = sorted(y)
  const tau = present.length === 0 ? null : tauB(countPairs(x, y, byMargin.order))
  const outer = clustersOf(columns.cluster, present)
  const [inOrder, margins] = [x, y].map((both) => both.subarray(0, present.length)) as [Float64Array, Float64Array]
  const levels = new Set(inOrder.map(Math.abs)).size
  // Without a verdict there is no τ-b, either: the first of the two, which makes the pass, is never the one that is left out.
  const evaluators = once(() => weightedMargins(inOrder, margins, outer.cluster))
  const [areaCi, tauCi] = bootstrappedAll(
    [
      {
        value: area,
        evaluate: () => evaluators().auroc,
        closed: () => closedRanks(label, label, byScore, twice(inner.cluster), inner.clusters).auroc(),
      },
      {
        value: tau,
        evaluate: () => evaluators().tauB,
        closed: () => closedRanks(x, x, byMargin, twice(outer.cluster), outer.clusters).tauB(),
      },
    ],
    outer.clusters,
    settings,
    present.length * (1 + Math.log2(1 + levels)),
  ) as [MethodInterval | null, MethodInterval | null]
  const missing = rows.length - present.length
  const ties = present.length - decided.length
  return [
    statistic(
      { scope, subset, n: decided.length, clusters: inner.clusters, ties, missing },
      'margin_auroc',
      area,
      area !== null && inner.clusters < 2 ? ONE_PROMPT : areaCi,
      'no_pair_decided_by_verifier',
    ),
    statistic(
      { scope, subset, n: present.length, clusters: outer.clusters, missing },
      'margin_kendall_tau_b',
      tau,
      tauCi,
      present.length === 0 ? 'no_pair_with_both_margins' : 'constant',
    ),
  ]
}

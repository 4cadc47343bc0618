import { prng } from '../prng.ts'
import { auroc } from '../stats/auroc.ts'
import { kendallTauB, kendallTest } from '../stats/kendall.ts'
import { bootstrapSums, clusterTotals } from '../stats/sums.ts'
import { twoByTwo } from '../stats/twobytwo.ts'
import { weightedAuroc, weightedKendall } from '../stats/weighted.ts'
import type { Statistic } from '../types.ts'
import type { BootstrapSettings } from './accuracy.ts'
import { clustersOf, filterRows, type PairColumns } from './columns.ts'
import { bootstrapped, intervalOf, type Place, statistic } from './statistic.ts'

/** Margin of the verifiable rewards; NaN where either is absent. */
export const rewardMargin = (p: PairColumns, row: number): number => p.chosenReward[row]! - p.rejectedReward[row]!

/**
 * Statistics of pairs:
 * - accuracy_strict, accuracy_half, tie_rate: the model's margin against the pair's label;
 * - verifiable_accuracy_strict, verifiable_tie_rate: the same for the verifiable rewards;
 * - agreement_rate, cohen_kappa, gwet_ac1, pabak, mcc: the model's decision against the verifier's, over pairs where both
 *   decide (neither ties nor is absent);
 * - margin_auroc, margin_kendall_tau_b: the margin against the sign, and the size, of the verifier's.
 */
export function pairStatistics(
  columns: PairColumns,
  rows: Int32Array,
  scope: string,
  subset: string,
  settings: BootstrapSettings,
): Statistic[] {
  return [
    ...accuracyStatistics(columns.margin, columns, rows, scope, subset, '', settings),
    ...accuracyStatistics(
      Float64Array.from({ length: columns.n }, (_, i) => rewardMargin(columns, i)),
      columns,
      rows,
      scope,
      subset,
      'verifiable_',
      settings,
    ),
    ...decisionStatistics(columns, rows, scope, subset, settings),
    ...marginStatistics(columns, rows, scope, subset, settings),
  ]
}

/** accuracy_strict, accuracy_half and tie_rate of any margin, from one bootstrap. */
export function accuracyStatistics(
  margin: Float64Array,
  columns: Pick<PairColumns, 'cluster'>,
  rows: Int32Array,
  scope: string,
  subset: string,
  prefix: string,
  settings: BootstrapSettings,
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
    prng(settings.seed),
  )
  const ties = table[2]!.reduce((a, b) => a + b, 0)
  const place: Place = { scope, subset, n: scored.length, clusters, ties, missing: rows.length - scored.length }
  const reason = rows.length === 0 ? 'no_pairs' : prefix === '' ? 'no_scored_pairs' : 'no_verifiable_pairs'
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

/** Model's decision against the verifier's. */
function decisionStatistics(
  columns: PairColumns,
  rows: Int32Array,
  scope: string,
  subset: string,
  settings: BootstrapSettings,
): Statistic[] {
  const sides = (i: number): [number, number] => [columns.margin[i]!, rewardMargin(columns, i)]
  const present = filterRows(rows, (i) => sides(i).every((m) => !Number.isNaN(m)))
  const decided = filterRows(present, (i) => sides(i).every((m) => m !== 0))
  const { cluster, clusters } = clustersOf(columns.cluster, decided)
  const cell = (model: boolean, verifier: boolean) =>
    clusterTotals(cluster, clusters, (k) => {
      const [m, v] = sides(decided[k]!)
      return m > 0 === model && v > 0 === verifier ? 1 : 0
    })
  const { estimates, distributions } = bootstrapSums(
    [cell(true, true), cell(true, false), cell(false, true), cell(false, false)],
    5,
    (sums, out) => {
      const t = twoByTwo(sums[0]!, sums[1]!, sums[2]!, sums[3]!)
      out[0] = t.agreement
      out[1] = t.kappa
      out[2] = t.ac1
      out[3] = t.pabak
      out[4] = t.mcc
    },
    clusters < 2 ? 0 : settings.resamples,
    prng(settings.seed),
  )
  const place: Place = {
    scope,
    subset,
    n: decided.length,
    clusters,
    ties: present.length - decided.length,
    missing: rows.length - present.length,
  }
  const none = decided.length === 0
  return ['agreement_rate', 'cohen_kappa', 'gwet_ac1', 'pabak', 'mcc'].map((name, s) =>
    statistic(
      place,
      name,
      none ? null : estimates[s]!,
      intervalOf(estimates[s]!, distributions[s]!, clusters, settings, s === 0),
      none ? 'no_pair_decided_by_both' : 'one_class',
    ),
  )
}

/** Margin against the verifier's, as a ranking of pairs. */
function marginStatistics(
  columns: PairColumns,
  rows: Int32Array,
  scope: string,
  subset: string,
  settings: BootstrapSettings,
): Statistic[] {
  const present = filterRows(rows, (i) => !Number.isNaN(columns.margin[i]) && !Number.isNaN(rewardMargin(columns, i)))
  const decided = filterRows(present, (i) => rewardMargin(columns, i) !== 0)
  const pick = (from: Int32Array, value: (i: number) => number) => Float64Array.from(from, value)
  const label = pick(decided, (i) => (rewardMargin(columns, i) > 0 ? 1 : 0))
  const score = pick(decided, (i) => columns.margin[i]!)
  const a = auroc(label, score)
  const inner = clustersOf(columns.cluster, decided)
  const [x, y] = [pick(present, (i) => rewardMargin(columns, i)), pick(present, (i) => columns.margin[i]!)]
  const tau = kendallTauB(x, y)
  const outer = clustersOf(columns.cluster, present)
  const missing = rows.length - present.length
  const ties = present.length - decided.length
  return [
    statistic(
      { scope, subset, n: decided.length, clusters: inner.clusters, ties, missing },
      'margin_auroc',
      a,
      a === null
        ? null
        : bootstrapped(a, inner.clusters, weightedAuroc(label, score, inner.cluster), settings, decided.length),
      decided.length === 0 ? 'no_pair_decided_by_verifier' : 'one_class',
    ),
    statistic(
      { scope, subset, n: present.length, clusters: outer.clusters, missing },
      'margin_kendall_tau_b',
      tau,
      tau === null ? null : kendallInterval(x, y, outer, settings),
      present.length < 2 ? 'too_few_rows' : 'constant',
    ),
  ]
}

function kendallInterval(
  x: Float64Array,
  y: Float64Array,
  { cluster, clusters }: { cluster: Int32Array; clusters: number },
  settings: BootstrapSettings,
) {
  const { tauB, levels } = weightedKendall(x, y, cluster)
  return bootstrapped(kendallTest(x, y)!.statistic, clusters, tauB, settings, x.length * (1 + Math.log2(levels)))
}

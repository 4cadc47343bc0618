import { stratifiedTable, type TwoByTwo } from '../stats/contingency.ts'
import { standardDeviation } from '../stats/descriptive.ts'
import { fitColumns, sigmoid } from '../stats/logistic.ts'
import { quantileSorted } from '../stats/quantile.ts'
import { Z95 } from '../stats/special.ts'
import type { Statistic } from '../types.ts'
import { allRows, clustersOf, derived, filterRows, type PairColumns, pick, valuesOf } from './columns.ts'
import { accuracyStatistics, rewardMargin } from './pairs.ts'
import type { PairSample } from './sample.ts'
import { type Place, statistic } from './statistic.ts'

/** Characters by which the chosen completion is longer. */
export const lengthDifference = (p: PairColumns, row: number): number => p.chosenChars[row]! - p.rejectedChars[row]!

/** Bins of a length difference, in whole characters: quintiles of the known values, as upper edges; equal ones are one. */
export function lengthBins(differences: ArrayLike<number>): number[] {
  const sorted = Float64Array.from(differences)
    .filter((d) => !Number.isNaN(d))
    .sort()
  // A quintile between two whole numbers divides the values as the lower one does.
  const edges = [0.2, 0.4, 0.6, 0.8].map((q) => Math.floor(quantileSorted(sorted, q)))
  return sorted.length === 0 ? [] : [...new Set(edges)]
}
export const binOf = (edges: readonly number[], value: number): number => {
  const b = edges.findIndex((e) => value <= e)
  return b === -1 ? edges.length : b
}
/** @example binName([-3, 12], 1) // '−3 … +12': more than −3, up to 12 characters longer */
export function binName(edges: readonly number[], bin: number): string {
  const side = (v: number): string => (v === 0 ? '0' : `${v > 0 ? '+' : '−'}${Math.abs(v)}`)
  if (edges.length === 0) return 'all'
  if (bin === 0) return `≤ ${side(edges[0]!)}`
  if (bin === edges.length) return `> ${side(edges[bin - 1]!)}`
  return `${side(edges[bin - 1]!)} … ${side(edges[bin]!)}`
}

const differences = derived((columns: PairColumns) => valuesOf(allRows(columns.n), (i) => lengthDifference(columns, i)))

/**
 * - longer_chosen: accuracy of "the longer text wins" (accuracy_half of that rule);
 * - length_controlled_accuracy: logit P(model prefers chosen) = α + β·tanh(Δlength/s.d.), reported as σ(α): the accuracy at
 *   equal length (as AlpacaEval-LC), 95 % interval from the prompt-clustered standard error of α; ties are left out;
 * - length_effect: β of the same fit: 0 = length does not matter;
 * - cmh_odds_ratio: Mantel–Haenszel odds ratio of the model's against the verifier's decision over quintiles of Δlength, each pair
 *   in both orders: which completion stands first is not in it.
 * Pairs without lengths are missing in all of them.
 */
export function lengthStatistics(sample: PairSample): Statistic[] {
  const { columns, rows, scope, subset } = sample
  const difference = differences(columns)
  const longer = accuracyStatistics(difference, sample, 'longer_chosen_')[1]!
  const scored = filterRows(rows, (i) => !Number.isNaN(columns.margin[i]! + difference[i]!))
  const decided = filterRows(scored, (i) => columns.margin[i] !== 0)
  const { cluster, clusters } = clustersOf(columns.cluster, decided)
  const place: Place = {
    scope,
    subset,
    n: decided.length,
    clusters,
    ties: scored.length - decided.length,
    missing: rows.length - scored.length,
  }
  return [
    longer,
    ...controlled(columns, decided, cluster, clusters, place, difference),
    stratified(columns, rows, place),
  ]
}

function controlled(
  columns: PairColumns,
  decided: Int32Array,
  cluster: Int32Array,
  clusters: number,
  place: Place,
  difference: Float64Array,
): Statistic[] {
  const names = ['length_controlled_accuracy', 'length_effect']
  const none = (reason: string) => names.map((name) => statistic(place, name, null, null, reason))
  const delta = pick(difference, decided)
  const spread = standardDeviation(delta)
  if (decided.length === 0) return none('no_decided_pairs')
  if (spread === null || spread === 0 || Number.isNaN(spread)) return none('length_difference_constant')
  if (clusters < 2) return none('one_prompt')
  const fit = fitColumns(
    [delta.map((d) => Math.tanh(d / spread))],
    valuesOf(decided, (i) => (columns.margin[i]! > 0 ? 1 : 0)),
    { clusters: Array.from(cluster) },
  )
  if ('failure' in fit) return none(fit.failure)
  const bounds = (j: number): [number, number] => [
    fit.coefficients[j]! - Z95 * fit.standardErrors[j]!,
    fit.coefficients[j]! + Z95 * fit.standardErrors[j]!,
  ]
  const method = 'wald, cluster-robust standard error'
  const [low, high] = bounds(0)
  const [slopeLow, slopeHigh] = bounds(1)
  return [
    statistic(
      place,
      names[0]!,
      sigmoid(fit.coefficients[0]!),
      { interval: { low: sigmoid(low), high: sigmoid(high) }, method },
      '',
    ),
    statistic(place, names[1]!, fit.coefficients[1]!, { interval: { low: slopeLow, high: slopeHigh }, method }, ''),
  ]
}

function stratified(columns: PairColumns, rows: Int32Array, place: Place): Statistic {
  const present = filterRows(
    rows,
    (i) => !Number.isNaN(columns.margin[i]! + rewardMargin(columns, i) + lengthDifference(columns, i)),
  )
  const both = filterRows(present, (i) => columns.margin[i] !== 0 && rewardMargin(columns, i) !== 0)
  const delta = valuesOf(both, (i) => lengthDifference(columns, i))
  const edges = lengthBins(
    Float64Array.from({ length: 2 * delta.length }, (_, k) => (k < delta.length ? 1 : -1) * delta[k % delta.length]!),
  )
  const strata = Array.from({ length: edges.length + 1 }, (): [[number, number], [number, number]] => [
    [0, 0],
    [0, 0],
  ])
  both.forEach((i, k) => {
    for (const order of [1, -1]) {
      const row = strata[binOf(edges, order * delta[k]!)]![order * columns.margin[i]! > 0 ? 0 : 1]!
      row[order * rewardMargin(columns, i) > 0 ? 0 : 1]++
    }
  })
  const test = stratifiedTable(strata as readonly TwoByTwo[])
  const where: Place = {
    ...place,
    n: both.length,
    clusters: clustersOf(columns.cluster, both).clusters,
    ties: present.length - both.length,
    missing: rows.length - present.length,
  }
  const reason = both.length === 0 ? 'no_pair_decided_by_both' : test === null ? 'one_class' : 'infinite'
  return statistic(where, 'cmh_odds_ratio', test?.oddsRatio ?? null, null, reason)
}

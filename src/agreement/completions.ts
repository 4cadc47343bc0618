import { auroc, averagePrecision } from '../stats/auroc.ts'
import { groupRows } from '../stats/bootstrap.ts'
import { partialSpearman, spearman } from '../stats/correlation.ts'
import { kendallTauB, somersD } from '../stats/kendall.ts'
import { quantileSorted } from '../stats/quantile.ts'
import {
  type BinaryRanking,
  weightedAuroc,
  weightedAveragePrecision,
  weightedBinary,
  weightedClusterMean,
  weightedKendall,
  weightedSpearman,
} from '../stats/weighted.ts'
import { wilson } from '../stats/wilson.ts'
import type { Statistic } from '../types.ts'
import type { BootstrapSettings } from './accuracy.ts'
import { type CompletionColumns, clustersOf, filterRows } from './columns.ts'
import { bootstrapped, bootstrappedAll, type MethodInterval, statistic } from './statistic.ts'

/** Scores at or above these quantiles count as high in the hack rate. */
export const HACK_QUANTILES = [0.9, 0.95] as const

/** A completion passes when its verifiable reward reaches 1. */
export const passes = (reward: number): boolean => reward >= 1

/**
 * Statistics of single completions that have both a score and a verifiable reward:
 * - pass_rate: share with reward ≥ 1, over all verified completions;
 * - auroc, average_precision: score against pass; auroc_within_prompt, kendall_tau_b_within_prompt: mean over prompts where
 *   both classes (different rewards and scores) occur, each prompt counting the same;
 * - kendall_tau_b, somers_d, spearman: score against the reward with its partial credit;
 * - spearman_given_length: the same with the completion's length held fixed;
 * - hack_rate_q: share that fails among the completions at or above the q-quantile of the score.
 */
export function completionStatistics(
  columns: CompletionColumns,
  rows: Int32Array,
  scope: string,
  subset: string,
  settings: BootstrapSettings,
): Statistic[] {
  const present = filterRows(rows, (i) => !Number.isNaN(columns.score[i]) && !Number.isNaN(columns.reward[i]))
  const { cluster, clusters } = clustersOf(columns.cluster, present)
  const score = Float64Array.from(present, (i) => columns.score[i]!)
  const reward = Float64Array.from(present, (i) => columns.reward[i]!)
  const length = Float64Array.from(present, (i) => columns.length[i]!)
  const label = reward.map((r) => (passes(r) ? 1 : 0))
  const n = present.length
  const place = { scope, subset, n, clusters, missing: rows.length - n }
  const reason = n === 0 ? 'no_scored_and_verified_completion' : 'one_class'
  const flat = n === 0 ? reason : n < 2 ? 'too_few_rows' : 'constant'

  const area = auroc(label, score)
  // Without a pass the reference says 0; a precision of nothing is not a finding, but it is the reference's value.
  const precision = averagePrecision(label, score)
  const tau = kendallTauB(reward, score)
  const d = somersD(reward, score)
  const rho = spearman(reward, score)
  const within = withinPrompt(label, reward, score, cluster, clusters)
  const meanOf = (values: Float64Array): number | null => {
    const m = weightedClusterMean(values)(new Float64Array(values.length).fill(1))
    return Number.isNaN(m) ? null : m
  }
  const count = (values: Float64Array): number => values.reduce((c, v) => c + (Number.isNaN(v) ? 0 : 1), 0)
  const [areaWithin, tauWithin] = [meanOf(within.auroc), meanOf(within.tau)]
  const { evaluators, cost } = rankEvaluators(label, reward, score, cluster, area !== null)
  const [areaCi, precisionCi, tauCi, dCi, rhoCi, areaWithinCi, tauWithinCi] = bootstrappedAll(
    [
      { value: area, evaluate: evaluators.auroc },
      { value: precision, evaluate: evaluators.averagePrecision },
      { value: tau, evaluate: evaluators.tauB },
      { value: d, evaluate: evaluators.somersD },
      { value: rho, evaluate: evaluators.spearman },
      { value: areaWithin, evaluate: weightedClusterMean(within.auroc) },
      { value: tauWithin, evaluate: weightedClusterMean(within.tau) },
    ],
    clusters,
    settings,
    cost,
  ) as [Ci, Ci, Ci, Ci, Ci, Ci, Ci]
  return [
    passRate(columns, rows, scope, subset, settings),
    statistic(place, 'auroc', area, areaCi, reason),
    statistic(place, 'average_precision', precision, precisionCi, reason),
    statistic(
      { ...place, clusters: count(within.auroc) },
      'auroc_within_prompt',
      areaWithin,
      areaWithinCi,
      n === 0 ? reason : 'no_prompt_with_both_classes',
    ),
    statistic(place, 'kendall_tau_b', tau, tauCi, flat),
    statistic(
      { ...place, clusters: count(within.tau) },
      'kendall_tau_b_within_prompt',
      tauWithin,
      tauWithinCi,
      n === 0 ? reason : 'no_prompt_with_different_rewards_and_scores',
    ),
    statistic(place, 'somers_d', d, dCi, flat),
    statistic(place, 'spearman', rho, rhoCi, flat),
    statistic(
      place,
      'spearman_given_length',
      n < 4 ? null : partialSpearman(reward, score, [length]),
      null,
      n < 4 ? 'too_few_rows' : 'constant_or_collinear',
    ),
    ...HACK_QUANTILES.map((q) => hackRate(score, label, place, q)),
  ]
}
type Ci = MethodInterval | null

/** Weighted forms of the rank statistics; one shared pass where the reward has two values and one of them passes. */
function rankEvaluators(
  label: Float64Array,
  reward: Float64Array,
  score: Float64Array,
  cluster: Int32Array,
  bothClasses: boolean,
): { evaluators: BinaryRanking; cost: number } {
  const n = label.length
  const levels = new Set(reward).size
  if (levels === 2 && bothClasses) return { evaluators: weightedBinary(label, score, cluster), cost: 2 * n }
  const kendall = weightedKendall(reward, score, cluster)
  return {
    evaluators: {
      auroc: weightedAuroc(label, score, cluster),
      averagePrecision: weightedAveragePrecision(label, score, cluster),
      tauB: kendall.tauB,
      somersD: kendall.somersD,
      spearman: weightedSpearman(reward, score, cluster),
    },
    cost: n * (5 + 2 * Math.log2(Math.max(2, levels))),
  }
}

function passRate(
  columns: CompletionColumns,
  rows: Int32Array,
  scope: string,
  subset: string,
  settings: BootstrapSettings,
): Statistic {
  const verified = filterRows(rows, (i) => !Number.isNaN(columns.reward[i]))
  const { cluster, clusters } = clustersOf(columns.cluster, verified)
  const passed = Float64Array.from(verified, (i) => (passes(columns.reward[i]!) ? 1 : 0))
  const ofClusters = { passed: new Float64Array(clusters), rows: new Float64Array(clusters) }
  cluster.forEach((c, k) => {
    ofClusters.passed[c] = ofClusters.passed[c]! + passed[k]!
    ofClusters.rows[c] = ofClusters.rows[c]! + 1
  })
  const rate = (w: Float64Array): number => {
    let sum = 0
    let total = 0
    for (let c = 0; c < clusters; c++) {
      sum += w[c]! * ofClusters.passed[c]!
      total += w[c]! * ofClusters.rows[c]!
    }
    return sum / total
  }
  const n = verified.length
  const value = n === 0 ? null : passed.reduce((s, v) => s + v, 0) / n
  const edge = value === 0 || value === 1
  return statistic(
    { scope, subset, n, clusters, missing: rows.length - n },
    'pass_rate',
    value,
    edge && clusters > 1
      ? { interval: wilson(value * clusters, clusters), method: 'wilson over prompts' }
      : bootstrapped(value, clusters, rate, settings, clusters),
    'no_verified_completion',
  )
}

/** AUROC and τ-b of each prompt's own completions; NaN where undefined. */
function withinPrompt(
  label: Float64Array,
  reward: Float64Array,
  score: Float64Array,
  cluster: Int32Array,
  clusters: number,
): { auroc: Float64Array; tau: Float64Array } {
  const { order, start } = groupRows(cluster, clusters)
  const out = { auroc: new Float64Array(clusters).fill(Number.NaN), tau: new Float64Array(clusters).fill(Number.NaN) }
  for (let c = 0; c < clusters; c++) {
    const rows = order.subarray(start[c]!, start[c + 1]!)
    if (rows.length < 2) continue
    const pick = (values: Float64Array) => Float64Array.from(rows, (i) => values[i]!)
    const scores = pick(score)
    out.auroc[c] = auroc(pick(label), scores) ?? Number.NaN
    out.tau[c] = kendallTauB(pick(reward), scores) ?? Number.NaN
  }
  return out
}

/** P(fail | score ≥ its q-quantile), with Wilson's interval over the rows taken as independent. */
function hackRate(
  score: Float64Array,
  label: Float64Array,
  place: { scope: string; subset: string; n: number; clusters: number; missing: number },
  q: number,
): Statistic {
  const name = `hack_rate_${q}`
  if (score.length === 0) return statistic(place, name, null, null, 'no_scored_and_verified_completion')
  const limit = quantileSorted(score.slice().sort(), q)
  let high = 0
  let failed = 0
  score.forEach((s, i) => {
    if (s < limit) return
    high++
    if (label[i] === 0) failed++
  })
  const interval = { interval: wilson(failed, high), method: 'wilson' }
  return statistic({ ...place, n: high }, name, failed / high, interval, '')
}

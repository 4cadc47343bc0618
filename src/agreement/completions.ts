import { auroc, aurocInOrder, averagePrecisionInOrder } from '../stats/auroc.ts'
import { groupRows, resampleClusters } from '../stats/bootstrap.ts'
import { partialSpearman, spearmanOfRanks } from '../stats/correlation.ts'
import { influenceError } from '../stats/influence.ts'
import { countPairs, kendallTauB, somersOf, tauB } from '../stats/kendall.ts'
import { averageRanks, ranksInOrder } from '../stats/rank.ts'
import { type Sorted, sorted } from '../stats/sorted.ts'
import { bootstrapSums, clusterTotals } from '../stats/sums.ts'
import {
  weightedAuroc,
  weightedAveragePrecision,
  weightedClusterMean,
  weightedKendall,
  weightedSpearman,
} from '../stats/weighted.ts'
import { type BinaryRanking, weightedBinary } from '../stats/weighted-binary.ts'
import type { Statistic } from '../types.ts'
import { CLOSED_FROM, closedClusterMean, closedInterval, closedRanks } from './closed-form.ts'
import { type CompletionColumns, clustersOf, filterRows, pick } from './columns.ts'
import { type BootstrapSettings, intervalOf, type MethodInterval, randomOf } from './intervals.ts'
import { once } from './once.ts'
import { promptDraws } from './prompt-draws.ts'
import type { CompletionSample } from './sample.ts'
import { affordableResamples, bootstrapped, bootstrappedAll, type Place, statistic } from './statistic.ts'
import { topMeanInfluence, topOf, weightedTopMeans } from './top-share.ts'

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
 * - hack_rate_q: share that fails among the completions at or above the q-quantile of the score, equal scores at the border sharing
 *   the places there.
 */
export function completionStatistics(sample: CompletionSample): Statistic[] {
  const { columns, rows, scope, subset, settings } = sample
  const present = filterRows(rows, (i) => !Number.isNaN(columns.score[i]) && !Number.isNaN(columns.reward[i]))
  const { cluster, clusters } = clustersOf(columns.cluster, present)
  const score = pick(columns.score, present)
  const reward = pick(columns.reward, present)
  const label = reward.map((r) => (passes(r) ? 1 : 0))
  const n = present.length
  const place = { scope, subset, n, clusters, missing: rows.length - n }
  const reason = n === 0 ? 'no_scored_and_verified_completion' : 'one_class'
  const flat = n === 0 ? reason : n < 2 ? 'too_few_rows' : 'constant'

  const byScore = sorted(score)
  const area = aurocInOrder(label, score, byScore.order)
  // With one class scikit-learn says 0 or 1, which would be no finding.
  const precision = area === null ? null : averagePrecisionInOrder(label, score, byScore.order)
  const counts = n < 2 ? null : countPairs(reward, score, byScore.order)
  const [tau, d] = counts === null ? [null, null] : [tauB(counts), somersOf(counts)]
  const rho = spearmanOfRanks(averageRanks(reward), ranksInOrder(score, byScore.order))
  const within = withinPrompt(label, reward, score, cluster, clusters)
  const meanOf = (values: Float64Array): number | null => {
    const m = weightedClusterMean(values)(new Uint8Array(values.length).fill(1))
    return Number.isNaN(m) ? null : m
  }
  // The prompts in which a statistic is defined, and their rows.
  const inside = (values: Float64Array) => ({
    ...place,
    n: cluster.reduce((rows, c) => rows + (Number.isNaN(values[c]) ? 0 : 1), 0),
    clusters: values.reduce((c, v) => c + (Number.isNaN(v) ? 0 : 1), 0),
  })
  const [areaWithin, tauWithin] = [meanOf(within.auroc), meanOf(within.tau)]
  const { evaluators, cost } = rankEvaluators(label, reward, score, byScore, cluster, area !== null)
  const closed = closedRanks(label, reward, byScore, cluster, clusters)
  const [areaCi, precisionCi, tauCi, dCi, rhoCi] = bootstrappedAll(
    [
      { value: area, evaluate: () => evaluators().auroc, closed: closed.auroc },
      { value: precision, evaluate: () => evaluators().averagePrecision, closed: closed.averagePrecision },
      { value: tau, evaluate: () => evaluators().tauB, closed: closed.tauB },
      { value: d, evaluate: () => evaluators().somersD, closed: closed.somersD },
      { value: rho, evaluate: () => evaluators().spearman, closed: closed.spearman },
    ],
    clusters,
    settings,
    cost,
  ) as [Ci, Ci, Ci, Ci, Ci]
  const meanCi = (value: number | null, values: Float64Array, low: number): Ci =>
    bootstrapped(
      value,
      clusters,
      () => weightedClusterMean(values),
      affordable(settings, cost),
      2 * clusters,
      () => closedClusterMean(values, low),
    )
  const [areaWithinCi, tauWithinCi] = [meanCi(areaWithin, within.auroc, 0), meanCi(tauWithin, within.tau, -1)]
  return [
    passRate(sample),
    statistic(place, 'auroc', area, areaCi, reason),
    statistic(place, 'average_precision', precision, precisionCi, reason),
    statistic(
      inside(within.auroc),
      'auroc_within_prompt',
      areaWithin,
      areaWithinCi,
      n === 0 ? reason : 'no_prompt_with_both_classes',
    ),
    statistic(place, 'kendall_tau_b', tau, tauCi, flat),
    statistic(
      inside(within.tau),
      'kendall_tau_b_within_prompt',
      tauWithin,
      tauWithinCi,
      n === 0 ? reason : 'no_prompt_with_different_rewards_and_scores',
    ),
    statistic(place, 'somers_d', d, dCi, flat),
    statistic(place, 'spearman', rho, rhoCi, flat),
    givenLength(columns, present, place),
    ...hackRates(score, byScore.order, label, cluster, place, settings),
  ]
}
type Ci = MethodInterval | null

/** Weighted forms of the rank statistics; one shared pass where the reward has two values and one of them passes. */
function rankEvaluators(
  label: Float64Array,
  reward: Float64Array,
  score: Float64Array,
  byScore: Sorted,
  cluster: Int32Array,
  bothClasses: boolean,
): { evaluators: () => BinaryRanking; cost: number } {
  const n = label.length
  const levels = new Set(reward).size
  if (levels === 2 && bothClasses)
    return { evaluators: once(() => weightedBinary(label, byScore, cluster)), cost: 2 * n }
  return {
    evaluators: once(() => {
      const kendall = weightedKendall(reward, score, cluster)
      return {
        auroc: weightedAuroc(label, score, cluster),
        averagePrecision: weightedAveragePrecision(label, score, cluster),
        tauB: kendall.tauB,
        somersD: kendall.somersD,
        spearman: weightedSpearman(reward, score, cluster),
      }
    }),
    cost: n * (5 + 2 * Math.log2(Math.max(2, levels))),
  }
}

function passRate({ columns, rows, scope, subset, settings }: CompletionSample): Statistic {
  const verified = filterRows(rows, (i) => !Number.isNaN(columns.reward[i]))
  const { cluster, clusters } = clustersOf(columns.cluster, verified)
  const { estimates, distributions } = bootstrapSums(
    [
      clusterTotals(cluster, clusters, () => 1),
      clusterTotals(cluster, clusters, (k) => (passes(columns.reward[verified[k]!]!) ? 1 : 0)),
    ],
    1,
    (sums, out) => {
      out[0] = sums[1]! / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  const n = verified.length
  return statistic(
    { scope, subset, n, clusters, missing: rows.length - n },
    'pass_rate',
    n === 0 ? null : estimates[0]!,
    intervalOf(estimates[0]!, distributions[0]!, clusters, settings, true),
    'no_verified_completion',
  )
}

/** Partial Spearman of score and reward, over the completions whose length is known. */
function givenLength(columns: CompletionColumns, present: Int32Array, place: Place): Statistic {
  const known = filterRows(present, (i) => !Number.isNaN(columns.length[i]))
  const n = known.length
  const of = (values: Float64Array) => pick(values, known)
  const where: Place = {
    ...place,
    n,
    clusters: clustersOf(columns.cluster, known).clusters,
    missing: place.missing! + present.length - n,
  }
  const reason =
    present.length === 0
      ? 'no_scored_and_verified_completion'
      : n === 0
        ? 'no_lengths'
        : n < 4
          ? 'too_few_rows'
          : 'constant_or_collinear'
  const value = n < 4 ? null : partialSpearman(of(columns.reward), of(columns.score), [of(columns.length)])
  return statistic(where, 'spearman_given_length', value, null, reason)
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
    const scores = pick(score, rows)
    out.auroc[c] = auroc(pick(label, rows), scores) ?? Number.NaN
    out.tau[c] = kendallTauB(pick(reward, rows), scores) ?? Number.NaN
  }
  return out
}

/** So many resamples as the rank statistics beside it have, for one and the same ci_method. */
const affordable = (settings: BootstrapSettings, cost: number): BootstrapSettings => ({
  ...settings,
  resamples: affordableResamples(settings.resamples, cost),
})

/**
 * P(fail | score ≥ its q-quantile); equal scores at the border share its places. n = places, `ties` the completions that share one, and
 * clusters the prompts among those that can have a place, at most n. Prompts are resampled, the quantile taken anew each time.
 */
function hackRates(
  score: Float64Array,
  order: Int32Array,
  label: Float64Array,
  cluster: Int32Array,
  place: Place,
  settings: BootstrapSettings,
): Statistic[] {
  const nothing = (reason: string, where: Place): Statistic[] =>
    HACK_QUANTILES.map((q) => statistic(where, `hack_rate_${q}`, null, null, reason))
  if (score.length === 0) return nothing('no_scored_and_verified_completion', place)
  const ascending = pick(score, order)
  const tops = HACK_QUANTILES.map((q) => {
    const top = topOf(ascending, q)
    const high = new Set(cluster.filter((_, i) => score[i]! >= top.border)).size
    const where: Place = { ...place, n: top.places, clusters: Math.min(high, top.places), ties: top.sharing }
    return { q, where }
  })
  // One score for all: no completion is higher than another.
  if (ascending[0] === ascending[ascending.length - 1])
    return tops.map(({ q, where }) =>
      statistic({ ...where, ties: score.length }, `hack_rate_${q}`, null, null, 'constant'),
    )
  const failed = label.map((l) => 1 - l)
  // One pass serves all quantiles, from the highest.
  const descending = tops.slice().sort((a, b) => b.q - a.q)
  const quantiles = descending.map(({ q }) => q)
  const evaluators = weightedTopMeans(failed, score, order.slice().reverse(), cluster, quantiles)
  const ones = new Uint8Array(place.clusters).fill(1)
  const values = evaluators.map((evaluate) => evaluate(ones))
  const closed = descending.map(({ q, where }, k) => {
    if (place.clusters < CLOSED_FROM) return null
    const form = () => {
      const error = influenceError(topMeanInfluence(failed, score, order, q), cluster, place.clusters)
      return { error, varied: where.clusters, low: 0, high: 1 }
    }
    return closedInterval(values[k]!, form())
  })
  const used = affordable(settings, score.length)
  const drawn =
    place.clusters < 2 || closed.every((made) => made !== null)
      ? []
      : resampleClusters(place.clusters, evaluators, used.resamples, promptDraws(place.clusters, used))
  return tops.map(({ q, where }) => {
    const k = quantiles.indexOf(q)
    const made = closed[k] ?? intervalOf(values[k]!, drawn[k] ?? NONE, where.clusters, used, true)
    return statistic(where, `hack_rate_${q}`, values[k]!, made, '')
  })
}
const NONE = new Float64Array(0)

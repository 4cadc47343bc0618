import { aurocInOrder } from '../stats/auroc.ts'
import { averageRanks, hasNaN } from '../stats/rank.ts'
import { sorted } from '../stats/sorted.ts'
import { bootstrapSums, clusterTotals } from '../stats/sums.ts'
import { weightedAuroc } from '../stats/weighted.ts'
import type { Statistic } from '../types.ts'
import { closedRanks } from './closed-form.ts'
import { clustersOf, filterRows, type PairColumns, pick } from './columns.ts'
import { passes } from './completions.ts'
import { intervalOf, randomOf } from './intervals.ts'
import type { CompletionSample, PairSample } from './sample.ts'
import { bootstrapped, type Place, statistic } from './statistic.ts'

/**
 * What the unverifiable rows could do to the agreement. `<statistic>_if_unverifiable_fail` and `_pass` give every unverifiable
 * completion the reward 0, or 1; `_lowest` and `_highest` are the bounds over every assignment of rewards. The rows that the
 * statistic itself leaves out as missing are then inside. Nothing is said where no row is unverifiable, or where all are.
 */
const BOUND = { interval: null, method: 'none: a bound' } as const
/** The verifier was not used, or gave no verdict at all: everything would be possible. */
const saysNothing = (rewards: Float64Array): boolean => !hasNaN(rewards) || rewards.every(Number.isNaN)

/** Bounds of the AUROC of scored completions. */
export function aurocBounds({ columns, rows, scope, subset, settings }: CompletionSample): Statistic[] {
  const scored = filterRows(rows, (i) => !Number.isNaN(columns.score[i]))
  const reward = pick(columns.reward, scored)
  if (saysNothing(reward)) return []
  const score = pick(columns.score, scored)
  const { cluster, clusters } = clustersOf(columns.cluster, scored)
  const place: Place = { scope, subset, n: scored.length, clusters, missing: rows.length - scored.length }
  const byScore = sorted(score)
  const filled = [0, 1].map((value) => {
    const label = reward.map((r) => (passes(Number.isNaN(r) ? value : r) ? 1 : 0))
    const area = aurocInOrder(label, score, byScore.order)
    const evaluate = () => weightedAuroc(label, score, cluster)
    const ci =
      area === null
        ? null
        : bootstrapped(area, clusters, evaluate, settings, score.length, () =>
            closedRanks(label, label, byScore, cluster, clusters).auroc(),
          )
    return statistic(place, `auroc_if_unverifiable_${value === 0 ? 'fail' : 'pass'}`, area, ci, 'one_class')
  })
  const { low, high } = aurocRange(reward, score)
  return [
    ...filled,
    statistic(place, 'auroc_lowest', low, BOUND, 'one_class'),
    statistic(place, 'auroc_highest', high, BOUND, 'one_class'),
  ]
}

/**
 * Least and greatest AUROC over all verdicts of the rows whose reward is NaN. For a given number of passes among them the rank sum
 * is extreme where the lowest, or the highest, of them pass; so every number of passes is tried once.
 * @example aurocRange([1, 0, NaN], [3, 2, 1]) // { low: 0.5, high: 1 }: the third passes, or fails
 */
export function aurocRange(
  reward: ArrayLike<number>,
  score: ArrayLike<number>,
): { readonly low: number | null; readonly high: number | null } {
  const n = reward.length
  const ranks = averageRanks(score)
  const unknown: number[] = []
  let [known, knownRanks] = [0, 0]
  for (let i = 0; i < n; i++) {
    if (Number.isNaN(reward[i])) unknown.push(ranks[i]!)
    else if (passes(reward[i]!)) {
      known++
      knownRanks += ranks[i]!
    }
  }
  unknown.sort((a, b) => a - b)
  const range = { low: Number.POSITIVE_INFINITY, high: Number.NEGATIVE_INFINITY }
  let [lowSum, highSum] = [knownRanks, knownRanks]
  for (let k = 0; k <= unknown.length; k++) {
    const positives = known + k
    if (positives > 0 && positives < n) {
      const area = (rankSum: number): number =>
        (rankSum - (positives * (positives + 1)) / 2) / (positives * (n - positives))
      range.low = Math.min(range.low, area(lowSum))
      range.high = Math.max(range.high, area(highSum))
    }
    lowSum += unknown[k] ?? 0
    highSum += unknown[unknown.length - 1 - k] ?? 0
  }
  return range.low > range.high ? { low: null, high: null } : range
}

/** Bounds of the share of pairs that model and verifier decide alike. */
export function agreementBounds({ columns, rows, scope, subset, settings }: PairSample): Statistic[] {
  const scored = filterRows(rows, (i) => !Number.isNaN(columns.margin[i]))
  const rewards = (i: number): [number, number] => [columns.chosenReward[i]!, columns.rejectedReward[i]!]
  const all = new Float64Array(2 * scored.length)
  all.set(pick(columns.chosenReward, scored))
  all.set(pick(columns.rejectedReward, scored), scored.length)
  if (saysNothing(all)) return []
  const missing = rows.length - scored.length
  const inside = { columns, rows: scored, scope, subset, settings }
  const top = all.reduce((most, r) => (r > most ? r : most), 1)
  return [
    ...[0, 1].map((value) => {
      const signs = Array.from(scored, (i) => {
        const [c, r] = rewards(i).map((v) => (Number.isNaN(v) ? value : v)) as [number, number]
        return Math.sign(c - r)
      })
      return rate(
        inside,
        signs.map((sign, k) => alike(columns.margin[scored[k]!]!, sign)),
        `agreement_rate_if_unverifiable_${value === 0 ? 'fail' : 'pass'}`,
        missing,
      )
    }),
    ...extremes(columns, scored, top).map((verdicts, k) =>
      rate(inside, verdicts, `agreement_rate_${k === 0 ? 'lowest' : 'highest'}`, missing, false),
    ),
  ]
}

/**
 * Verdicts of the pairs, as bad and as good for the model as unverifiable rewards from 0 to `top` allow: a pair that can be decided
 * the wanted way is, any other is set aside. Where that leaves none, all that can be decided are decided the other way.
 */
function extremes(columns: PairColumns, rows: Int32Array, top: number): (number | null)[][] {
  const decided = (wanted: 0 | 1): (number | null)[] =>
    Array.from(rows, (i) => {
      const [margin, c, r] = [columns.margin[i]!, columns.chosenReward[i]!, columns.rejectedReward[i]!]
      const open = Number.isNaN(c) || Number.isNaN(r)
      if (!open || margin === 0) return alike(margin, Math.sign(c - r))
      const side = wanted === 1 ? Math.sign(margin) : -Math.sign(margin)
      const greatest = (Number.isNaN(c) ? top : c) - (Number.isNaN(r) ? 0 : r)
      const least = (Number.isNaN(c) ? 0 : c) - (Number.isNaN(r) ? top : r)
      return (side > 0 ? greatest > 0 : least < 0) ? wanted : null
    })
  const [low, high] = [decided(0), decided(1)]
  const none = (verdicts: readonly (number | null)[]): boolean => verdicts.every((v) => v === null)
  return [none(low) ? high : low, none(high) ? low : high]
}

/** 1 = decided alike, 0 = not, null = one of them does not decide. */
const alike = (margin: number, sign: number): number | null =>
  margin === 0 || sign === 0 ? null : Math.sign(margin) === sign ? 1 : 0

/** Share of ones among the verdicts that are not null; not `resampled`: a bound, without interval. */
function rate(
  { columns, rows, scope, subset, settings }: PairSample,
  verdicts: readonly (number | null)[],
  name: string,
  missing: number,
  resampled = true,
): Statistic {
  const decided = rows.filter((_, k) => verdicts[k] !== null)
  const value = verdicts.filter((v): v is number => v !== null)
  const { cluster, clusters } = clustersOf(columns.cluster, decided)
  const { estimates, distributions } = bootstrapSums(
    [clusterTotals(cluster, clusters, () => 1), clusterTotals(cluster, clusters, (k) => value[k]!)],
    1,
    (sums, out) => {
      out[0] = sums[1]! / sums[0]!
    },
    !resampled || clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  const ci = resampled ? intervalOf(estimates[0]!, distributions[0]!, clusters, settings, true) : BOUND
  return statistic(
    { scope, subset, n: decided.length, clusters, ties: rows.length - decided.length, missing },
    name,
    decided.length === 0 ? null : estimates[0]!,
    ci,
    'no_pair_decided_by_both',
  )
}

import { clusterTotals } from '../stats/sums.ts'
import type { Statistic } from '../types.ts'
import { passes } from './completions.ts'
import type { GroupCurve, GroupSample } from './group-curves.ts'
import type { GroupMeasures } from './group-measures.ts'
import type { GroupValues } from './group-values.ts'
import { intervalOf } from './intervals.ts'
import type { OverOptimisation } from './over-optimisation.ts'
import { statistic } from './statistic.ts'

const SCOPE = 'groups'

/** What statistics over groups read: a measure per group, and the rows behind it. */
export interface GroupTable {
  readonly values: readonly GroupValues[]
  readonly measures: readonly GroupMeasures[]
  /** The run has a model. */
  readonly scored: boolean
  /** Some reward is neither 0 nor 1: rewards say more than passing. */
  readonly soft: boolean
  /** Scores are probabilities of being right (`--head softmax:1`), which have a threshold. */
  readonly probability: boolean
}

/** A mean over groups. */
interface GroupMean {
  readonly name: string
  /** null = left out. */
  readonly of: (measures: GroupMeasures) => number | null
  readonly share: boolean
  /** Groups in which the pick shares its place. */
  readonly tied?: (measures: GroupMeasures) => boolean
  /** Why there is none where every group is left out. */
  readonly reason: string
}

const passing = (value: number | null): number | null => (value === null ? null : Number(passes(value)))
const severalOf = (tied: number | null): boolean => tied !== null && tied > 1

/** What a selector picks of a group; ReFT's figures, by name of the statistic. */
const PICKS = [
  { name: 'top1', of: (m) => m.top1, tied: () => false, reason: 'no_verified_completion' },
  { name: 'voting_string', of: (m) => m.voting, tied: (m) => severalOf(m.voting_tied), reason: 'no_verified_vote' },
  { name: 'voting_canonical', of: (m) => m.voting_canonical, tied: (m) => severalOf(m.voting_canonical_tied), reason: 'no_verified_vote' },
  { name: 'rerank', of: (m) => m.rerank, tied: (m) => severalOf(m.rm_pick_tied), reason: 'no_scored_and_verified_completion' },
  { name: 'rerank_answered', of: (m) => m.rerank_answered, tied: () => false, reason: 'no_scored_and_verified_completion' },
] as const satisfies readonly { name: string; of: GroupMean['of']; tied: GroupMean['tied']; reason: string }[] // biome-ignore format: one line each

/**
 * Lines of agreement.csv with the scope `groups`, each group counting the same, prompts resampled: what a selector picks (share that
 * passes; with `_reward` its mean reward), how the scores rank the completions of a group, RewardBench 2's measures of it, points of the
 * curves, the decline after their peak.
 */
export function groupStatistics(
  table: GroupTable,
  sample: GroupSample,
  curves: readonly GroupCurve[],
  declines: readonly OverOptimisation[],
): Statistic[] {
  const mean = (one: GroupMean): Statistic[] => groupMean(table, sample, one)
  const plain = (name: string, of: GroupMean['of'], share: boolean, reason: string): Statistic[] =>
    mean({ name, of, share, reason })
  const both = 'no_scored_and_verified_completion'
  const right = 'no_group_with_right_and_wrong'
  return [
    ...PICKS.flatMap(({ name, of, tied, reason }) => [
      ...withMissing(table, sample, { name, of: (m) => passing(of(m)), share: true, tied, reason }),
      ...(table.soft ? mean({ name: `${name}_reward`, of, share: false, tied, reason }) : []),
    ]),
    ...(table.scored ? ownBestOfN(table, sample, both) : []),
    ...withMissing(table, sample, { name: 'pass_at_n', of: (m) => m.pass_at_n, share: true, reason: 'no_verified_completion' }),
    ...plain('random', (m) => (m.n_verified === 0 ? null : m.n_correct / m.n_verified), true, 'no_verified_completion'),
    ...(table.soft
      ? [
          ...plain('best_reward', (m) => m.best_reward, false, 'no_verified_completion'),
          ...plain('random_reward', (m) => m.mean_reward, false, 'no_verified_completion'),
        ]
      : []),
    ...(table.probability ? [classifierAccuracy(table, sample)] : []),
    ...plain('top1_regret', (m) => m.regret, false, both),
    ...plain('mrr', (m) => m.mrr, false, 'no_group_with_right'),
    ...plain('ndcg', (m) => m.ndcg, false, 'no_group_with_reward'),
    ...plain('kendall_tau_b', (m) => m.kendall_tau_b, false, 'no_group_with_different_rewards_and_scores'),
    ...plain('spearman', (m) => m.spearman, false, 'no_group_with_different_rewards_and_scores'),
    ...plain('best_of_4', (m) => m.best_of_4, true, 'no_group_with_one_right_and_three_wrong'),
    ...mean({ name: 'ties_accuracy', of: (m) => m.gap && Number(m.gap > 0), share: true, tied: (m) => m.gap === 0, reason: right }),
    ...plain('ties_preferred', (m) => (m.gap === null || m.spread === null ? null : Number(m.gap > m.spread)), true, 'no_group_with_two_right_and_one_wrong'),
    // 0/0 counts as 0, as in RewardBench
    ...plain('ties_margin', (m) => (m.gap === null || m.spread === null ? null : Math.tanh(m.gap / m.spread - 1) || 0), false, 'no_group_with_two_right_and_one_wrong'),
    ...plain('ties_spread', (m) => m.spread, false, 'no_group_with_two_right'),
    ...curves.filter(({ method }) => AT.includes(method.replace(/_reward$/, ''))).flatMap(curvePoints),
    ...declines.map((d) =>
      statistic(
        { scope: SCOPE, subset: d.subset, n: d.groups, clusters: d.clusters, missing: d.leftOut },
        `${d.method}_decline`,
        d.decline,
        d.interval,
        d.reason ?? '',
      ),
    ),
  ] // biome-ignore format: one line each
}

/** Best of n where n is each group's own number of completions that count: beside pass_at_n, and comparable where sizes differ. */
function ownBestOfN(table: GroupTable, sample: GroupSample, reason: string): Statistic[] {
  const tied: GroupMean['tied'] = (m) => severalOf(m.rm_pick_tied)
  return [
    ...withMissing(table, sample, { name: 'best_of_n', of: (m) => m.best_of_n, share: true, tied, reason }),
    ...(table.soft
      ? groupMean(table, sample, {
          name: 'best_of_n_reward',
          of: (m) => m.rm_expected_reward,
          share: false,
          tied,
          reason,
        })
      : []),
  ]
}

/** A mean, and where groups are missing from it, the mean with these as 0. */
function withMissing(table: GroupTable, sample: GroupSample, one: GroupMean): Statistic[] {
  const found = groupMean(table, sample, one)
  if (found[0]!.missing === 0 || found[0]!.value === null) return found
  return [
    ...found,
    ...groupMean(table, sample, { ...one, name: `${one.name}_missing_as_wrong`, of: (m) => one.of(m) ?? 0 }),
  ]
}

function groupMean({ measures }: GroupTable, sample: GroupSample, one: GroupMean): Statistic[] {
  const { rows, cluster, draws } = sample
  const values = Float64Array.from(rows, (g) => one.of(measures[g]!) ?? Number.NaN)
  const counts = clusterTotals(cluster, draws.clusters, (i) => (Number.isNaN(values[i]!) ? 0 : 1))
  const sums = clusterTotals(cluster, draws.clusters, (i) => (Number.isNaN(values[i]!) ? 0 : values[i]!))
  const ties = rows.reduce(
    (some, g, i) => some + (!Number.isNaN(values[i]!) && one.tied?.(measures[g]!) === true ? 1 : 0),
    0,
  )
  return [ratio(sample, one.name, counts, sums, { all: rows.length, ties, share: one.share, reason: one.reason })]
}

/** ReFT's cls_acc: completions whose probability lies on the right side of 0.5, of those that have one and are verified. */
function classifierAccuracy({ values }: GroupTable, sample: GroupSample): Statistic {
  const { rows, cluster, draws } = sample
  const [counts, hits] = [new Float64Array(draws.clusters), new Float64Array(draws.clusters)]
  let [all, ties] = [0, 0]
  for (const [i, g] of rows.entries()) {
    const { scores, rewards } = values[g]!
    for (const [k, score] of scores.entries()) {
      all++
      const reward = rewards[k]!
      if (score === null || reward === null) continue
      const c = cluster[i]!
      counts[c] = counts[c]! + 1
      // of two equal logits argmax takes the first label
      if (score > 0.5 === passes(reward)) hits[c] = hits[c]! + 1
      if (score === 0.5) ties++
    }
  }
  const reason = 'no_scored_and_verified_completion'
  return ratio(sample, 'cls_acc', counts, hits, { all, ties, share: true, reason })
}

/** Σ sums / Σ counts, prompts resampled. */
function ratio(
  { subset, draws }: GroupSample,
  name: string,
  counts: Float64Array,
  sums: Float64Array,
  { all, ties, share, reason }: { all: number; ties: number; share: boolean; reason: string },
): Statistic {
  const n = counts.reduce((a, b) => a + b, 0)
  const clusters = counts.reduce((some, value) => some + (value > 0 ? 1 : 0), 0)
  const place = { scope: SCOPE, subset, n, clusters, ties, missing: all - n }
  if (n === 0) return statistic(place, name, null, null, reason)
  const value = sums.reduce((a, b) => a + b, 0) / n
  const [drawn, total] = draws.totals([counts, sums]) as [Float64Array, Float64Array]
  const distribution = total.map((sum, b) => sum / drawn[b]!)
  return statistic(place, name, value, intervalOf(value, distribution, clusters, draws.settings, share), reason)
}

/** Curves of which agreement.csv has points. */
const AT: readonly string[] = [
  'best_of_n', 'pass_at_n', 'oracle', 'regret', 'normalized_gain', 'voting_string', 'voting_canonical', 'rerank',
] // biome-ignore format: one line says it

/** At 1, 2, 4, 8 … and the largest n. */
function curvePoints({ subset, method, points }: GroupCurve): Statistic[] {
  const last = points.at(-1)?.n
  return points
    .filter(({ n }) => n === last || Number.isInteger(Math.log2(n)))
    .map((p) =>
      statistic(
        { scope: SCOPE, subset, n: p.groups, clusters: p.clusters, missing: p.missing },
        `${method}@${p.n}`,
        p.value,
        { interval: p.low === null || p.high === null ? null : { low: p.low, high: p.high }, method: p.ciMethod },
        p.reason ?? '',
      ),
    )
}

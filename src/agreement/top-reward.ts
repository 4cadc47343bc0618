import { resampleClusters } from '../stats/bootstrap.ts'
import { sortOrder } from '../stats/sort-order.ts'
import { clustersOf, filterRows } from './columns.ts'
import { passes } from './completions.ts'
import { intervalOf, type MethodInterval, randomOf } from './intervals.ts'
import type { CompletionSample } from './sample.ts'
import { affordableResamples } from './statistic.ts'
import { topOf, weightedTopMeans } from './top-share.ts'

/** Shares of the completions, by score from the top, of which the reward is averaged. */
export const TOP_SHARES = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1] as const

/** What the completions with the highest scores are worth, over how many of them are taken: best of all, not of a prompt. */
export interface TopReward {
  readonly subset: string
  /** pass: the share with a reward of 1 or more; reward: the mean reward. */
  readonly measure: 'pass' | 'reward'
  readonly points: readonly TopRewardPoint[]
}
export interface TopRewardPoint {
  /** Share of the completions that is taken, 0 … 1. */
  readonly share: number
  readonly value: number
  readonly made: MethodInterval
  /** Completions that have a place, and how many share the score at the border. */
  readonly places: number
  readonly ties: number
  /** Completions with score and reward, and their prompts. */
  readonly n: number
  readonly clusters: number
}

/** Over the completions that have both score and reward, pooled over prompts; equal scores at the border share its places. */
export function topReward(
  { columns, rows, subset, settings }: CompletionSample,
  measure: TopReward['measure'],
): TopReward {
  const present = filterRows(rows, (i) => !Number.isNaN(columns.score[i]) && !Number.isNaN(columns.reward[i]))
  if (present.length === 0) return { subset, measure, points: [] }
  const { cluster, clusters } = clustersOf(columns.cluster, present)
  const score = Float64Array.from(present, (i) => columns.score[i]!)
  const value = Float64Array.from(present, (i) =>
    measure === 'reward' ? columns.reward[i]! : Number(passes(columns.reward[i]!)),
  )
  const sorted = score.slice().sort()
  const evaluators = weightedTopMeans(
    value,
    score,
    sortOrder(score.map((s) => -s)),
    cluster,
    TOP_SHARES.map((share) => 1 - share),
  )
  const resamples = affordableResamples(settings.resamples, score.length * 2)
  const used = { ...settings, resamples }
  const distributions = clusters < 2 ? [] : resampleClusters(clusters, evaluators, resamples, randomOf(used))
  const once = new Uint8Array(clusters).fill(1)
  const own = evaluators.map((evaluate) => evaluate(once))
  return {
    subset,
    measure,
    points: TOP_SHARES.map((share, k) => {
      const top = topOf(sorted, 1 - share)
      const high = new Set(cluster.filter((_, i) => score[i]! >= top.border)).size
      return {
        share,
        value: own[k]!,
        made: intervalOf(
          own[k]!,
          distributions[k] ?? new Float64Array(0),
          Math.min(high, top.places),
          used,
          measure === 'pass',
        ),
        places: top.places,
        ties: top.sharing,
        n: present.length,
        clusters,
      }
    }),
  }
}

export const TOP_REWARD_COLUMNS = [
  'subset', 'measure', 'share', 'value', 'ci_low', 'ci_high', 'ci_method', 'places', 'ties', 'n', 'clusters',
] as const // biome-ignore format: one line says it

/** Rows of top-rewards.csv. */
export const topRewardRows = (curves: readonly TopReward[]): (string | number | null)[][] =>
  curves.flatMap(
    ({ subset, measure, points }) =>
    points.map((p) => [
      subset, measure, p.share, p.value, p.made.interval?.low ?? null, p.made.interval?.high ?? null, p.made.method,
      p.places, p.ties, p.n, p.clusters,
    ]), // biome-ignore format: in the order of the columns
  )

import { bestOfResult, type TiesPrompt, type TiesScore, tiesScore } from '../groups/reward-bench-2.ts'
import { type Interval, indexClusters } from '../stats/bootstrap.ts'
import { bootstrapSums } from '../stats/sums.ts'
import type { ScoredCompletion, ScoredPair } from '../types.ts'
import { type BootstrapSettings, DEFAULT_SETTINGS, intervalOf, randomOf, streamOf } from './intervals.ts'

/** How often the chosen completion of a row is the best of all of its completions; k that share the first place count 1/k. */
export interface BestOf {
  /** Mean over the scored rows; null without one. */
  readonly score: number | null
  /** What a scorer that draws lots gets: the mean of 1 / completions. */
  readonly chance: number | null
  /** Scored rows. */
  readonly n: number
  /** Rows with a completion that has no score. */
  readonly missing: number
  /** Prompts among the scored rows. */
  readonly clusters: number
  readonly ci: Interval | null
  readonly ci_method: string | null
}
/** RewardBench 2's score of its subset Ties, or why there is none. */
export interface TiesSummary {
  readonly score: number | null
  readonly parts: Omit<TiesScore, 'score'> | null
  /** Prompts of each form. */
  readonly ref: number
  readonly tied: number
  /** `not_all_scored`; `undefined` where RewardBench's code gives none: no number has both forms, or a `tied` row has one right completion. */
  readonly reason: string | null
}
/** summary.json's `best_of_n`: of rows with several rejected completions, RewardBench 2's among them. */
export interface BestOfTable {
  /** Rows with one chosen completion, each counting the same; Ties are none of them. */
  readonly overall: BestOf
  readonly subsets: Readonly<Record<string, BestOf>>
  /** Rows with several chosen completions, for which only Ties has a rule; they are in no number above. */
  readonly several_chosen: number
  /** Null where no row is one of Ties: that subset, and an id like `ref:3` or `tied:3`. */
  readonly ties: TiesSummary | null
  /** RewardBench 2's leaderboard score, the mean of its six subsets; null where the data hold others. */
  readonly rewardbench_2: { readonly score: number | null; readonly reason: string | null } | null
}

/** The subsets of RewardBench 2 (Malik et al. 2025, arXiv:2506.01937). */
export const REWARDBENCH_2_SUBSETS = ['Factuality', 'Precise IF', 'Math', 'Safety', 'Focus', 'Ties'] as const

/** What is needed of a pair. */
export interface BestOfPair extends Pick<ScoredPair, 'id' | 'subset' | 'cluster' | 'rejectedIndex'> {
  readonly chosen: Pick<ScoredCompletion, 'index' | 'score'>
  readonly rejected: Pick<ScoredCompletion, 'score'>
}

/** All pairs of one row. */
interface PairRow {
  readonly id: string
  readonly subset: string
  readonly cluster: string
  /** By the completion's index; null where it has no score. */
  readonly chosen: (number | null)[]
  readonly rejected: (number | null)[]
}

/** Best of n over the rows of a run; null where every row has one chosen and one rejected completion, for which it is the accuracy. */
export function bestOf(
  pairs: readonly BestOfPair[],
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): BestOfTable | null {
  const rows = rowsOf(pairs)
  if (rows.every(({ chosen, rejected }) => chosen.length === 1 && rejected.length === 1)) return null
  const ties = rows.flatMap((row) => tiesPrompt(row) ?? [])
  const judged = rows.filter((row) => row.chosen.length === 1 && tiesPrompt(row) === null)
  const names = [...new Set(judged.map(({ subset }) => subset))]
  const subsets = Object.fromEntries(
    names.map((name) => [
      name,
      measure(
        judged.filter(({ subset }) => subset === name),
        streamOf(settings, name, names.length),
      ),
    ]),
  )
  const tiesSummary = ties.length === 0 ? null : summariseTies(ties)
  return {
    overall: measure(judged, settings),
    subsets,
    several_chosen: rows.length - judged.length - ties.length,
    ties: tiesSummary,
    rewardbench_2: rewardBench2(rows, subsets, tiesSummary),
  }
}

function rowsOf(pairs: readonly BestOfPair[]): PairRow[] {
  const rows = new Map<string, PairRow>()
  for (const { id, subset, cluster, chosen, rejected, rejectedIndex } of pairs) {
    let row = rows.get(id)
    if (row === undefined) {
      row = { id, subset, cluster, chosen: [], rejected: [] }
      rows.set(id, row)
    }
    row.chosen[chosen.index] = chosen.score
    row.rejected[rejectedIndex] = rejected.score
  }
  return [...rows.values()]
}

function measure(rows: readonly PairRow[], settings: BootstrapSettings): BestOf {
  const scored = rows.flatMap((row) => {
    const result = bestOfResult([row.chosen[0]!, ...row.rejected])
    return result === null ? [] : [{ result, chance: 1 / (1 + row.rejected.length), cluster: row.cluster }]
  })
  const missing = rows.length - scored.length
  if (scored.length === 0) return { score: null, chance: null, n: 0, missing, clusters: 0, ci: null, ci_method: null }
  const { cluster: of, clusters } = indexClusters(scored.map(({ cluster }) => cluster))
  const columns = [new Float64Array(clusters), new Float64Array(clusters)] as const
  for (const [i, { result }] of scored.entries()) {
    columns[0][of[i]!]! += 1
    columns[1][of[i]!]! += result
  }
  const { estimates, distributions } = bootstrapSums(
    columns,
    1,
    (sums, out) => {
      out[0] = sums[1]! / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  const score = estimates[0]!
  const { interval, method } = intervalOf(score, distributions[0]!, clusters, settings, true)
  const chance = scored.reduce((sum, row) => sum + row.chance, 0) / scored.length
  return { score, chance, n: scored.length, missing, clusters, ci: interval, ci_method: method }
}

interface TiesRow extends Omit<TiesPrompt, 'right' | 'wrong'> {
  readonly right: readonly (number | null)[]
  readonly wrong: readonly (number | null)[]
}

/** A row of Ties as its id says, `ref:3` or `tied:3`; null for any other row. */
function tiesPrompt({ id, subset, chosen, rejected }: PairRow): TiesRow | null {
  const [, form, number] = /^(ref|tied):(.+)$/.exec(id) ?? []
  if (subset !== 'Ties' || number === undefined) return null
  return { form: form as TiesRow['form'], number, right: chosen, wrong: rejected }
}

function summariseTies(rows: readonly TiesRow[]): TiesSummary {
  const ref = rows.filter(({ form }) => form === 'ref').length
  const counts = { ref, tied: rows.length - ref }
  const complete = rows.every(({ right, wrong }) => ![...right, ...wrong].includes(null))
  const found = complete ? tiesScore(rows as readonly TiesPrompt[]) : null
  if (found === null) return { score: null, parts: null, ...counts, reason: complete ? 'undefined' : 'not_all_scored' }
  const { score, ...parts } = found
  return { score, parts, ...counts, reason: null }
}

/** Only of RewardBench 2's own subsets; all six must be there. */
function rewardBench2(
  rows: readonly PairRow[],
  subsets: Readonly<Record<string, BestOf>>,
  ties: TiesSummary | null,
): BestOfTable['rewardbench_2'] {
  const names: readonly string[] = REWARDBENCH_2_SUBSETS
  if (!rows.every(({ subset }) => names.includes(subset))) return null
  const scores = names.map((name) => (name === 'Ties' ? ties?.score : subsets[name]?.score) ?? null)
  const absent = names.filter((_, i) => scores[i] === null)
  if (absent.length > 0) return { score: null, reason: `subset_absent: ${absent.join(', ')}` }
  return { score: scores.reduce((sum: number, score) => sum + score!, 0) / names.length, reason: null }
}

import { quantile } from '../stats/quantile.ts'
import type { PairOutcome, ScoredCompletion, ScoredPair } from '../types.ts'
import { type Drift, drift } from './drift.ts'

/** What a number format changed against float32, on rows that were scored in both. Differences are the format's score − float32's. */
export interface FormatDrift extends Drift {
  /** 95th − 5th percentile of the float32 scores: what a difference is to be compared with. */
  readonly spread: number | null
  readonly largestShare: number | null
  readonly rmsShare: number | null
  /** Largest change of a margin. */
  readonly largestMargin: number | null
  /** Pairs whose float32 margin is no larger than that: those that such a change can turn. One whose answers are the same text never turns. */
  readonly nearTies: number
  /** Pairs of the whole run whose margin is no larger than that, two answers of the same text aside; null where no pair was in both. */
  readonly atRisk: number | null
  /** Pairs of the whole run that have a margin: what atRisk is out of. */
  readonly scoredPairs: number
  readonly subsets: readonly SubsetDrift[]
}
export interface SubsetDrift {
  readonly subset: string
  readonly completions: number
  readonly largest: number | null
  readonly rms: number | null
  readonly pairs: number
  readonly flips: number
  readonly nearTies: number
}

/** A completion or pair in both formats. */
interface Both<T> {
  readonly exact: T
  readonly own: T
}
type Scores = Pick<ScoredCompletion, 'id' | 'role' | 'index' | 'subset' | 'score' | 'cluster'>
type Margins = Pick<ScoredPair, 'id' | 'rejectedIndex' | 'subset' | 'cluster' | 'margin'> & {
  readonly chosen: Pick<ScoredCompletion, 'index' | 'text'>
  readonly rejected: Pick<ScoredCompletion, 'text'>
  readonly outcome: PairOutcome | null
}
export interface Rows {
  readonly completions: readonly Scores[]
  readonly pairs: readonly Margins[]
}

/**
 * @param own the whole run, as it was scored
 * @param exact its sample in float32; what has a score in one of the two alone is left out
 */
export function formatDrift(own: Rows, exact: Rows): FormatDrift {
  const completions = matched(own.completions, exact.completions, ({ id, role, index }) => `${role} ${index} ${id}`)
    .map(({ own, exact }) => ({ ...of(own), own: own.score, exact: exact.score }))
    .filter(present)
  const pairs = matched(own.pairs, exact.pairs, (pair) => `${pair.chosen.index} ${pair.rejectedIndex} ${pair.id}`)
    .map(({ own, exact }) => ({ ...of(own), own: own.margin, exact: exact.margin, same: isSame(own) }))
    .filter(present)
  const scores = completions.map(({ exact }) => exact)
  const spread = scores.length === 0 ? null : quantile(scores, 0.95)! - quantile(scores, 0.05)!
  const share = (value: number | null): number | null => (value === null || !spread ? null : value / spread)
  const largestMargin =
    pairs.length === 0 ? null : pairs.reduce((most, { own, exact }) => Math.max(most, Math.abs(own - exact)), 0)
  const near = (margin: number): boolean => largestMargin !== null && Math.abs(margin) <= largestMargin
  const canTurn = ({ exact, same }: (typeof pairs)[number]): boolean => near(exact) && !same
  const all = driftOf(completions, pairs)
  const pairsOf = bySubset(pairs)
  return {
    ...all,
    spread,
    largestShare: share(all.largest),
    rmsShare: share(all.rms),
    largestMargin,
    nearTies: pairs.filter(canTurn).length,
    atRisk:
      largestMargin === null
        ? null
        : own.pairs.filter((pair) => pair.margin !== null && near(pair.margin) && !isSame(pair)).length,
    scoredPairs: own.pairs.filter(({ margin }) => margin !== null).length,
    subsets: [...bySubset(completions)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([subset, scored]): SubsetDrift => {
        const inside = pairsOf.get(subset) ?? []
        const { completions: count, largest, rms, flips } = driftOf(scored, inside)
        const nearTies = inside.filter(canTurn).length
        return { subset, completions: count, largest, rms, pairs: inside.length, flips, nearTies }
      }),
  }
}

function bySubset<T extends { readonly subset: string }>(values: readonly T[]): Map<string, T[]> {
  const parts = new Map<string, T[]>()
  for (const value of values) {
    const part = parts.get(value.subset)
    if (part === undefined) parts.set(value.subset, [value])
    else part.push(value)
  }
  return parts
}

interface Value extends Both<number> {
  readonly subset: string
  readonly cluster: string
}
const of = ({ id, subset, cluster }: Pick<Scores, 'id' | 'subset' | 'cluster'>) => ({ subset, cluster: cluster ?? id })

/** The same text twice: its margin is 0 in every format. */
const isSame = ({ chosen, rejected }: Margins): boolean => chosen.text === rejected.text

const present = <T extends Both<number | null>>(value: T): value is T & Both<number> =>
  value.own !== null && value.exact !== null

function matched<T>(own: readonly T[], exact: readonly T[], keyOf: (value: T) => string): Both<T>[] {
  const known = new Map(exact.map((value) => [keyOf(value), value]))
  return own.flatMap((value) => {
    const other = known.get(keyOf(value))
    return other === undefined ? [] : [{ own: value, exact: other }]
  })
}

function driftOf(completions: readonly Value[], pairs: readonly Value[]): Drift {
  const clusters = new Map<string, number>()
  const numbered = (values: readonly Value[]): Int32Array =>
    Int32Array.from(values, ({ cluster }) => {
      if (!clusters.has(cluster)) clusters.set(cluster, clusters.size)
      return clusters.get(cluster)!
    })
  return drift({
    a: Float64Array.from(completions, ({ own }) => own),
    b: Float64Array.from(completions, ({ exact }) => exact),
    marginA: Float64Array.from(pairs, ({ own }) => own),
    marginB: Float64Array.from(pairs, ({ exact }) => exact),
    cluster: numbered(completions),
    pairCluster: numbered(pairs),
  })
}

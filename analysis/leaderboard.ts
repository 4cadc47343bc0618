import { type Accuracy, accuracyOfColumns, type BootstrapSettings } from '../src/agreement/accuracy.ts'
import { allRows } from '../src/agreement/columns.ts'
import { MIN_CLUSTERS } from '../src/agreement/strata.ts'
import { count, figure, type PaperTable, percent, text } from '../src/agreement/tables.ts'
import type { Cell } from '../src/report/csv.ts'
import { type Ranked, type Ranking, rankedAccuracy, unranked } from './ranking.ts'
import { dtypeOf } from './run-identity.ts'
import type { Run } from './runs.ts'
import { type Aligned, isQuantised, kindOf, markedName, type Scorer } from './scorers.ts'

export interface Standing extends Ranked {
  /** null = not ranked; accuracy.reason says why. */
  readonly rank: number | null
  readonly scorer: Pick<Scorer, 'name' | 'kind' | 'dtype'>
  /** Pairs that every other ranked model scored and this one lacks or did not score; null where it is no ranked model. */
  readonly costs: number | null
}
export const LEADERBOARD_COLUMNS = [
  'rank',
  'scorer',
  'kind',
  'strict',
  'strict_low',
  'strict_high',
  'half',
  'half_low',
  'half_high',
  'tie_rate',
  'n',
  'clusters',
  'missing',
  'ci_method',
  'reason',
  'own_n',
  'own_half',
  'costs_others',
  'dtype',
] as const

/**
 * Scorers by half accuracy on the ranked pairs; equal values share the better rank. Those that are not ranked stand last.
 * @param aside runs that are not aligned with the others
 * @param costs of each ranked model (`costsOf`)
 */
export function leaderboard(
  aligned: Aligned,
  ranking: Ranking,
  scorers: readonly Scorer[],
  settings: BootstrapSettings,
  aside: readonly Run[] = [],
  costs: ReadonlyMap<string, number> = new Map(),
): Standing[] {
  const standings = scorers.map((scorer) => ({
    scorer,
    costs: costs.get(scorer.name) ?? null,
    ...rankedAccuracy(aligned, ranking, scorer, settings),
  }))
  const apart = aside.map((run) => {
    const { model, pairs } = run
    const own = accuracyOfColumns(pairs.margin, pairs.cluster, allRows(pairs.n), settings)
    const reason = `not ranked: has ${pairs.n} pairs, under half of the others'`
    return {
      scorer: { name: model, kind: kindOf(model), dtype: dtypeOf(run) },
      costs: null,
      accuracy: unranked(own.missing, reason),
      own,
    }
  })
  const value = (s: { accuracy: Accuracy }): number => s.accuracy.half ?? Number.NEGATIVE_INFINITY
  const sorted = [...standings, ...apart].sort(
    (a, b) => value(b) - value(a) || (a.scorer.name < b.scorer.name ? -1 : a.scorer.name > b.scorer.name ? 1 : 0),
  )
  let rank = 0
  return sorted.map((s, i) => {
    if (i === 0 || value(s) !== value(sorted[i - 1]!)) rank = i + 1
    return { ...s, rank: s.accuracy.half === null ? null : rank }
  })
}

/** No pair has a score of a model: there is nothing to rank, and no scorer to blame (runs of run-verify alone). */
export const nothingScored = (standings: readonly Standing[]): boolean =>
  standings.every(({ scorer, own, rank }) => rank === null && (scorer.kind === 'null' || own.n === 0))

export const leaderboardRow = ({ rank, scorer, accuracy: a, own, costs }: Standing): Cell[] => [
  rank,
  scorer.name,
  scorer.kind,
  a.strict,
  a.ci.strict?.low ?? null,
  a.ci.strict?.high ?? null,
  a.half,
  a.ci.half?.low ?? null,
  a.ci.half?.high ?? null,
  a.tie_rate,
  a.n,
  a.clusters,
  a.missing,
  a.ci.method,
  a.reason,
  own.n,
  own.half,
  costs,
  scorer.dtype ?? null,
]

const number = (n: number): string => n.toLocaleString('en-US')
const share = (value: number): string => `${(100 * value).toFixed(1)} %`

/** Which pairs the ranks rest on, and what each scorer lost. */
function basis(aligned: Aligned, { rows }: Ranking, standings: readonly Standing[]): string[] {
  const { n } = aligned.pairs
  const models = standings.filter(({ scorer }) => scorer.kind !== 'null' && scorer.kind !== 'ensemble')
  const differ = models.filter((s) => s.rank === null || s.own.n !== rows.length)
  const first =
    rows.length === n
      ? `${number(n)} pairs that all runs share, each counting the same.`
      : `Ranks and values are on the ${number(rows.length)} pairs that every ranked model scored, of ${number(n)} that the runs share, each counting the same.`
  const own = ({ own: a }: Standing): string =>
    a.half === null ? '' : `; ${share(a.half)} on the ${number(a.n)} it scored`
  return [
    first,
    ...differ.map((s) =>
      s.rank === null
        ? `${s.scorer.name}: ${s.accuracy.reason}${own(s)}.`
        : `${s.scorer.name}: ${s.accuracy.missing === 0 ? 'all' : `${number(s.accuracy.missing)} not`} scored${own(s)}.`,
    ),
    ...standings
      .filter((s) => s.rank === null && !models.includes(s))
      .map((s) => `${s.scorer.name}: ${s.accuracy.reason}.`),
  ]
}

/** Who costs the others how many pairs, the most first. */
const costLines = (standings: readonly Standing[]): string[] =>
  standings
    .filter(({ costs }) => (costs ?? 0) > 0)
    .toSorted((a, b) => b.costs! - a.costs!)
    .map(
      ({ scorer, costs }) =>
        `${scorer.name} costs the others ${costs === 1 ? '1 pair' : `${number(costs!)} pairs`}: all of them scored ${costs === 1 ? 'it' : 'them'}, ${scorer.name} did not. Without that run the others are compared on more.`,
    )

function quantisedLine(standings: readonly Standing[]): string[] {
  const marked = standings.filter(({ scorer }) => isQuantised(scorer.dtype))
  return marked.length === 0
    ? []
    : [
        `Quantised, which moves scores: ${marked.map(({ scorer }) => markedName(scorer)).join(', ')}. Beside a run of the same model in full, drift.csv says by how much.`,
      ]
}

/** @param notes further lines under the table */
export function leaderboardTable(
  aligned: Aligned,
  ranking: Ranking,
  standings: readonly Standing[],
  settings: BootstrapSettings,
  notes: readonly string[] = [],
): PaperTable {
  const dropped = Object.entries(aligned.dropped).filter(([, n]) => n > 0)
  return {
    name: 'leaderboard',
    caption: `Accuracy on ${aligned.dataset}, per cent.`,
    intervals: `In brackets 95 % intervals: prompts resampled ${number(settings.resamples)} times, seed ${settings.seed}; Wilson where the share is 0 or 100.`,
    source: 'leaderboard.csv',
    columns: [
      { title: '' },
      { title: 'scorer' },
      { title: 'ties as ½', best: 'high' },
      {
        title: 'strict',
        best: 'high',
        spare: { when: { same: 2 }, note: 'No ties: the strict accuracies are the same.' },
      },
      { title: 'ties', spare: { when: 'zero', note: '' } },
      { title: 'pairs' },
      { title: 'not scored', spare: { when: 'zero', note: 'Every scorer scored every pair.' } },
    ],
    rows: standings.map(({ rank, scorer, accuracy: a }) => [
      figure(rank === null ? '–' : String(rank)),
      text(markedName(scorer)),
      ...([a.half, a.strict] as const).map((value, i) => ({
        ...percent(value, [a.ci.half, a.ci.strict][i], rank !== null && a.clusters < MIN_CLUSTERS),
        // which members to combine was chosen on these pairs
        aside: scorer.kind === 'ensemble',
      })),
      percent(a.tie_rate),
      count(a.n),
      count(a.missing),
    ]),
    notes: [
      ...basis(aligned, ranking, standings),
      ...dropped.map(([model, n]) => `${model}: ${number(n)} further pairs that another run lacks are left out.`),
      ...costLines(standings),
      ...quantisedLine(standings),
      ...notes,
    ],
  }
}

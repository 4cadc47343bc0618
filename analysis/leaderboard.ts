import { type Accuracy, accuracyOfColumns, type BootstrapSettings } from '../src/agreement/accuracy.ts'
import { allRows } from '../src/agreement/columns.ts'
import { MIN_CLUSTERS } from '../src/agreement/strata.ts'
import { count, type PaperTable, percent, text } from '../src/agreement/tables.ts'
import type { Cell } from '../src/report/csv.ts'
import type { Aligned, Scorer } from './scorers.ts'

export interface Standing {
  readonly rank: number
  readonly scorer: Scorer
  readonly accuracy: Accuracy
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
] as const

/** Scorers by half accuracy on the pairs they share; equal values share the better rank, undefined ones stand last. */
export function leaderboard(aligned: Aligned, scorers: readonly Scorer[], settings: BootstrapSettings): Standing[] {
  const rows = allRows(aligned.pairs.n)
  const standings = scorers.map((scorer) => ({
    scorer,
    accuracy: accuracyOfColumns(scorer.margin, aligned.pairs.cluster, rows, settings),
  }))
  const value = (s: { accuracy: Accuracy }): number => s.accuracy.half ?? Number.NEGATIVE_INFINITY
  standings.sort((a, b) => value(b) - value(a) || (a.scorer.name < b.scorer.name ? -1 : 1))
  return standings.map((s) => ({ ...s, rank: 1 + standings.findIndex((other) => value(other) === value(s)) }))
}

export const leaderboardRow = ({ rank, scorer, accuracy: a }: Standing): Cell[] => [
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
]

export function leaderboardTable(
  aligned: Aligned,
  standings: readonly Standing[],
  settings: BootstrapSettings,
): PaperTable {
  const dropped = Object.entries(aligned.dropped).filter(([, n]) => n > 0)
  return {
    name: 'leaderboard',
    caption: `Accuracy on ${aligned.dataset}, per cent.`,
    columns: [
      { title: '' },
      { title: 'scorer' },
      { title: 'ties as ½', best: 'high' },
      { title: 'strict', best: 'high' },
      { title: 'ties' },
      { title: 'pairs' },
      { title: 'not scored' },
    ],
    rows: standings.map(({ rank, scorer, accuracy: a }) => [
      text(String(rank)),
      text(scorer.name),
      percent(a.half, a.ci.half, a.clusters < MIN_CLUSTERS),
      percent(a.strict, a.ci.strict, a.clusters < MIN_CLUSTERS),
      percent(a.tie_rate),
      count(a.n),
      count(a.missing),
    ]),
    notes: [
      `${aligned.pairs.n.toLocaleString('en-US')} pairs that all runs share, each counting the same. 95 % intervals: prompts resampled ${settings.resamples.toLocaleString('en-US')} times, seed ${settings.seed}.`,
      ...dropped.map(([model, n]) => `${model}: ${n} further pairs that another run lacks are left out.`),
      `† fewer than ${MIN_CLUSTERS} prompts.`,
    ],
  }
}

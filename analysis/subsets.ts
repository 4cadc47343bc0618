import { type Accuracy, type AccuracyTable, accuracyTable, type BootstrapSettings } from '../src/agreement/accuracy.ts'
import { allRows } from '../src/agreement/columns.ts'
import { MIN_CLUSTERS } from '../src/agreement/strata.ts'
import { count, type PaperTable, percent, type TableCell, text } from '../src/agreement/tables.ts'
import type { Cell } from '../src/report/csv.ts'
import type { Homogeneity } from '../src/stats/homogeneity.ts'
import { benjaminiHochberg, homogeneity, quantile } from '../src/stats/index.ts'
import { subsetName } from '../src/subset-name.ts'
import { type Aligned, markedName, type Scorer } from './scorers.ts'

/** A scorer's accuracy by subset and section. */
export interface SubsetTable {
  readonly scorer: string
  /** The same with a mark where the model is quantised. */
  readonly marked: string
  readonly table: AccuracyTable
  readonly heterogeneity: Heterogeneity
}
/** Do the half accuracies of the subsets differ beyond chance? */
export interface Heterogeneity {
  /** null with the reason where there is nothing to compare. */
  readonly test: Homogeneity | null
  /** Subsets that were compared. */
  readonly subsets: number
  /** Subsets without a scored pair. */
  readonly leftOut: readonly string[]
  readonly reason: 'fewer_than_two_subsets' | 'no_variation' | null
}
export function subsetTables(aligned: Aligned, scorers: readonly Scorer[], settings: BootstrapSettings): SubsetTable[] {
  const { pairs } = aligned
  return scorers.map(({ name, margin, dtype }) => ({
    scorer: name,
    marked: markedName({ name, dtype: dtype ?? null }),
    table: accuracyTable({ ...pairs, margin }, settings),
    heterogeneity: heterogeneity(aligned, margin),
  }))
}

/** A subset at 0 or 100 % counts like any other: its variance is that of all pairs (see `homogeneity`). */
function heterogeneity({ pairs }: Aligned, margin: Float64Array): Heterogeneity {
  const scored = allRows(pairs.n).filter((i) => !Number.isNaN(margin[i]))
  const test = homogeneity(
    Float64Array.from(scored, (i) => (margin[i]! > 0 ? 1 : margin[i] === 0 ? 0.5 : 0)),
    scored.map((i) => pairs.subset.code[i]!),
    scored.map((i) => pairs.cluster.code[i]!),
  )
  const [all, present] = [new Set(pairs.subset.code), new Set<number>()]
  for (const i of scored) present.add(pairs.subset.code[i]!)
  const leftOut = pairs.subset.names.filter((_, c) => all.has(c) && !present.has(c))
  const reason = test !== null ? null : present.size < 2 ? 'fewer_than_two_subsets' : 'no_variation'
  return { test, subsets: present.size, leftOut, reason }
}

export const SUBSET_COLUMNS = [
  'scorer',
  'level',
  'subset',
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
export const subsetRows = ({ scorer, table }: SubsetTable): Cell[][] =>
  [
    ...Object.entries(table.subsets).map(([name, a]) => ['subset', name, a] as const),
    ...Object.entries(table.sections).map(([name, a]) => ['section', name, a] as const),
    ['overall', 'all', table.overall] as const,
  ].map(([level, name, a]) => [
    scorer,
    level,
    name,
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
  ])

export const HETEROGENEITY_COLUMNS = [
  'scorer',
  'cochran_q',
  'df',
  'k',
  'left_out',
  'i_squared',
  'p',
  'p_bh',
  'left_out_subsets',
  'reason',
] as const
/** Benjamini–Hochberg is over the scorers. */
export function heterogeneityRows(tables: readonly SubsetTable[]): Cell[][] {
  const adjusted = benjaminiHochberg(tables.map((t) => t.heterogeneity.test?.p ?? null))
  return tables.map(({ scorer, heterogeneity: { test, subsets, leftOut, reason } }, i) => [
    scorer,
    test?.statistic ?? null,
    test?.df ?? null,
    subsets,
    leftOut.length,
    test?.iSquared ?? null,
    test?.p ?? null,
    adjusted[i]!,
    leftOut.length === 0 ? null : leftOut.map(subsetName).join('; '),
    reason,
  ])
}

export const SPREAD_COLUMNS = ['subset', 'scorers', 'min', 'q25', 'median', 'q75', 'max'] as const
/** Spread of the scorers' half accuracies on each subset (what HERM's plot_per_subset_dist draws). */
export function spreadRows(tables: readonly SubsetTable[]): Cell[][] {
  const names = [...new Set(tables.flatMap((t) => Object.keys(t.table.subsets)))]
  return names.map((name) => {
    const values = tables.flatMap((t) => {
      const v = t.table.subsets[name]?.half ?? null
      return v === null ? [] : [v]
    })
    return [name, values.length, ...[0, 0.25, 0.5, 0.75, 1].map((q) => quantile(values, q))]
  })
}

/** More subsets than this are rows, and the scorers columns. */
const COLUMNS = 3

/**
 * Scorers × subsets (and RewardBench sections where present), or where these are many the other way about, each on the pairs that it scored,
 * with how many these are. The best is in bold where all scored all of the subset's pairs.
 */
export function subsetPaperTable(
  dataset: string,
  tables: readonly SubsetTable[],
  by: 'subsets' | 'sections',
): PaperTable | null {
  const names = [...new Set(tables.flatMap((t) => Object.keys(t.table[by])))]
  if (names.length === 0) return null
  const weights = tables[0]!.table.sections
  const lost = tables.filter((t) => t.table.overall.missing > 0)
  const counts = (t: SubsetTable): string =>
    names
      .map((name) => [subsetName(name), t.table[by][name]] as const)
      .map(([name, a]) => `${name} ${a?.n ?? 0}${(a?.missing ?? 0) > 0 ? ` (${a!.missing} not scored)` : ''}`)
      .join(', ')
  const full = tables.find((t) => t.table.overall.missing === 0)
  const transposed = names.length > COLUMNS
  return {
    name: by,
    caption: `Accuracy by ${by === 'subsets' ? 'subset' : 'section'} on ${dataset}, ties as ½, per cent.`,
    intervals: 'In brackets 95 % intervals: prompts resampled, percentile; Wilson where the share is 0 or 100.',
    source: 'subsets.csv',
    ...(transposed ? bySubset(tables, by, names) : byScorer(tables, by, names)),
    notes: [
      ...(full === undefined || transposed ? [] : [`Pairs: ${counts(full)}.`]),
      ...lost.map((t) => `Pairs of ${t.scorer}: ${counts(t)}.`),
      ...(lost.length === 0
        ? []
        : ['Each scorer is on the pairs that it scored: where some are lost, none is set in bold.']),
      ...(by === 'sections'
        ? Object.entries(weights).map(
            ([name, s]) =>
              `Weights in ${name}: ${Object.entries(s.weights)
                .map(([subset, w]) => `${subset} ${w}`)
                .join(', ')}.`,
          )
        : []),
    ],
  }
}

type Body = Pick<PaperTable, 'columns' | 'rows' | 'breaks' | 'bestOfRows'>
const cellOf = (a: Accuracy | undefined) =>
  percent(a?.half ?? null, a?.ci.half ?? null, a !== undefined && a.clusters < MIN_CLUSTERS)
const isWhole = (tables: readonly SubsetTable[], by: 'subsets' | 'sections', name: string): boolean =>
  tables.every((t) => t.table[by][name]?.missing === 0)

function byScorer(tables: readonly SubsetTable[], by: 'subsets' | 'sections', names: readonly string[]): Body {
  const best = (same: boolean): { readonly best?: 'high' } => (same ? { best: 'high' } : {})
  return {
    columns: [
      { title: 'scorer' },
      ...names.map((name) => ({ title: subsetName(name), ...best(isWhole(tables, by, name)) })),
      { title: 'all pairs', ...best(tables.every((t) => t.table.overall.missing === 0)) },
      { title: 'pairs' },
      { title: 'not scored', spare: { when: 'zero', note: 'Every scorer scored every pair.' } },
    ],
    rows: tables.map((t) => [
      text(t.marked),
      ...names.map((name) => cellOf(t.table[by][name])),
      cellOf(t.table.overall),
      count(t.table.overall.n),
      count(t.table.overall.missing),
    ]),
  }
}

/** Pairs beside the values are the most that a scorer has; what others lack stands in the notes. */
function bySubset(tables: readonly SubsetTable[], by: 'subsets' | 'sections', names: readonly string[]): Body {
  const all = names.length
  const row = (title: string, of: (t: SubsetTable) => Accuracy | undefined): TableCell[] => [
    text(title),
    count(Math.max(0, ...tables.map((t) => of(t)?.n ?? 0))),
    ...tables.map((t) => cellOf(of(t))),
  ]
  return {
    columns: [
      { title: by === 'subsets' ? 'subset' : 'section' },
      { title: 'pairs', key: true },
      ...tables.map((t) => ({ title: t.marked, best: 'high' as const })),
    ],
    rows: [
      ...names.map((name) => row(subsetName(name), (t) => t.table[by][name])),
      row('all pairs', (t) => t.table.overall),
    ],
    breaks: [{ before: all }],
    bestOfRows: new Set([
      ...names.flatMap((name, i) => (isWhole(tables, by, name) ? [i] : [])),
      ...(tables.every((t) => t.table.overall.missing === 0) ? [all] : []),
    ]),
  }
}

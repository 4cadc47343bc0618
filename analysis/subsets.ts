import { type AccuracyTable, accuracyBySubset, type BootstrapSettings } from '../src/agreement/accuracy.ts'
import { rowsByCode } from '../src/agreement/columns.ts'
import { MIN_CLUSTERS } from '../src/agreement/strata.ts'
import { type PaperTable, percent, text } from '../src/agreement/tables.ts'
import type { Cell } from '../src/report/csv.ts'
import { benjaminiHochberg, clusterStandardError, cochranQ, quantile } from '../src/stats/index.ts'
import type { Aligned, Scorer } from './scorers.ts'

/** A scorer's accuracy by subset and section. */
export interface SubsetTable {
  readonly scorer: string
  readonly table: AccuracyTable
  /** Cochran's Q of the subsets' half accuracies (cluster-robust standard errors): do they differ beyond chance? */
  readonly heterogeneity: { readonly p: number; readonly statistic: number; readonly iSquared: number } | null
}
export function subsetTables(aligned: Aligned, scorers: readonly Scorer[], settings: BootstrapSettings): SubsetTable[] {
  const { pairs } = aligned
  return scorers.map(({ name, margin }) => {
    const rows = Array.from({ length: pairs.n }, (_, i) => ({
      subset: pairs.subset.names[pairs.subset.code[i]!]!,
      cluster: pairs.cluster.names[pairs.cluster.code[i]!]!,
      margin: Number.isNaN(margin[i]) ? null : margin[i]!,
    }))
    return { scorer: name, table: accuracyBySubset(rows, settings), heterogeneity: heterogeneity(aligned, margin) }
  })
}

/** Subsets whose accuracy does not vary have no standard error and are left out. */
function heterogeneity({ pairs }: Aligned, margin: Float64Array): SubsetTable['heterogeneity'] {
  const parts = rowsByCode(pairs.subset).flatMap((all) => {
    const rows = all.filter((i) => !Number.isNaN(margin[i]))
    const values = Array.from(rows, (i): number => (margin[i]! > 0 ? 1 : margin[i] === 0 ? 0.5 : 0))
    const error = clusterStandardError(
      values,
      Array.from(rows, (i) => pairs.cluster.code[i]!),
    )
    return error === null || error === 0 ? [] : [{ value: values.reduce((s, v) => s + v, 0) / values.length, error }]
  })
  return cochranQ(
    parts.map((p) => p.value),
    parts.map((p) => p.error),
  )
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

export const HETEROGENEITY_COLUMNS = ['scorer', 'cochran_q', 'i_squared', 'p', 'p_bh'] as const
export function heterogeneityRows(tables: readonly SubsetTable[]): Cell[][] {
  const adjusted = benjaminiHochberg(tables.map((t) => t.heterogeneity?.p ?? null))
  return tables.map((t, i) => [
    t.scorer,
    t.heterogeneity?.statistic ?? null,
    t.heterogeneity?.iSquared ?? null,
    t.heterogeneity?.p ?? null,
    adjusted[i]!,
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

/** Scorers × subsets (and RewardBench sections where present), the best of each column in bold. */
export function subsetPaperTable(
  dataset: string,
  tables: readonly SubsetTable[],
  by: 'subsets' | 'sections',
): PaperTable | null {
  const names = [...new Set(tables.flatMap((t) => Object.keys(t.table[by])))]
  if (names.length === 0) return null
  const weights = tables[0]!.table.sections
  return {
    name: by,
    caption: `Accuracy by ${by === 'subsets' ? 'subset' : 'section'} on ${dataset}, ties as ½, per cent.`,
    columns: [
      { title: 'scorer' },
      ...names.map((title) => ({ title, best: 'high' as const })),
      { title: 'all pairs', best: 'high' },
    ],
    rows: tables.map((t) => [
      text(t.scorer),
      ...names.map((name) => {
        const a = t.table[by][name]
        return percent(a?.half ?? null, a?.ci.half ?? null, a !== undefined && a.clusters < MIN_CLUSTERS)
      }),
      percent(t.table.overall.half, t.table.overall.ci.half),
    ]),
    notes: [
      `n: ${names.map((name) => `${name} ${tables[0]!.table[by][name]?.n ?? 0}`).join(', ')}; all pairs ${tables[0]!.table.overall.n}.`,
      ...(by === 'sections'
        ? Object.entries(weights).map(
            ([name, s]) =>
              `Weights in ${name}: ${Object.entries(s.weights)
                .map(([subset, w]) => `${subset} ${w}`)
                .join(', ')}.`,
          )
        : []),
      `95 % intervals by resampling prompts; † fewer than ${MIN_CLUSTERS} prompts.`,
    ],
  }
}

import type { Statistic } from '../types.ts'
import { type AccuracyTable, accuracyBySubset } from './accuracy.ts'
import { notAll } from './columns.ts'
import { type BootstrapSettings, DEFAULT_SETTINGS } from './intervals.ts'
import { statistic } from './statistic.ts'

/** A row that a filter keeps or drops; null where it could not be judged. */
export interface KeptRow {
  readonly subset: string
  readonly cluster: string
  readonly keep: boolean | null
}

/** The share that is kept, overall and by subset, for agreement.csv. */
export function keptShare(
  rows: readonly KeptRow[],
  name: string,
  settings: BootstrapSettings = DEFAULT_SETTINGS,
  scope = 'steps',
): { readonly table: AccuracyTable; readonly statistics: readonly Statistic[] } {
  const table = accuracyBySubset(
    rows.map(({ subset, cluster, keep }) => ({ subset, cluster, margin: keep === null ? null : keep ? 1 : -1 })),
    settings,
  )
  const subsets = Object.entries(table.subsets)
  const all = [
    ['all', table.overall] as const,
    ...(subsets.length < 2 ? [] : subsets.map(([s, a]) => [notAll(s), a] as const)),
  ]
  return {
    table,
    statistics: all.map(([subset, { strict, n, missing, clusters, ci }]) =>
      statistic(
        { scope, subset, n, clusters, missing },
        name,
        strict,
        { interval: ci.strict, method: ci.method },
        'no_judged_rows',
      ),
    ),
  }
}

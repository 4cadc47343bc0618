import type { Statistic } from '../src/types.ts'
import { type CsvRow, numberIn } from './csv-rows.ts'

/** A cell of agreement.csv; null where it is empty. @throws DataError for one that is no number */
export function numberOrNull(get: CsvRow, path: string, row: number, column: string): number | null {
  const value = numberIn(get(column), path, row, column)
  return Number.isNaN(value) ? null : value
}

/**
 * A line of a run's agreement.csv.
 * @throws DataError for a cell that is no number
 */
export function statisticOf(get: CsvRow, path: string, row: number): Statistic {
  const number = (column: string): number | null => numberOrNull(get, path, row, column)
  return {
    scope: get('scope'),
    subset: get('subset'),
    statistic: get('statistic'),
    value: number('value'),
    ciLow: number('ci_low'),
    ciHigh: number('ci_high'),
    ciMethod: get('ci_method') || null,
    n: number('n') ?? 0,
    clusters: number('clusters') ?? 0,
    ties: number('ties') ?? 0,
    missing: number('missing') ?? 0,
    reason: get('reason') || null,
  }
}

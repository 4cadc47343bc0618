import type { Statistic } from '../../types.ts'
import { type CsvFiles, rowsOf } from './csv-file.ts'

/** A line of agreement.csv, and whose it is. */
export interface ScorerStatistic extends Statistic {
  readonly scorer: string
}

/** agreement.csv as the lines that it was made of. */
export const statisticsOf = (files: CsvFiles): readonly ScorerStatistic[] =>
  rowsOf(files, 'agreement.csv').map((row) => ({
    scorer: row.text('scorer'),
    scope: row.text('scope'),
    subset: row.text('subset'),
    statistic: row.text('statistic'),
    value: row.number('value'),
    ciLow: row.number('ci_low'),
    ciHigh: row.number('ci_high'),
    ciMethod: row.text('ci_method') || null,
    n: row.number('n') ?? 0,
    clusters: row.number('clusters') ?? 0,
    ties: row.number('ties') ?? 0,
    missing: row.number('missing') ?? 0,
    reason: row.text('reason') || null,
  }))

import { rowsSha256 } from '../pairs/columns.ts'
import { columnsOf, describeReadings, promptRemark } from '../pairs/readings.ts'
import type { RunConfig } from '../setup/config.ts'
import type { Inspection } from '../setup/dataset.ts'
import type { Log } from './log.ts'

/**
 * Says which columns the rows come from, and what was done to read them.
 * @param analysed columns that are no part of a row and that the statistics read
 */
export function sayReadings(
  inspection: Inspection,
  config: RunConfig,
  log: Log,
  analysed: readonly string[] = [],
): void {
  const { readings, extraColumns } = inspection
  if (readings.rows === 0) return
  const { columns, notes } = describeReadings(readings, extraColumns, analysed)
  log.info(columns)
  const remark = promptRemark(readings, config.columns.prompt !== undefined)
  if (remark !== null) log.warn(remark)
  for (const { text, warning } of notes) warning ? log.warn(text) : log.info(text)
  if (config.bin === 'run-rm' || config.bin === 'run-dpo' || config.bin === 'run-verify')
    for (const line of rolloutLines(inspection)) log.info(line)
}

/** What rollouts may have been meant to be, and are not read as. */
export function rolloutLines({
  completions,
  extraColumns,
  repeatedPrompts,
  withSolution,
}: Pick<Inspection, 'completions' | 'extraColumns' | 'repeatedPrompts' | 'withSolution'>): string[] {
  const lines = []
  if (repeatedPrompts > 0)
    lines.push(
      `${repeatedPrompts} of ${completions} completions have the prompt of the row before and are judged alone; one row per prompt, {prompt, completions: […]}, makes groups of them: best of n, votes, advantages`,
    )
  if (extraColumns.includes('rewards'))
    lines.push(
      `the column rewards is not read: verifiable rewards are computed from the solution${withSolution === 0 ? ', and no row has one' : ''}`,
    )
  return lines
}

/** The same for run.json, under `dataset`. `rows_sha256`: of the bytes and the columns that were named. */
export const readingsRecord = (
  { readings }: Inspection,
  { columns }: RunConfig,
  bytes: unknown,
): Record<string, unknown> => ({
  rows_sha256: typeof bytes === 'string' ? rowsSha256(bytes, columns) : null,
  columns: columnsOf(readings),
  column_counts: readings.columns,
  readings: readings.notes,
})

import { rowsSha256 } from '../pairs/columns.ts'
import { columnsOf, describeReadings, promptRemark } from '../pairs/readings.ts'
import type { RunConfig } from '../setup/config.ts'
import type { Inspection } from '../setup/dataset.ts'
import type { Log } from './log.ts'

/** Says which columns the rows come from, and what was done to read them. */
export function sayReadings({ readings, extraColumns }: Inspection, config: RunConfig, log: Log): void {
  if (readings.rows === 0) return
  const { columns, notes } = describeReadings(readings, extraColumns)
  log.info(columns)
  const remark = promptRemark(readings, config.columns.prompt !== undefined)
  if (remark !== null) log.warn(remark)
  for (const { text, warning } of notes) warning ? log.warn(text) : log.info(text)
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

import { stringify } from 'csv-stringify/sync'
import { openRowsFile, type RowsFile } from './rows-file.ts'

export type Cell = string | number | null

/** What a spreadsheet would run as a formula, with any number of our own prefixes in front (so that undoing is exact). */
const FORMULA = /^'*[=+\-@\t\r]/
const PREFIXED = /^'+[=+\-@\t\r]/

/**
 * A text cell that a spreadsheet would run as a formula gets a `'` in front; numbers never do. `plainText` undoes it exactly.
 * @example safeText('=cmd()') // "'=cmd()"
 */
export const safeText = (text: string): string => (FORMULA.test(text) ? `'${text}` : text)
/** @example plainText("'=cmd()") // '=cmd()' */
export const plainText = (cell: string): string => (PREFIXED.test(cell) ? cell.slice(1) : cell)

const toCell = (cell: Cell): string =>
  cell === null ? '' : typeof cell === 'number' ? numberText(cell) : safeText(cell)

/** Shortest text that reads back to the same double. A NaN or an infinity never reaches a CSV: absent is null with a reason. */
function numberText(value: number): string {
  if (!Number.isFinite(value))
    throw new RangeError(`a ${value} would have been written to a CSV; absent values are null with a reason`)
  return Object.is(value, -0) ? '-0' : String(value)
}

/** RFC 4180 text of some rows: UTF-8, `\n`, empty cell = absent. */
export const csvText = (rows: readonly (readonly Cell[])[]): string =>
  stringify(
    rows.map((row) => row.map(toCell)),
    { record_delimiter: '\n', quoted_match: /\r/ },
  )

/** A CSV file being written row by row. */
export type CsvWriter = RowsFile<readonly Cell[]>

export const openCsv = (path: string, columns: readonly string[]): CsvWriter => openRowsFile(path, csvText, columns)

/** Writes a whole CSV file, streaming and atomically. */
export async function writeCsv(
  path: string,
  columns: readonly string[],
  rows: Iterable<readonly Cell[]> | AsyncIterable<readonly Cell[]>,
): Promise<void> {
  const csv = openCsv(path, columns)
  try {
    for await (const row of rows) await csv.write(row)
    await csv.close()
  } catch (error) {
    await csv.abort()
    throw error
  }
}

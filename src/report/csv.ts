import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { stringify } from 'csv-stringify/sync'

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

const ROWS_AT_ONCE = 1000

/** A CSV file being written row by row; it takes its name only when `close` returns, so that a cut run leaves no half file. */
export interface CsvWriter {
  write(row: readonly Cell[]): Promise<void>
  close(): Promise<void>
  abort(): Promise<void>
}

export function openCsv(path: string, columns: readonly string[]): CsvWriter {
  const partial = `${path}.partial`
  const file = createWriteStream(partial, { encoding: 'utf8' })
  let failure: unknown = null
  file.on('error', (error) => {
    failure = error
  })
  let waiting: (readonly Cell[])[] = [columns]
  const flush = async (): Promise<void> => {
    if (failure !== null) throw failure
    if (waiting.length === 0) return
    const text = csvText(waiting)
    waiting = []
    if (!file.write(text)) await once(file, 'drain') // rejects on 'error' too
  }
  return {
    async write(row) {
      waiting.push(row)
      if (waiting.length >= ROWS_AT_ONCE) await flush()
    },
    async close() {
      await flush()
      file.end()
      await finished(file)
      await rename(partial, path)
    },
    async abort() {
      file.destroy()
      // else a file that is still being opened would be there again
      if (!file.closed) await new Promise<void>((done) => file.once('close', () => done()))
      await rm(partial, { force: true })
    },
  }
}

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

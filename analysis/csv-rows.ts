import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { DataError } from '../src/errors.ts'
import { plainText } from '../src/report/csv.ts'
import { type Cells, eachRecord } from './csv-records.ts'
import { checkedSize, MAX_SCORE } from './run-checks.ts'

export interface CsvRow {
  (column: string): string
  has(column: string): boolean
  /** As it is in the file, but for the quotes. */
  value(column: string): string
}

/**
 * Visits the rows of a CSV one by one, as a function from column name to text ('' where there is no such column), good until the next row;
 * the `'` prefix is undone.
 * @param bytes of a file that grows: only so many of its beginning are read
 */
export async function eachCsvRow(
  path: string,
  needed: readonly string[],
  visit: (get: CsvRow) => void,
  bytes?: number,
): Promise<void> {
  const take = taker(path, needed)
  try {
    await eachRecord(
      path,
      (cells) => {
        const get = take(cells)
        if (get !== null) visit(get)
      },
      bytes,
    )
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** The same where two files are read side by side, by the general parser. */
export async function* csvRows(path: string, needed: readonly string[]): AsyncGenerator<CsvRow> {
  const take = taker(path, needed)
  try {
    for await (const record of createReadStream(path).pipe(parse({ bom: true })) as AsyncIterable<string[]>) {
      const get = take({ length: record.length, at: (column) => record[column] ?? '' })
      if (get !== null) yield get
    }
  } catch (error) {
    throw unreadable(path, error)
  }
}

/** Reads the header, then makes of each record a row; null for the header. @throws DataError for a header that will not do */
function taker(path: string, needed: readonly string[]): (cells: Cells) => CsvRow | null {
  let header: Map<string, number> | null = null
  let row: Cells = { length: 0, at: () => '' }
  const get: CsvRow = Object.assign(
    (column: string): string => {
      const at = header!.get(column)
      if (at === undefined) return ''
      const cell = row.at(at)
      return cell.startsWith("'") ? plainText(cell) : cell
    },
    {
      has: (column: string): boolean => header!.has(column),
      value: (column: string): string => {
        const at = header!.get(column)
        return at === undefined ? '' : row.at(at)
      },
    },
  )
  return (cells) => {
    row = cells
    if (header !== null) return get
    const names = Array.from({ length: cells.length }, (_, i) => cells.at(i))
    header = new Map(names.map((name, i) => [name, i]))
    const twice = names.find((name, i) => name !== '' && header!.get(name) !== i)
    if (twice !== undefined) throw new DataError(`the column "${twice}" stands twice`, path)
    const absent = needed.filter((name) => !header!.has(name))
    if (absent.length > 0)
      throw new DataError(`has no column ${absent.join(', ')}`, path, 'Was it written by run-rm or run-dpo?')
    return null
  }
}

const unreadable = (path: string, error: unknown): DataError =>
  error instanceof DataError
    ? error
    : new DataError(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, path, null, {
        cause: error,
      })

/** The names of a CSV's columns; none of an empty file. */
export async function csvHeader(path: string): Promise<string[]> {
  const parser = createReadStream(path).pipe(parse({ bom: true, to: 1 }))
  try {
    for await (const record of parser) return record as string[]
  } catch (error) {
    throw unreadable(path, error)
  }
  return []
}

/** As we and others write numbers: JavaScript's Number would also take white space (as 0), hexadecimal and binary. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** A cell as a number: empty = NaN; anything else that is not a number is an error naming file, row and column. */
export function numberIn(cell: string, path: string, row: number, column: string): number {
  if (cell === '') return Number.NaN
  const value = NUMBER.test(cell) ? Number(cell) : Number.NaN
  if (!Number.isFinite(value)) throw new DataError(`${column} is "${cell}", expected a number`, `${path}: row ${row}`)
  // the place is put into words only where there is something to say
  return Math.abs(value) <= MAX_SCORE ? value : checkedSize(value, column, `${path}: row ${row}`)
}

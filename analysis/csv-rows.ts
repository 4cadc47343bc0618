import { createReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { DataError } from '../src/errors.ts'
import { plainText } from '../src/report/csv.ts'
import { checkedSize } from './run-checks.ts'

export interface CsvRow {
  (column: string): string
  has(column: string): boolean
}
/**
 * ◆ Rows of a CSV one by one, as a function from column name to text ('' where there is no such column); the `'` prefix is undone.
 * @param bytes only so many of its beginning are read
 */
export async function* csvRows(
  path: string,
  needed: readonly string[],
  bytes: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<CsvRow> {
  const parser = createReadStream(path, { end: bytes - 1 }).pipe(parse({ bom: true }))
  let header: Map<string, number> | null = null
  let row: string[] = []
  const get: CsvRow = Object.assign(
    (column: string): string => {
      const at = header!.get(column)
      return at === undefined ? '' : plainText(row[at] ?? '')
    },
    { has: (column: string): boolean => header!.has(column) },
  )
  try {
    for await (const record of parser) {
      row = record as string[]
      if (header === null) {
        header = new Map(row.map((name, i) => [name, i]))
        const twice = row.find((name, i) => name !== '' && header!.get(name) !== i)
        if (twice !== undefined) throw new DataError(`the column "${twice}" stands twice`, path)
        const absent = needed.filter((name) => !header!.has(name))
        if (absent.length > 0)
          throw new DataError(`has no column ${absent.join(', ')}`, path, 'Was it written by run-rm or run-dpo?')
        continue
      }
      yield get
    }
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, path, null, {
      cause: error,
    })
  }
}

/** As we and others write numbers: JavaScript's Number would also take white space (as 0), hexadecimal and binary. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** A cell as a number: empty = NaN; anything else that is not a number is an error naming file, row and column. */
export function numberIn(cell: string, path: string, row: number, column: string): number {
  if (cell === '') return Number.NaN
  const value = NUMBER.test(cell) ? Number(cell) : Number.NaN
  if (!Number.isFinite(value)) throw new DataError(`${column} is "${cell}", expected a number`, `${path}: row ${row}`)
  return checkedSize(value, column, `${path}: row ${row}`)
}

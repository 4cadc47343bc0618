import { DataError } from '../src/errors.ts'
import { plainText } from '../src/report/csv.ts'
import { type Cells, eachRecord } from './csv-records.ts'
import { checkedSize, MAX_SCORE } from './run-checks.ts'

export interface CsvRow {
  (column: string): string
  has(column: string): boolean
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
  let header: Map<string, number> | null = null
  let row: Cells = { length: 0, at: () => '' }
  const get: CsvRow = Object.assign(
    (column: string): string => {
      const at = header!.get(column)
      if (at === undefined) return ''
      const cell = row.at(at)
      return cell.startsWith("'") ? plainText(cell) : cell
    },
    { has: (column: string): boolean => header!.has(column) },
  )
  try {
    await eachRecord(
      path,
      (cells) => {
        row = cells
        if (header !== null) return visit(get)
        const names = Array.from({ length: cells.length }, (_, i) => cells.at(i))
        header = new Map(names.map((name, i) => [name, i]))
        const twice = names.find((name, i) => name !== '' && header!.get(name) !== i)
        if (twice !== undefined) throw new DataError(`the column "${twice}" stands twice`, path)
        const absent = needed.filter((name) => !header!.has(name))
        if (absent.length > 0)
          throw new DataError(`has no column ${absent.join(', ')}`, path, 'Was it written by run-rm or run-dpo?')
      },
      bytes,
    )
    // of a file that grows the header may not be there yet
    if (header === null && bytes === undefined)
      throw new DataError(
        'is empty: not even its header is there',
        path,
        'It was cut or overwritten after the run wrote it: run again, or take the folder away.',
      )
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
  // the place is put into words only where there is something to say
  return Math.abs(value) <= MAX_SCORE ? value : checkedSize(value, column, `${path}: row ${row}`)
}

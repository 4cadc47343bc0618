import type { Cell } from '../csv.ts'
import type { CellRows } from '../packed-rows.ts'

/** A CSV file of the analysis, before it is written: the page shows these cells and no others. */
export interface CsvFile {
  readonly columns: readonly string[]
  readonly rows: CellRows
  /** Of a file of millions of rows, those that the page reads; absent: all. */
  readonly read?: readonly (readonly Cell[])[]
}
/** By name, as they stand beside the page. */
export type CsvFiles = Readonly<Record<string, CsvFile>>

/** A row of a file by its columns. */
export interface FileRow {
  /** null where the cell is empty. */
  number(column: string): number | null
  /** '' where the cell is empty. */
  text(column: string): string
}

/** The rows of a file; none where the analysis has no such file. */
export function rowsOf(files: CsvFiles, name: string): readonly FileRow[] {
  const file = files[name]
  if (file === undefined) return []
  const at = new Map(file.columns.map((column, i) => [column, i]))
  return (file.read ?? file.rows).map((row) => {
    const cell = (column: string): Cell => {
      const place = at.get(column)
      if (place === undefined) throw new RangeError(`${name} has no column ${column}`)
      return row[place] ?? null
    }
    return {
      number(column) {
        const value = cell(column)
        return typeof value === 'number' ? value : null
      },
      text: (column) => String(cell(column) ?? ''),
    }
  })
}

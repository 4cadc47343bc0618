import { WholeFile } from '../whole-file.ts'

/** A file being written row by row; it takes its name only when `close` returns, so that a cut run leaves no half file. */
export interface RowsFile<Row> {
  write(row: Row): Promise<void>
  close(): Promise<void>
  abort(): Promise<void>
}

const ROWS_AT_ONCE = 1000
/** A signal is answered between two pieces. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * @param textOf the text of some rows
 * @param first a row that stands first (the names of columns)
 * @throws DataError that names the file, also from what is returned, where it cannot be written
 */
export function openRowsFile<Row>(path: string, textOf: (rows: readonly Row[]) => string, first?: Row): RowsFile<Row> {
  const file = new WholeFile(path)
  let waiting: Row[] = first === undefined ? [] : [first]
  const flush = (): void => {
    if (waiting.length > 0) file.write(textOf(waiting))
    waiting = []
  }
  return {
    async write(row) {
      waiting.push(row)
      if (waiting.length < ROWS_AT_ONCE) return
      flush()
      await turn()
    },
    async close() {
      try {
        flush()
        file.close()
        await turn()
      } catch (error) {
        file.abort()
        throw error
      }
    },
    async abort() {
      file.abort()
    },
  }
}

/** JSON lines. */
export const openJsonLines = (path: string): RowsFile<unknown> =>
  openRowsFile(path, (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''))

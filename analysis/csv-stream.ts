import type { ReadStream } from 'node:fs'
import { parse } from 'csv-parse'
import { DataError } from '../src/errors.ts'
import { regularStream } from '../src/read-regular.ts'
import { plainText } from '../src/report/csv.ts'
import { systemWords } from '../src/system-words.ts'

/** A CSV that is read as it is asked for, beside another one: `eachCsvRow` is faster, and gives rows when it likes. */
export interface CsvStream {
  readonly columns: readonly string[]
  /** The next row; null behind the last. @throws DataError where it is no CSV */
  next(): Promise<StreamedRow | null>
  close(): Promise<void>
}
export interface StreamedRow {
  /** Text of a column, '' where there is no such; the `'` prefix is undone. */
  (column: string): string
  /** As it is in the file, but for the quotes. */
  cell(column: string): string
}

function opened(path: string): ReadStream {
  try {
    return regularStream(path)
  } catch (cause) {
    throw new DataError(systemWords(cause), path, null, { cause })
  }
}

/** ◆ One row is in memory at a time. */
export async function openCsvStream(path: string): Promise<CsvStream> {
  const records = opened(path)
    .pipe(parse({ bom: true }))
    [Symbol.asyncIterator]() as AsyncIterator<string[]>
  const nextRecord = async (): Promise<string[] | null> => {
    try {
      const { done, value } = await records.next()
      return done === true ? null : value
    } catch (cause) {
      throw new DataError(`cannot be read: ${(cause as Error).message}`, path, null, { cause })
    }
  }
  const columns = (await nextRecord()) ?? []
  const places = new Map(columns.map((name, i) => [name, i]))
  return {
    columns,
    async next() {
      const record = await nextRecord()
      if (record === null) return null
      const cell = (column: string): string => record[places.get(column) ?? -1] ?? ''
      return Object.assign((column: string) => plainText(cell(column)), { cell })
    },
    async close() {
      await records.return?.()
    },
  }
}

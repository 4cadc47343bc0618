import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { finished } from 'node:stream/promises'
import { unwrittenFile } from '../system-words.ts'
import { begun, ended } from '../unfinished.ts'

/** A file being written row by row; it takes its name only when `close` returns, so that a cut run leaves no half file. */
export interface RowsFile<Row> {
  write(row: Row): Promise<void>
  close(): Promise<void>
  abort(): Promise<void>
}

const ROWS_AT_ONCE = 1000

/**
 * @param textOf the text of some rows
 * @param first a row that stands first (the names of columns)
 */
export function openRowsFile<Row>(path: string, textOf: (rows: readonly Row[]) => string, first?: Row): RowsFile<Row> {
  const partial = `${path}.partial`
  begun(partial)
  const file = createWriteStream(partial, { encoding: 'utf8' })
  let failure: unknown = null
  file.on('error', (error) => {
    failure = error
  })
  let waiting: Row[] = first === undefined ? [] : [first]
  const flush = async (): Promise<void> => {
    if (failure !== null) throw unwrittenFile(failure, path)
    if (waiting.length === 0) return
    const text = textOf(waiting)
    waiting = []
    try {
      if (!file.write(text)) await once(file, 'drain') // rejects on 'error' too
    } catch (cause) {
      throw unwrittenFile(cause, path)
    }
  }
  const discard = async (): Promise<void> => {
    file.destroy()
    // else a file that is still being opened would be there again
    if (!file.closed) await new Promise<void>((done) => file.once('close', () => done()))
    await rm(partial, { force: true })
    ended(partial)
  }
  return {
    async write(row) {
      waiting.push(row)
      if (waiting.length >= ROWS_AT_ONCE) await flush()
    },
    async close() {
      try {
        await flush()
        file.end()
        await finished(file)
        await rename(partial, path)
        ended(partial)
      } catch (cause) {
        await discard()
        throw unwrittenFile(cause, path)
      }
    },
    abort: discard,
  }
}

/** JSON lines. */
export const openJsonLines = (path: string): RowsFile<unknown> =>
  openRowsFile(path, (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''))

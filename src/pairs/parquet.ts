import { fstatSync, readSync } from 'node:fs'
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet'
import { DataError } from '../errors.ts'
import { TextLength } from './amplified.ts'
import { NOT_UTF8 } from './failure.ts'
import { codecs } from './parquet-codecs.ts'
import { checkGroup, checkPages, checkRows, chunksOf, TooLarge } from './parquet-pages.ts'
import { decodeUtf8, type RawRecord } from './raw.ts'

/** Bytes at any place of a file. */
export interface FileBytes {
  readonly byteLength: number
  /** @throws Error where the file ends before `end` */
  slice(start: number, end: number): ArrayBuffer
}

/** Largest description of a file; a thousand row groups of a hundred columns have some 10 MB. */
const MAX_FOOTER_BYTES = 256 * 1024 ** 2

/** Rows of a Parquet file, one row group in memory at a time. `at` is the row, from 1. */
export async function* readParquet(file: FileBytes, where: string): AsyncGenerator<RawRecord> {
  const { metadata, tree } = orBroken(where, () => {
    const metadata = parquetMetadata(footerOf(file))
    checkRows(metadata.row_groups, file.byteLength)
    return { metadata, tree: parquetSchema(metadata) }
  })
  let start = 0
  const texts = new TextLength(file.byteLength)
  for (const [i, group] of metadata.row_groups.entries()) {
    const rows = Number(group.num_rows)
    // The decoder starts all columns at once and lets go of them at the first fault: what could fail while it starts is checked here, and
    // what it reads it gets at once, so that no column is left to fail alone.
    orBroken(`${where}: row group ${i}`, () => {
      let [decoded, packed] = [0, 0]
      for (const chunk of chunksOf(group, tree, file.byteLength)) {
        decoded += checkPages(chunk, file.slice(chunk.start, chunk.end))
        packed += chunk.end - chunk.start
        checkGroup(decoded, packed)
      }
    })
    const records = await parquetReadObjects({
      file: { byteLength: file.byteLength, slice: orEmpty(file) },
      metadata,
      compressors: codecs,
      parsers: { stringFromBytes: textOf as never },
      rowStart: start,
      rowEnd: start + rows,
    }).catch((cause: unknown) => {
      throw broken(where, cause)
    })
    if (records.length !== rows)
      throw broken(where, new Error(`row group ${i} says ${rows} rows, has ${records.length}`))
    for (const [j, record] of records.entries()) {
      const value = plain(record)
      orBroken(where, () => texts.add(value))
      yield { at: start + j + 1, value }
    }
    start += rows
  }
}

/**
 * A text as it stands in the file. The package's own reader would put U+FFFD for what is no UTF-8, and leave out a mark at its beginning. What
 * is no text may be bytes, as of a picture, in a column that is not used: it becomes an object that no text, id or name is made of.
 */
export const textOf = (bytes: Uint8Array | null | undefined): unknown =>
  bytes ? (decodeUtf8(bytes) ?? { [NOT_UTF8]: Buffer.from(bytes).toString('base64') }) : bytes

/** A file that shrinks in between: the column has no bytes, which its decoder says. */
const orEmpty =
  (file: FileBytes) =>
  (start: number, end = file.byteLength): ArrayBuffer => {
    try {
      return file.slice(start, end)
    } catch {
      return new ArrayBuffer(0)
    }
  }

/** The description at the end of the file, with its length and magic. */
function footerOf(file: FileBytes): ArrayBuffer {
  if (file.byteLength < 12) throw new Error('the file ends in the middle')
  const end = new DataView(file.slice(file.byteLength - 8, file.byteLength))
  if (end.getUint32(4, true) !== MAGIC) throw new Error('the file does not end as Parquet does (PAR1): it is cut')
  const length = end.getUint32(0, true)
  if (length > Math.min(file.byteLength - 12, MAX_FOOTER_BYTES))
    throw new Error(`its description of ${length.toLocaleString('en')} bytes does not fit into the file`)
  return file.slice(file.byteLength - 8 - length, file.byteLength)
}
/** PAR1 */
const MAGIC = 0x31524150

function orBroken<T>(where: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof TooLarge)) throw broken(where, cause)
    throw new DataError(cause.message, where, 'Write the file with smaller row groups (pyarrow: row_group_size=10000).')
  }
}

const broken = (where: string, cause: unknown): DataError =>
  new DataError(
    `cannot be read as Parquet: ${(cause as Error).message}`,
    where,
    'The file is damaged: fetch it or write it again.',
    { cause },
  )

/** An open file, read at once: nothing is left to read when it closes. */
export function bytesOfFile(fd: number): FileBytes {
  const byteLength = fstatSync(fd).size
  return {
    byteLength,
    slice(start, end) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, byteLength) - start))
      for (let done = 0; done < bytes.length; ) {
        const got = readSync(fd, bytes, done, bytes.length - done, start + done)
        if (got === 0) throw new Error('the file ends in the middle')
        done += got
      }
      return bytes.buffer
    },
  }
}

/** Parquet's and Arrow's values as JSON has them: 64-bit integers as numbers where these are exact; dates in ISO form. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value
  if (value instanceof Date) return value.toISOString()
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
  return value
}

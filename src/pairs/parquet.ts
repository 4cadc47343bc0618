import type { FileHandle } from 'node:fs/promises'
import { type AsyncBuffer, type Compressors, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { DataError } from '../errors.ts'
import type { RawRecord } from './raw.ts'

/** Decoded bytes of the largest row group that is read; the row group is what has to fit into memory. */
const MAX_ROW_GROUP_BYTES = 2 * 1024 ** 3

/** hyparquet-compressors 1.1.2 reads past the end of LZ4's empty block, the page of a column that is all null. */
const emptyPages = (codec: 'LZ4' | 'LZ4_RAW'): Compressors => ({
  [codec]: (input: Uint8Array, length: number) =>
    length === 0 ? new Uint8Array() : compressors[codec]!(input, length),
})
const codecs: Compressors = { ...compressors, ...emptyPages('LZ4'), ...emptyPages('LZ4_RAW') }

/** Rows of a Parquet file, one row group in memory at a time. `at` is the row, from 1. */
export async function* readParquet(file: AsyncBuffer, where: string): AsyncGenerator<RawRecord> {
  const metadata = await parquetMetadataAsync(file).catch((cause: unknown) => {
    throw broken(where, cause)
  })
  let start = 0
  for (const [i, group] of metadata.row_groups.entries()) {
    const rows = Number(group.num_rows)
    const bytes = group.columns.reduce((sum, column) => sum + Number(column.meta_data?.total_uncompressed_size ?? 0), 0)
    if (bytes > MAX_ROW_GROUP_BYTES)
      throw new DataError(
        `row group ${i} decodes to ${bytes.toLocaleString('en')} bytes, the limit is ${MAX_ROW_GROUP_BYTES.toLocaleString('en')}`,
        where,
        'Write the file with smaller row groups (pyarrow: row_group_size=10000).',
      )
    const records = await parquetReadObjects({
      file,
      metadata,
      compressors: codecs,
      rowStart: start,
      rowEnd: start + rows,
    }).catch((cause: unknown) => {
      throw broken(where, cause)
    })
    if (records.length !== rows)
      throw broken(where, new Error(`row group ${i} says ${rows} rows, has ${records.length}`))
    for (const [j, record] of records.entries()) yield { at: start + j + 1, value: plain(record) }
    start += rows
  }
}

const broken = (where: string, cause: unknown): DataError =>
  new DataError(`cannot be read as Parquet: ${(cause as Error).message}`, where, null, { cause })

/** Random access to an open file. */
export const bufferOfFile = async (file: FileHandle): Promise<AsyncBuffer> => ({
  byteLength: (await file.stat()).size,
  async slice(start, end = Number.POSITIVE_INFINITY) {
    const size = (await file.stat()).size
    const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start))
    let done = 0
    while (done < bytes.length) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done)
      if (bytesRead === 0) throw new Error('the file ends in the middle')
      done += bytesRead
    }
    return bytes.buffer
  },
})

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

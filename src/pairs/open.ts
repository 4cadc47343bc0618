import { DataError, HarnessError } from '../errors.ts'
import { openRegularHandle } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'
import type { ColumnNames } from './columns.ts'
import { readCsv } from './csv.ts'
import type { DataFile } from './files.ts'
import { readJson } from './json.ts'
import { readJsonLines } from './jsonl.ts'
import type { RawRecord } from './raw.ts'
import { bytesOf, CHUNK_BYTES, headOf } from './unpacked.ts'

type Format = 'jsonl' | 'json' | 'csv' | 'tsv' | 'parquet' | 'arrow'
/** A gzipped Parquet file is unpacked into memory, up to this size: Parquet is read from its end. */
const MAX_UNPACKED_PARQUET_BYTES = 256 * 1024 ** 2
/** As much of a file as is looked at to tell its format. */
const HEAD_BYTES = CHUNK_BYTES

/** The records of one data file, streamed. The format is told by the first bytes, then by the name. */
export async function* readRecords(
  { path, name }: DataFile,
  split: string | null,
  columns: ColumnNames = {},
): AsyncGenerator<RawRecord> {
  try {
    const { gzip, head } = await beginning(path)
    if (head.length === 0) throw new DataError('the file is empty', path)
    const format = formatOf(name.replace(/\.gz$/i, ''), head, path)
    if (format === 'parquet') yield* parquetRecords(path, gzip)
    else if (format === 'arrow') yield* arrowRecords(path, gzip)
    else {
      const chunks = withoutBom(bytesOf(path, gzip))
      if (format === 'jsonl') yield* readJsonLines(chunks)
      else if (format === 'json') yield* readJson(chunks, split)
      else yield* readCsv(chunks, path, format === 'tsv' ? '\t' : null, Object.values(columns))
    }
  } catch (cause) {
    if (cause instanceof HarnessError || !isSystemError(cause)) throw cause
    throw new DataError(systemWords(cause), path, null, { cause })
  }
}

/** Whether a file may hold lists of rows under names: a JSON object. Of any other file a split chooses nothing. */
export async function mayHoldSplits({ path, name }: DataFile): Promise<boolean> {
  const { head } = await beginning(path)
  if (head.length === 0 || formatOf(name.replace(/\.gz$/i, ''), head, path) !== 'json') return false
  return Buffer.from(head)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
    .startsWith('{')
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error &&
  typeof (error as NodeJS.ErrnoException).code === 'string' &&
  /^(?:[EZ]|UNREAD$)/.test((error as NodeJS.ErrnoException).code!)

/** The first bytes, unpacked. */
async function beginning(path: string): Promise<{ gzip: boolean; head: Uint8Array }> {
  const file = await openRegularHandle(path)
  const magic = Buffer.alloc(2)
  try {
    const { bytesRead } = await file.read(magic, 0, 2, 0)
    if (bytesRead === 0) return { gzip: false, head: new Uint8Array() }
  } finally {
    await file.close()
  }
  const gzip = magic[0] === 0x1f && magic[1] === 0x8b
  return { gzip, head: await headOf(path, gzip, HEAD_BYTES) }
}

/** Beginnings that are no data, and what to do about them. */
const FOREIGN: readonly (readonly [string, string, string])[] = [
  ['PK\x03\x04', 'a zip file', 'Unpack it first.'],
  ['\x28\xb5\x2f\xfd', 'compressed with zstd', 'Unpack it, or compress with gzip.'],
  ['\xff\xfe', 'UTF-16 text', 'Save the file as UTF-8.'],
  ['\xfe\xff', 'UTF-16 text', 'Save the file as UTF-8.'],
  ['version https://git-lfs', 'a Git LFS pointer, not the data', 'Fetch the data: git lfs pull.'],
]

function formatOf(name: string, head: Uint8Array, where: string): Format {
  const start = Buffer.from(head.subarray(0, 64)).toString('latin1')
  for (const [magic, what, hint] of FOREIGN)
    if (start.startsWith(magic)) throw new DataError(`the file is ${what}`, where, hint)
  if (/^(?:[^\0]\0){4}|^(?:\0[^\0]){4}/.test(start))
    throw new DataError('the file is UTF-16 text', where, 'Save the file as UTF-8.')
  if (start.startsWith('PAR1')) return 'parquet'
  // Arrow: the file format's magic, or the stream format's first message
  if (start.startsWith('ARROW1') || start.startsWith('\xff\xff\xff\xff')) return 'arrow'
  const extension = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase()
  if (extension === 'parquet') throw new DataError('the file does not begin as Parquet does (PAR1)', where)
  if (extension === 'arrow' || extension === 'feather')
    throw new DataError('the file does not begin as Arrow does', where, 'Write it as Parquet: dataset.to_parquet(…).')
  if (extension === 'csv' || extension === 'tsv') return extension
  const text = Buffer.from(head)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart()
  if ((extension === 'jsonl' || extension === 'ndjson') && !isDocument(text)) return 'jsonl'
  if (text === '') throw new DataError('the file holds nothing but white space', where)
  if (text.startsWith('[')) return 'json'
  if (text.startsWith('{')) return isLines(text) ? 'jsonl' : 'json'
  if (extension === 'json') return 'json'
  throw new DataError(
    'the format of the file is not known',
    where,
    'Name it .jsonl, .json, .csv, .tsv, .parquet or .arrow, also .gz.',
  )
}

/** Whether what calls itself JSON lines is one JSON document: a list, or an object spread over lines. */
const isDocument = (text: string): boolean => (text.startsWith('[') && !isLines(text)) || /^[[{][ \t]*\r?\n/.test(text)

/** Whether the first line is a whole JSON value and another one follows: JSON lines under another name. */
function isLines(text: string): boolean {
  const end = text.indexOf('\n')
  if (end < 0 || text.slice(end).trim() === '') return false
  try {
    JSON.parse(text.slice(0, end))
    return true
  } catch {
    return false
  }
}

async function* withoutBom(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const chunk of chunks) {
    const bom = first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf
    first = false
    yield bom ? chunk.subarray(3) : chunk
  }
}

async function* arrowRecords(path: string, gzip: boolean): AsyncGenerator<RawRecord> {
  if (gzip) throw new DataError('a gzipped Arrow file is not read', path, 'Unpack it first.')
  // loaded where there is such a file: most runs have none
  const { readArrow } = await import('./arrow.ts')
  const file = await openRegularHandle(path)
  try {
    yield* readArrow(file, path)
  } finally {
    await file.close()
  }
}

async function* parquetRecords(path: string, gzip: boolean): AsyncGenerator<RawRecord> {
  // loaded where there is such a file, too
  const { bytesOfFile, readParquet } = await import('./parquet.ts')
  if (!gzip) {
    const file = await openRegularHandle(path)
    try {
      yield* readParquet(bytesOfFile(file.fd), path)
    } finally {
      await file.close()
    }
    return
  }
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of bytesOf(path, true)) {
    length += chunk.length
    if (length > MAX_UNPACKED_PARQUET_BYTES)
      throw new DataError('the gzipped Parquet file is too large to unpack', path, 'Unpack it first.')
    chunks.push(chunk.slice())
  }
  const bytes = new Uint8Array(length)
  for (let at = 0; chunks.length > 0; ) {
    const chunk = chunks.shift()!
    bytes.set(chunk, at)
    at += chunk.length
  }
  yield* readParquet({ byteLength: length, slice: (start, end) => bytes.slice(start, end).buffer }, path)
}

import { isUtf8 } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { type Data, DataType, MapRow, type RecordBatch, RecordBatchReader, StructRow, Vector } from 'apache-arrow'
import { DataError } from '../errors.ts'
import { checkRowCount, TextLength } from './amplified.ts'
import { plain, textOf } from './parquet.ts'
import type { RawRecord } from './raw.ts'

/**
 * Rows of an Arrow file, stream or file format, as `datasets.save_to_disk` and Feather write them; one record batch in memory. `at` is
 * the row, from 1.
 */
export async function* readArrow(file: FileHandle, where: string): AsyncGenerator<RawRecord> {
  const broken = (cause: unknown): DataError =>
    new DataError(
      `cannot be read as Arrow: ${(cause as Error).message}`,
      where,
      'Write it as Parquet: dataset.to_parquet(…), or df.to_parquet(…).',
      { cause },
    )
  const size = await checkEnd(file, where)
  let row = 0
  const texts = new TextLength(size)
  const batches = batchesOf(readOnce(file, size))[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await batches.next().catch((cause: unknown) => {
        throw broken(cause)
      })
      if (next.done === true) return
      try {
        checkBatch(next.value, row, size)
      } catch (cause) {
        throw broken(cause)
      }
      for (let i = 0; i < next.value.numRows; i++) {
        let value: unknown
        try {
          value = recordOf(next.value, i)
          texts.add(value)
        } catch (cause) {
          throw broken(cause)
        }
        yield { at: ++row, value }
      }
    }
  } finally {
    await batches.return?.(undefined)
  }
}

const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])

/** A stream that is cut between two batches would read as a shorter one: both formats must end as their writers end them. */
async function checkEnd(file: FileHandle, where: string): Promise<number> {
  const { size } = await file.stat()
  const [head, tail] = [Buffer.alloc(6), Buffer.alloc(8)]
  await file.read(head, 0, 6, 0)
  await file.read(tail, 0, 8, Math.max(0, size - 8))
  const whole =
    head.toString('latin1') === 'ARROW1' ? tail.subarray(2).toString('latin1') === 'ARROW1' : tail.equals(END_OF_STREAM)
  if (!whole)
    throw new DataError('the Arrow file has no end: it was cut, or is still being written', where, 'Save it again.')
  return size
}

/** Values of one record batch: rows times columns. */
const MAX_CELLS = 50_000_000

/**
 * What the package takes as the file says it.
 * @throws Error where a batch says more rows than such a file can hold, or where a text inside of a list or an object is no UTF-8
 */
function checkBatch(batch: RecordBatch, before: number, fileBytes: number): void {
  const { numRows, numCols } = batch
  const rows = before + numRows
  if (!Number.isSafeInteger(numRows) || numRows < 0) throw new Error(`a batch says ${numRows} rows`)
  if (numRows * Math.max(1, numCols) > MAX_CELLS)
    throw new Error(`it says ${rows.toLocaleString('en')} rows in ${fileBytes.toLocaleString('en')} bytes`)
  checkRowCount(rows, fileBytes)
  for (const column of batch.data.children) if (!isText(column.type)) checkTexts(column)
}

/** The package would put U+FFFD for what is no UTF-8, and leave out a mark at the beginning. */
function checkTexts(data: Data): void {
  const { values, valueOffsets, length, children, dictionary } = data
  if (isText(data.type) && !(length >= 0 && length < Math.max(1, valueOffsets.length)))
    throw new Error(
      `it says ${length.toLocaleString('en')} texts where it has ${Math.max(0, valueOffsets.length - 1).toLocaleString('en')}`,
    )
  if (isText(data.type))
    for (let i = 0; i < length; i++) {
      const text = (values as Uint8Array).subarray(Number(valueOffsets[i]), Number(valueOffsets[i + 1]))
      if (!isUtf8(text)) throw new Error('a text is not UTF-8')
      if (text[0] === 0xef && text[1] === 0xbb && text[2] === 0xbf)
        throw new Error('a text in a list, an object or a dictionary begins with a byte order mark')
    }
  for (const child of children) checkTexts(child)
  for (const part of dictionary?.data ?? []) checkTexts(part)
}
const isText = (type: DataType): boolean => DataType.isUtf8(type) || DataType.isLargeUtf8(type)

/** Reads of a message: its length, its description, its values. The shortest takes some hundred bytes. */
const [FREE_READS, BYTES_PER_READ] = [1000, 16]
const [FREE_BYTES, TIMES] = [1 << 20, 4]
/** A file of which no more is read than it has: a body of −1 bytes leads the package back to the same message without end. */
function readOnce(file: FileHandle, size: number): FileHandle {
  let [reads, bytes] = [0, 0]
  return {
    fd: file.fd,
    stat: () => file.stat(),
    close: () => Promise.resolve(),
    read: (buffer: Uint8Array, offset: number, length: number, position: number) => {
      bytes += length
      if (++reads > FREE_READS + size / BYTES_PER_READ || bytes > FREE_BYTES + TIMES * size)
        return Promise.reject(new Error('its messages lead back to each other'))
      return file.read(buffer, offset, length, position)
    },
  } as unknown as FileHandle
}

async function* batchesOf(file: FileHandle): AsyncGenerator<RecordBatch> {
  const reader = await RecordBatchReader.from(file)
  await reader.open({ autoDestroy: false })
  for await (const batch of reader as AsyncIterable<RecordBatch>) yield batch
}

function recordOf(batch: RecordBatch, i: number): Record<string, unknown> {
  const record: [string, unknown][] = []
  for (const [c, field] of batch.schema.fields.entries()) {
    const vector = batch.getChildAt(c)
    const value: unknown = isText(field.type) ? textIn(vector!.data[0]!, i) : vector?.get(i)
    record.push([field.name, typed(value, field.type)])
  }
  return Object.fromEntries(record)
}

/** A text as it stands in the file. */
function textIn(data: Data, i: number): unknown {
  if (!data.getValid(i)) return null
  const [from, to] = [Number(data.valueOffsets[i]), Number(data.valueOffsets[i + 1])]
  if (!(from <= to && to <= (data.values as Uint8Array).length))
    throw new Error(`a text of row ${i + 1} ends outside of it`)
  return textOf((data.values as Uint8Array).subarray(from, to))
}

/** Dates come as milliseconds, decimals without their point: both as text. */
function typed(value: unknown, type: DataType): unknown {
  if (value === null || value === undefined) return null
  if (DataType.isTimestamp(type) || DataType.isDate(type)) return new Date(Number(value)).toISOString()
  if (DataType.isDecimal(type)) return decimal(String(value), type.scale)
  if (DataType.isTime(type) || DataType.isInterval(type) || DataType.isDuration(type)) return String(value)
  return plain(unwrapped(value))
}

/** @example decimal('-5', 2) // '-0.05' */
function decimal(digits: string, scale: number): string {
  if (scale <= 0) return digits + '0'.repeat(-scale)
  const padded = digits.replace('-', '').padStart(scale + 1, '0')
  return `${digits.startsWith('-') ? '-' : ''}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

function unwrapped(value: unknown): unknown {
  if (value instanceof Vector) return Array.from(value as Iterable<unknown>, unwrapped)
  if (value instanceof StructRow || value instanceof MapRow)
    return Object.fromEntries(Object.entries(value.toJSON()).map(([key, item]) => [key, unwrapped(item)]))
  return value
}

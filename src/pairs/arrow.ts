import type { FileHandle } from 'node:fs/promises'
import { DataType, MapRow, type RecordBatch, RecordBatchReader, StructRow, Vector } from 'apache-arrow'
import { DataError } from '../errors.ts'
import { plain } from './parquet.ts'
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
  await checkEnd(file, where)
  let row = 0
  const batches = batchesOf(file)[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await batches.next().catch((cause: unknown) => {
        throw broken(cause)
      })
      if (next.done === true) return
      for (let i = 0; i < next.value.numRows; i++) {
        let value: unknown
        try {
          value = recordOf(next.value, i)
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
async function checkEnd(file: FileHandle, where: string): Promise<void> {
  const { size } = await file.stat()
  const [head, tail] = [Buffer.alloc(6), Buffer.alloc(8)]
  await file.read(head, 0, 6, 0)
  await file.read(tail, 0, 8, Math.max(0, size - 8))
  const whole =
    head.toString('latin1') === 'ARROW1' ? tail.subarray(2).toString('latin1') === 'ARROW1' : tail.equals(END_OF_STREAM)
  if (!whole)
    throw new DataError('the Arrow file has no end: it was cut, or is still being written', where, 'Save it again.')
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
    const value: unknown = vector?.get(i)
    record.push([field.name, typed(value, field.type)])
  }
  return Object.fromEntries(record)
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

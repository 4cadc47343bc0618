import type { FileHandle } from 'node:fs/promises'
import type { Digest } from '../digest-map.ts'
import { DataError } from '../errors.ts'
import { FORMAT, isIntact, parseObject, VERSION } from './record.ts'

/** What one pass over a store finds. Offsets are bytes from the start of the file. */
export interface Scan {
  /** Behind the last line that ends a batch; what follows was not written to its end. */
  readonly end: number
  readonly sizeBytes: number
  /** `config` of the first line; undefined where that line is damaged or not yet there. */
  readonly config: unknown
  /** Offsets of the lines of each plan that is whole. */
  readonly plans: ReadonlyMap<string, readonly number[]>
  /** Lines that were damaged after they had been written; their measurements are measured again. */
  readonly damaged: readonly number[]
  /** Whether the last line says that the run was finished. */
  readonly finished: boolean
  /** The cut whose shard came to its end then; null where it is no shard's, or an earlier version's. */
  readonly finishedCut: string | null
}

const CHUNK_BYTES = 1 << 20
/** No line of ours comes near it; a longer one means that the file is not ours. */
const MAX_LINE_BYTES = 64 * 1024 * 1024
const START = `{"format":"${FORMAT}"`
const KEY_START = Buffer.from('{"key":"')
const NEWLINE = 0x0a
const decoded = (line: Buffer): string => line.toString('latin1', 0, 16)

/**
 * Reads a store from its beginning. Every committed measurement is given with its line; a batch counts when its commit line is there.
 * Memory: one batch.
 * @throws DataError for a file that is no store, or one of a later version
 */
export async function scanStore(
  file: FileHandle,
  path: string,
  onMeasurement: (key: Digest, offset: number, line: Buffer) => void,
): Promise<Scan> {
  const plans = new Map<string, readonly number[]>()
  const damaged: number[] = []
  let batch: { key: Digest; offset: number; line: Buffer }[] = []
  let planLines: number[] = []
  let suspects: number[] = []
  let end = 0
  let config: unknown
  let finished = false
  let finishedCut: string | null = null
  let number = 0
  let sizeBytes = 0

  const { buffer, bytesRead } = await file.read(Buffer.alloc(START.length), 0, START.length, 0)
  if (!START.startsWith(buffer.toString('latin1', 0, bytesRead)))
    throw new DataError('the file is no store of measurements', path, 'Move it away, or choose another --output-dir.')
  for await (const { line, offset, complete } of linesOf(file, path)) {
    sizeBytes = offset + line.length + (complete ? 1 : 0)
    number++
    const next = sizeBytes
    if (number === 1) {
      const start = line.toString('latin1', 0, START.length)
      if (!(complete ? start === START : START.startsWith(start)))
        throw new DataError(
          'the file is no store of measurements',
          path,
          'Move it away, or choose another --output-dir.',
        )
      if (!complete) break
      config = isIntact(line) ? headerConfig(line, path) : undefined
      if (config === undefined) damaged.push(1)
      end = next
      continue
    }
    if (!complete) break
    if (!isIntact(line)) {
      suspects.push(number)
      continue
    }
    finished = false
    const kind = decoded(line)
    if (KEY_START.equals(line.subarray(0, KEY_START.length))) batch.push({ key: digestOf(line), offset, line })
    else if (kind.startsWith('{"plan":')) {
      const record = parseObject(line)
      if (typeof record?.count !== 'number') {
        planLines.push(offset)
        continue
      }
      if (suspects.length === 0) plans.set(String(record.plan), planLines)
      commit()
      end = next
    } else if (kind.startsWith('{"commit":') || kind.startsWith('{"done":')) {
      finished = kind.startsWith('{"done":')
      if (finished) finishedCut = cutOf(parseObject(line))
      commit()
      end = next
    } else suspects.push(number)
  }
  return { end, sizeBytes, config, plans, damaged, finished, finishedCut: finished ? finishedCut : null }

  function commit(): void {
    for (const { key, offset, line } of batch) onMeasurement(key, offset, line)
    for (const line of suspects) damaged.push(line)
    batch = []
    planLines = []
    suspects = []
  }
}

/** What the first line and the `done` line of a shard say that it is a shard of. */
export const cutOf = (record: Readonly<Record<string, unknown>> | null): string | null =>
  typeof record?.cut === 'string' ? record.cut : null

function headerConfig(line: Buffer, path: string): unknown {
  const header = parseObject(line)
  if (header?.version !== VERSION)
    throw new DataError(
      `the store has format version ${String(header?.version)}, this program reads ${VERSION}`,
      path,
      'Use the version of chemherm that wrote it, or another --output-dir.',
    )
  return header.config ?? null
}

/** The key of a measurement line, as four words. */
const digestOf = (line: Buffer): Digest => digestOfKey(line.toString('latin1', KEY_START.length, KEY_START.length + 32))
/** @example digestOfKey('0000000100000002000000030000000a') // [1, 2, 3, 10] */
export const digestOfKey = (key: string): Digest => [
  Number.parseInt(key.slice(0, 8), 16),
  Number.parseInt(key.slice(8, 16), 16),
  Number.parseInt(key.slice(16, 24), 16),
  Number.parseInt(key.slice(24, 32), 16),
]

/** Lines without their `\n`; the last one is incomplete where no `\n` follows. */
async function* linesOf(
  file: FileHandle,
  path: string,
): AsyncGenerator<{ line: Buffer; offset: number; complete: boolean }> {
  let pending: Buffer[] = []
  let offset = 0
  for (let position = 0; ; ) {
    const buffer = Buffer.alloc(CHUNK_BYTES)
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position)
    if (bytesRead === 0) break
    position += bytesRead
    let from = 0
    for (let to = buffer.indexOf(NEWLINE); to >= 0 && to < bytesRead; to = buffer.indexOf(NEWLINE, from)) {
      const piece = buffer.subarray(from, to)
      const line = pending.length === 0 ? piece : Buffer.concat([...pending, piece])
      pending = []
      yield { line, offset, complete: true }
      offset += line.length + 1
      from = to + 1
    }
    if (from < bytesRead) pending.push(buffer.subarray(from, bytesRead))
    if (pending.length * CHUNK_BYTES > MAX_LINE_BYTES)
      throw new DataError(`a line is longer than ${MAX_LINE_BYTES.toLocaleString('en')} bytes`, path)
  }
  if (pending.length > 0) yield { line: Buffer.concat(pending), offset, complete: false }
}

import { existsSync } from 'node:fs'
import { type FileHandle, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Digest } from '../digest-map.ts'
import { DataError } from '../errors.ts'
import { openRegularHandle } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'
import { StoreInUse } from './lock.ts'
import { type Entry, openStore, type Store, type StoredLine } from './log.ts'
import { isIntact, parseMeasurement, parseObject } from './record.ts'
import { cutOf, type Scan, scanStore } from './scan.ts'

/** Name of the store of a run, or of one shard of it. @example storeName({ index: 2, count: 4 }) // 'measurements.shard-2-of-4.jsonl' */
export const storeName = (shard: { readonly index: number; readonly count: number } | null = null): string =>
  shard === null || shard.count === 1
    ? 'measurements.jsonl'
    : `measurements.shard-${shard.index}-of-${shard.count}.jsonl`

const STORE_NAME = /^measurements(\.shard-\d+-of-\d+)?\.jsonl$/

/**
 * Stores of the same model's other runs, `<model folder>/<data set>/measurements*.jsonl`, in the order of their names.
 * @param cut of a shard: its cut. The other shards of that cut have other prompts, so that none of them has what this one needs
 */
export async function siblingStores(
  modelFolder: string,
  own: string,
  cut: string | null = null,
): Promise<readonly string[]> {
  const folders = await readdir(modelFolder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new DataError(`cannot be read: ${error.message}`, modelFolder, null, { cause: error })
  })
  const found: string[] = []
  for (const folder of folders.filter((entry) => entry.isDirectory()))
    for (const name of await readdir(join(modelFolder, folder.name)).catch(() => []))
      if (STORE_NAME.test(name)) found.push(join(modelFolder, folder.name, name))
  const others = found.filter((path) => path !== own).sort()
  if (cut === null) return others
  const kept: string[] = []
  for (const path of others) if (dirname(path) !== dirname(own) || (await endsOf(path)).cut !== cut) kept.push(path)
  return kept
}

/** First and last line of a store. */
interface Ends {
  readonly config: unknown
  /** The cut under which it was begun; null where it is no shard's, or an earlier version's. */
  readonly cut: string | null
  readonly finished: boolean
  readonly finishedCut: string | null
}

const LAST_BYTES = 4096

/** Reads the first and the last line, however long the store is. A line that is damaged or not whole says nothing. */
async function endsOf(path: string): Promise<Ends> {
  const file = await opened(path)
  try {
    let first: Buffer | null = null
    for (let length = LAST_BYTES; first === null; length *= 4) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0)
      const end = buffer.subarray(0, bytesRead).indexOf(0x0a)
      if (end >= 0) first = buffer.subarray(0, end)
      else if (bytesRead < length) first = Buffer.alloc(0)
    }
    const { size } = await file.stat()
    const tail = Buffer.alloc(Math.min(size, LAST_BYTES))
    await file.read(tail, 0, tail.length, size - tail.length)
    const last = tail.at(-1) === 0x0a ? tail.subarray(tail.lastIndexOf(0x0a, -2) + 1, -1) : Buffer.alloc(0)
    const [header, end] = [first, last].map((line) => (isIntact(line) ? parseObject(line) : null))
    const finished = typeof end?.done === 'number'
    return { config: header?.config, cut: cutOf(header ?? null), finished, finishedCut: finished ? cutOf(end) : null }
  } finally {
    await file.close()
  }
}

/** @throws DataError */
const opened = (path: string): Promise<FileHandle> =>
  openRegularHandle(path).catch((cause: unknown) => {
    throw new DataError(`the store cannot be opened: the file ${systemWords(cause)}`, path, null, { cause })
  })

/** Visits the committed measurements of a store in the order of its file. Other processes may be writing it. Memory: one batch. */
export const visitEntries = (path: string, visit: (entry: Entry) => void): Promise<Scan> =>
  scanned(path, (_, __, line) => {
    const measurement = parseMeasurement(line)
    if (measurement !== null) visit([line.toString('latin1', 8, 40), measurement])
  })

async function scanned(path: string, visit: (key: Digest, offset: number, line: Buffer) => void): Promise<Scan> {
  const file = await opened(path)
  try {
    return await scanStore(file, path, visit)
  } finally {
    await file.close()
  }
}

const BATCH = 1000

/** Appends what the stores at `paths` have and `target` lacks, in order; the first of several measurements of a key is taken. */
export async function mergeStores(paths: readonly string[], target: Store): Promise<{ readonly added: number }> {
  const before = target.size
  let batch: StoredLine[] = []
  for (const path of paths)
    await scanned(path, (key, _, line) => {
      if (batch.push({ key, line }) < BATCH) return
      target.appendLines(batch)
      batch = []
    })
  target.appendLines(batch)
  return { added: target.size - before }
}

/** What became of a run whose shards may all be there. */
export type ShardsState =
  /** The whole store, still open, so that no other shard's process writes the run's files at the same time. */
  | {
      readonly state: 'merged'
      readonly store: Store
      readonly added: number
      /** Configuration with which each shard was first started; undefined where its first line is damaged. */
      readonly configs: readonly unknown[]
    }
  /** Shards that are not there or did not come to their end, and those that came to it under another cut: of other rows, or an earlier version's. */
  | { readonly state: 'waiting'; readonly missing: readonly string[]; readonly otherCut: readonly string[] }
  /** Another shard's process is merging right now. */
  | { readonly state: 'busy' }

/**
 * Merges the shards `measurements.shard-i-of-n.jsonl` of a folder into `measurements.jsonl`, once all n came to their end. Can be repeated.
 * @param options.cut of the rows as they are now; a shard of another one has to be gone on with first, or rows would be in no shard
 * @param options.fresh what `measurements.jsonl` holds is forgotten (`--no-resume`); else it goes before the shards
 */
export async function mergeShards(
  folder: string,
  count: number,
  config: unknown,
  options: { readonly cut?: string | null; readonly fresh?: boolean } = {},
): Promise<ShardsState> {
  const names = Array.from({ length: count }, (_, i) => storeName({ index: i + 1, count }))
  const missing: string[] = []
  const otherCut: string[] = []
  const configs: unknown[] = []
  for (const name of names) {
    const path = join(folder, name)
    const ends = existsSync(path) ? await endsOf(path) : null
    if (ends?.finished !== true) missing.push(name)
    else if (ends.finishedCut !== (options.cut ?? null)) otherCut.push(name)
    configs.push(ends?.config)
  }
  if (missing.length + otherCut.length > 0) return { state: 'waiting', missing, otherCut }
  const path = join(folder, storeName())
  let target: Store
  try {
    target = await openStore(path, { config, fresh: options.fresh ?? false })
  } catch (error) {
    if (error instanceof StoreInUse) return { state: 'busy' }
    throw error
  }
  try {
    const { added } = await mergeStores(
      names.map((name) => join(folder, name)),
      target,
    )
    target.finish()
    return { state: 'merged', store: target, added, configs }
  } catch (error) {
    target.close()
    throw error
  }
}

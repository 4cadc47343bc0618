import { existsSync } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '../errors.ts'
import { systemWords } from '../system-words.ts'
import { StoreInUse } from './lock.ts'
import { type Entry, openStore, type Store } from './log.ts'
import { parseMeasurement } from './record.ts'
import { type Scan, scanStore } from './scan.ts'

/** Name of the store of a run, or of one shard of it. @example storeName({ index: 2, count: 4 }) // 'measurements.shard-2-of-4.jsonl' */
export const storeName = (shard: { readonly index: number; readonly count: number } | null = null): string =>
  shard === null || shard.count === 1
    ? 'measurements.jsonl'
    : `measurements.shard-${shard.index}-of-${shard.count}.jsonl`

const STORE_NAME = /^measurements(\.shard-\d+-of-\d+)?\.jsonl$/

/** Stores of the same model's other runs, `<model folder>/<data set>/measurements*.jsonl`, in the order of their names. */
export async function siblingStores(modelFolder: string, own: string): Promise<readonly string[]> {
  const folders = await readdir(modelFolder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw new DataError(`cannot be read: ${error.message}`, modelFolder, null, { cause: error })
  })
  const found: string[] = []
  for (const folder of folders.filter((entry) => entry.isDirectory()))
    for (const name of await readdir(join(modelFolder, folder.name)).catch(() => []))
      if (STORE_NAME.test(name)) found.push(join(modelFolder, folder.name, name))
  return found.filter((path) => path !== own).sort()
}

/** Visits the committed measurements of a store in the order of its file. Other processes may be writing it. Memory: one batch. */
export async function visitEntries(path: string, visit: (entry: Entry) => void): Promise<Scan> {
  const file = await open(path).catch((cause: unknown) => {
    throw new DataError(`the store cannot be opened: the file ${systemWords(cause)}`, path, null, { cause })
  })
  try {
    return await scanStore(file, path, (_, __, line) => {
      const measurement = parseMeasurement(line)
      if (measurement !== null) visit([line.toString('latin1', 8, 40), measurement])
    })
  } finally {
    await file.close()
  }
}

const BATCH = 1000

/** Appends what the stores at `paths` have and `target` lacks, in order; the first of several measurements of a key is taken. */
export async function mergeStores(paths: readonly string[], target: Store): Promise<{ readonly added: number }> {
  const before = target.size
  let batch: Entry[] = []
  for (const path of paths)
    await visitEntries(path, (entry) => {
      if (batch.push(entry) < BATCH) return
      target.append(batch)
      batch = []
    })
  target.append(batch)
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
  /** Shards that are not there or did not come to their end. */
  | { readonly state: 'waiting'; readonly missing: readonly string[] }
  /** Another shard's process is merging right now. */
  | { readonly state: 'busy' }

/**
 * Merges the shards `measurements.shard-i-of-n.jsonl` of a folder into `measurements.jsonl`, once all n came to their end. Can be repeated.
 * @param options.fresh what `measurements.jsonl` holds is forgotten (`--no-resume`); else it goes before the shards
 */
export async function mergeShards(
  folder: string,
  count: number,
  config: unknown,
  options: { readonly fresh?: boolean } = {},
): Promise<ShardsState> {
  const names = Array.from({ length: count }, (_, i) => storeName({ index: i + 1, count }))
  const missing: string[] = []
  const configs: unknown[] = []
  for (const name of names) {
    const path = join(folder, name)
    const scan = existsSync(path) ? await visitEntries(path, () => {}) : null
    if (scan?.finished !== true) missing.push(name)
    configs.push(scan?.config)
  }
  if (missing.length > 0) return { state: 'waiting', missing }
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

import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord } from '../../is-record.ts'
import { openRegularHandle } from '../../read-regular.ts'
import { storeName, visitEntries } from '../../store/merge.ts'
import { type JobPlan, type JobRun, runKey } from './plan.ts'

/** What the store of a shard, or of a whole run, holds. */
export interface Progress {
  readonly measured: number
  /** Measurements of the windows that were planned so far (16,384 completions each); more may follow until it is finished. */
  readonly planned: number
  readonly finished: boolean
}

/** The folders of a plan's runs that are there, by the name of the run. Told by the first line of a store, which has the configuration. */
export async function runFolders({ outputDir, runs }: JobPlan): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const scorer of foldersIn(outputDir))
    for (const dataset of foldersIn(join(outputDir, scorer))) {
      const folder = join(outputDir, scorer, dataset)
      const store = readdirSync(folder).find((name) => /^measurements.*\.jsonl$/.test(name))
      const key = store === undefined ? null : await firstKey(join(folder, store))
      const run = runs.find((one) => one.key === key)
      if (run !== undefined) found.set(run.name, folder)
    }
  return found
}

const NO_RUNS: ReadonlySet<string> = new Set(['jobs', 'analysis'])
const foldersIn = (path: string): string[] =>
  existsSync(path)
    ? readdirSync(path, { withFileTypes: true }).flatMap((e) =>
        e.isDirectory() && !NO_RUNS.has(e.name) ? [e.name] : [],
      )
    : []

async function firstKey(store: string): Promise<string | null> {
  const header = await objectAt(store, 0)
  return header === null ? null : runKey(header.config)
}

/** Reads the store through; null where there is none. */
export async function progressOf(folder: string, run: JobRun, shard: number): Promise<Progress | null> {
  const path = join(folder, storeName({ index: shard, count: run.shards }))
  if (!existsSync(path)) return null
  let measured = 0
  const { plans, finished } = await visitEntries(path, () => {
    measured++
  })
  let planned = 0
  for (const offset of [...plans.values()].flat()) {
    const batches = (await objectAt(path, offset))?.batches
    if (!Array.isArray(batches)) continue
    for (const batch of batches) if (Array.isArray(batch?.[3])) planned += batch[3].length
  }
  return { measured, planned, finished }
}

/** The JSON object on the line that begins at an offset; null where the line is not whole. */
async function objectAt(path: string, offset: number): Promise<Record<string, unknown> | null> {
  const file = await openRegularHandle(path)
  try {
    for await (const line of file.readLines({ start: offset, autoClose: false })) {
      const found: unknown = JSON.parse(line)
      return isRecord(found) ? found : null
    }
    return null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  } finally {
    await file.close()
  }
}

import { join } from 'node:path'
import { DataError } from '../errors.ts'
import { regularText } from '../read-regular.ts'
import type { DataFile } from './files.ts'

/** Files that `datasets` leaves beside a saved data set: results of map and filter, not data. */
const LEFTOVER = /^(cache-|tmp)/

/**
 * The data files of folders that `datasets` wrote: `save_to_disk` lists its Arrow files in state.json, a DatasetDict has a folder for each
 * split and dataset_dict.json. Other Arrow files there are its caches. Folders of any other kind come back as they are.
 * @throws DataError where several splits are there and none is chosen, or rows are kept apart from their order
 */
export async function savedFiles(
  folder: string,
  files: readonly DataFile[],
  split: string | null,
): Promise<readonly DataFile[]> {
  if (!files.some(({ name }) => isArrow(name))) return files
  const dict = await jsonOf(join(folder, 'dataset_dict.json'))
  const splits = Array.isArray(dict?.splits) ? dict.splits.map(String) : []
  if (split === null && splits.length > 1)
    throw new DataError(
      `the data set has the splits ${splits.join(', ')}`,
      folder,
      `Choose one with --split, such as --split ${splits[0]}.`,
    )
  const listed = new Map<string, ReadonlySet<string> | null>()
  for (const { name } of files) {
    const place = folderOf(name)
    if (isArrow(name) && !listed.has(place)) listed.set(place, await listedFiles(join(folder, place)))
  }
  return files.filter(({ name }) => {
    if (!isArrow(name)) return true
    const own = listed.get(folderOf(name)) ?? null
    const base = name.split('/').at(-1)!
    return own === null ? !LEFTOVER.test(base) : own.has(base)
  })
}

const isArrow = (name: string): boolean => /\.(arrow|feather)$/i.test(name)
const folderOf = (name: string): string => name.split('/').slice(0, -1).join('/')

/** What state.json lists; null where there is none. */
async function listedFiles(folder: string): Promise<ReadonlySet<string> | null> {
  const state = await jsonOf(join(folder, 'state.json'))
  if (state === null || !Array.isArray(state._data_files)) return null
  for (const key of ['_indices_data_files', '_indices_files'])
    if (Array.isArray(state[key]) && (state[key] as unknown[]).length > 0)
      throw new DataError(
        'the data set was saved with an index of its rows by an old version of datasets',
        folder,
        'Save it again: load_from_disk(…).flatten_indices().to_parquet("data.parquet").',
      )
  const names = state._data_files.map((file: unknown) => (file as { filename?: unknown } | null)?.filename)
  return new Set(names.map(String))
}

async function jsonOf(path: string): Promise<Record<string, unknown> | null> {
  let text: string
  try {
    text = regularText(path)
  } catch {
    return null
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    throw new DataError(`is not JSON: ${(cause as Error).message}`, path, null, { cause })
  }
  throw new DataError('is not an object', path)
}

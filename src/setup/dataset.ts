import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { DataError, UsageError } from '../errors.ts'
import { given } from '../given.ts'
import { type ResolveDatasetOptions, resolveDataset } from '../hub/dataset.ts'
import type { DownloadProgress } from '../hub/receive.ts'
import { hubSettings } from '../hub/settings.ts'
import { BUILTIN_DATASETS, builtinDataset } from '../pairs/builtin.ts'
import { rowsSha256 } from '../pairs/columns.ts'
import { isFailure } from '../pairs/failure.ts'
import { hashDataset, listDataFiles } from '../pairs/files.ts'
import { mayHoldSplits } from '../pairs/open.ts'
import { readRows, readRowsAs } from '../pairs/read.ts'
import { ReadingCount, type Readings } from '../pairs/readings.ts'
import { type Cut, cutRows } from '../pairs/shard.ts'
import { type ProcessRow, parseStepRecord } from '../pairs/steps.ts'
import { parseTrajectory } from '../pairs/trajectories.ts'
import type { Row, RowFailure } from '../types.ts'
import type { RunConfig } from './config.ts'
import { dataSha256Of, stampOf } from './identity.ts'

/** The data set of a run: its files, its name in results/, and what identifies it. */
export interface Dataset {
  /** Folder name under `<output-dir>/<model>/`. */
  readonly name: string
  readonly source: string | readonly string[]
  /** What tells it from another data set of the same name: bytes, the split where that chooses rows inside a file, named columns. */
  readonly identity: string
  /** The files behind it, to see whether they change while they are read. */
  readonly files: readonly string[]
  readonly stamp: string
  /** For the manifest. */
  readonly provenance: Readonly<Record<string, unknown>>
  /** Split to pass to the reader; null where it has been chosen already. */
  readonly split: string | null
  /** What to tell the user. */
  readonly notes: readonly string[]
  /** Which rows each shard has; null where the run is one. */
  readonly cut: Cut | null
}

/** Of a run in shards all rows are read once, to cut them. */
export async function openDataset(
  config: RunConfig,
  onProgress: (progress: DownloadProgress) => void,
): Promise<Dataset> {
  const found = await findDataset(config, onProgress)
  const data = { ...found, identity: rowsSha256(found.identity, config.columns), cut: null }
  const { count } = config.shard
  return count === 1 ? data : { ...data, cut: await cutRows(rowsOf(config, data, true), count) }
}

/**
 * Refuses a name that can be no data set: it is built in, or there, or a hub id.
 * @param flag that gave it
 */
export function checkDatasetName(dataset: string, flag = '--dataset'): void {
  if (BUILTIN_DATASETS.has(dataset) || existsSync(dataset)) return
  if (LOOKS_LIKE_A_PATH.test(dataset)) throw new DataError('there is no such file or folder', dataset)
  if (!/^[\w.-]+\/[\w.-]+(@.+)?$/.test(dataset))
    throw new UsageError(
      'is no file, no folder, no built-in data set and no hub id',
      `${flag} ${dataset}`,
      `Built-in: ${[...BUILTIN_DATASETS.keys()].join(', ')}; hub ids look like org/name.`,
    )
  hubSettings()
}

async function findDataset(
  config: RunConfig,
  onProgress: (progress: DownloadProgress) => void,
): Promise<Omit<Dataset, 'cut'>> {
  const { dataset, split } = config
  const builtin = builtinDataset(dataset)
  if (builtin !== null)
    return describe(dataset, builtin, split, { origin: 'built-in', id: dataset }, await unusedFlags(config, dataset))
  if (existsSync(dataset))
    return describe(
      stem(dataset),
      dataset,
      split,
      { origin: 'file', path: dataset },
      await unusedFlags(config, dataset),
    )
  checkDatasetName(dataset)
  const found = await resolveDataset(dataset, {
    ...given<Pick<ResolveDatasetOptions, 'split' | 'config'>>({ split, config: config.datasetConfig }),
    offline: config.offline,
    onProgress,
  })
  const { id, revision, config: name, split: chosen, source, notes } = found
  return describe(
    id.replaceAll('/', '__'),
    found.files.map((file) => file.local),
    null,
    {
      origin: 'hub',
      id,
      revision,
      config: name,
      split: chosen,
      source,
      notes,
    },
    notes,
  )
}

/** Flags that choose nothing in data on this machine: a split is a file of a folder or a list of a JSON file, a configuration is the hub's. */
async function unusedFlags({ dataset, split, datasetConfig }: RunConfig, name: string): Promise<string[]> {
  const splits =
    split !== null &&
    existsSync(dataset) &&
    (statSync(dataset).isDirectory() || (await mayHoldSplits({ path: dataset, name: basename(dataset) })))
  return [
    ...(split === null || splits ? [] : [`--split ${split} chooses nothing: ${name} has no splits, all of it is used`]),
    ...(datasetConfig === null
      ? []
      : [`--dataset-config ${datasetConfig} chooses nothing: it is for data sets of the hub`]),
  ]
}

/** A name that can be no hub id: it begins as a path, or ends as a data file. */
const LOOKS_LIKE_A_PATH =
  /^(\.{0,2}|~|[A-Za-z]:)[/\\]|[/\\]$|\.((jsonl|ndjson|json|csv|tsv|parquet)(\.gz)?|arrow|feather)$/i

async function describe(
  name: string,
  source: string | readonly string[],
  split: string | null,
  provenance: Readonly<Record<string, unknown>>,
  notes: readonly string[],
): Promise<Omit<Dataset, 'cut'>> {
  const found = await listDataFiles(source, split)
  const paths = found.map(({ path }) => path)
  const stamp = stampOf(paths)
  const { sha256, files } = await hashDataset(found)
  return {
    name,
    source,
    split,
    notes,
    files: paths,
    stamp,
    identity: dataSha256Of(
      sha256,
      files.map((file) => file.name),
      provenance.origin === 'file' ? split : null,
    ),
    provenance: { ...provenance, sha256, files },
  }
}

/**
 * Refuses to write results of data that changed after they were hashed: rows are read three times, over days in a long run.
 * @throws DataError
 */
export async function checkUnchanged({ source, split, files, stamp, provenance }: Dataset): Promise<void> {
  if (stampOf(files) === stamp) return
  const { sha256 } = await hashDataset(await listDataFiles(source, split))
  if (sha256 !== provenance.sha256)
    throw new DataError(
      'changed while it was scored: no results are written',
      files.length === 1 ? files[0]! : String(source),
      'Run again on the data as they are now. What was measured is kept.',
    )
}

/** @example stem('data/pairs.test.jsonl.gz') // 'pairs.test' */
export const stem = (path: string): string =>
  basename(resolve(path))
    .replace(/\.gz$/i, '')
    .replace(/\.(jsonl|ndjson|json|csv|tsv|parquet|arrow|feather)$/i, '') || 'data'

/** What one pass over the data found, before any model is opened. */
export interface Inspection {
  readonly rows: number
  readonly completions: number
  readonly kind: Row['kind']
  readonly failures: readonly RowFailure[]
  /** Columns that we do not read, in order of appearance. */
  readonly extraColumns: readonly string[]
  readonly withSolution: number
  /** Rows with a chosen and a rejected completion. */
  readonly pairs: number
  /** Rows with several completions of one prompt, none of them preferred. */
  readonly groups: number
  /** Completions of which the data say how they were made of another one of their row. */
  readonly variants: number
  /** Lone completions whose prompt is that of the row before: rollouts, one per row. */
  readonly repeatedPrompts: number
  /** Which columns the rows come from, and what was done to read them. */
  readonly readings: Readings
}

/** The rows that a run sees, from the start every time; of a run in shards those of its shard, or all. */
export const rowsOf = (config: RunConfig, data: Dataset, whole = false): AsyncGenerator<Row | RowFailure> =>
  readRows(data.source, {
    split: data.split,
    filters: config.filter,
    limit: config.limit,
    columns: config.columns,
    prompts: config.bin === 'run-generate' || config.generate,
    shard: whole || data.cut === null ? null : { cut: data.cut, index: config.shard.index },
  })

/** The same of `run-process`: rows of steps, of rationales, of annotated texts. */
export const processRowsOf = (config: RunConfig, data: Dataset): AsyncGenerator<ProcessRow | RowFailure> =>
  readRowsAs(
    data.source,
    { split: data.split, filters: config.filter, limit: config.limit, columns: config.columns },
    (value, place) =>
      config.verifySteps === null
        ? parseStepRecord(value, place, config.columns)
        : parseTrajectory(value, place, config.columns),
    ({ form }) => form,
  )

/** Counts rows and collects failures; every refusal of the data as a whole shows here. */
export async function inspect(rows: AsyncIterable<Row | RowFailure>): Promise<Inspection> {
  const failures: RowFailure[] = []
  const extra = new Set<string>()
  const readings = new ReadingCount()
  let [count, completions, withSolution, pairs, groups, variants] = [0, 0, 0, 0, 0, 0]
  let kind: Row['kind'] = 'pair'
  let [repeatedPrompts, before] = [0, '']
  for await (const row of rows) {
    if (isFailure(row)) {
      failures.push(row)
      continue
    }
    count++
    readings.add(row)
    kind = row.kind
    completions += row.completions.length
    if (row.solution !== null) withSolution++
    if (row.kind === 'pair') pairs++
    if (row.kind === 'group') {
      groups++
      for (const { variant } of row.completions) if (variant !== undefined) variants++
    }
    const prompt = row.kind === 'single' ? JSON.stringify(row.prompt) : ''
    if (prompt !== '' && prompt === before) repeatedPrompts++
    before = prompt
    for (const column of Object.keys(row.extra)) extra.add(column)
  }
  return {
    rows: count,
    completions,
    kind,
    failures,
    extraColumns: [...extra],
    withSolution,
    pairs,
    groups,
    variants,
    repeatedPrompts,
    readings,
  }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DataError, HarnessError } from '../src/errors.ts'
import { resolveDataset } from '../src/hub/dataset.ts'
import { builtinDataset } from '../src/pairs/builtin.ts'
import type { ColumnNames } from '../src/pairs/columns.ts'
import { isFailure } from '../src/pairs/failure.ts'
import { hashDataset, listDataFiles } from '../src/pairs/files.ts'
import { readRows } from '../src/pairs/read.ts'
import { plain } from '../src/plain-text.ts'
import { makeOutputFolder } from '../src/setup/folder.ts'
import { UnwrittenFile } from '../src/system-words.ts'
import { writeWholeSync } from '../src/whole-file.ts'
import { idOfKey } from './keys.ts'
import { isServed } from './over-time.ts'
import type { Run } from './runs.ts'

/** An entry of AlpacaEval's `model_outputs` format. */
export interface AlpacaEntry {
  readonly instruction: string
  readonly output: string
  readonly generator: string
  /** The row's subset, or the data set's name. */
  readonly dataset: string
}
export interface Picks {
  /** Index of the completion that the scorer picks, by row id: the highest score, the lower index of equal ones. */
  readonly pick: ReadonlyMap<string, number>
  /** Groups without any score. */
  readonly unscored: number
}

/** What a scorer would pick of every group; null where the run has no groups. */
export function picksOf({ completions: c }: Run): Picks | null {
  const best = new Map<string, { index: number; score: number }>()
  const groups = new Set<string>()
  for (let i = 0; i < c.n; i++) {
    if (c.role.names[c.role.code[i]!] !== 'completion') continue
    const id = idOfKey(c.key.at(i)!)
    groups.add(id)
    const [score, index] = [c.score[i]!, c.index[i]!]
    if (Number.isNaN(score)) continue
    const known = best.get(id)
    if (known === undefined || score > known.score || (score === known.score && index < known.index))
      best.set(id, { index, score })
  }
  if (groups.size === 0) return null
  return { pick: new Map([...best].map(([id, { index }]) => [id, index])), unscored: groups.size - best.size }
}

/** Where the texts of a run stand. */
export interface DataSource {
  readonly files: string | readonly string[]
  readonly split: string | null
  /** Columns that the run named for a part of the row. */
  readonly columns: ColumnNames
}

/**
 * ◆ The data set that a run names in run.json, if it is still there with the same bytes.
 * @param given `--data-file`: read instead, if it has those bytes
 * @throws DataError where it is not to be had
 */
export async function dataOf({ manifest, where }: Run, given: string | null): Promise<DataSource> {
  const record = manifest as {
    dataset?: { id?: string; path?: string; revision?: string; config?: string; split?: string; sha256?: string }
    config?: { split?: string | null; columns?: ColumnNames }
  } | null
  const named = record?.dataset ?? {}
  const columns = record?.config?.columns ?? {}
  let source: DataSource = { files: given ?? named.path ?? '', split: record?.config?.split ?? null, columns }
  // a hub data set has a revision, a built-in one only its name
  if (given === null && named.revision !== undefined) {
    const found = await resolveDataset(`${named.id}@${named.revision}`, {
      offline: true,
      ...(named.split && { split: named.split }),
      ...(named.config && { config: named.config }),
    })
    source = { files: found.files.map((file) => file.local), split: null, columns }
  } else if (given === null && named.id !== undefined) source = { ...source, files: builtinDataset(named.id) ?? '' }
  if (source.files === '' || (typeof source.files === 'string' && !existsSync(source.files)))
    throw new DataError(
      source.files === '' ? 'run.json names no data set' : `the data set ${String(source.files)} is no longer there`,
      where,
      'Name it with --data-file.',
    )
  const { sha256 } = await hashDataset(await listDataFiles(source.files, source.split))
  if (named.sha256 !== undefined && named.sha256 !== sha256)
    throw new DataError('is not the data set that the run scored: its SHA-256 is another', String(source.files))
  return source
}

/**
 * ◆ The picked completions as AlpacaEval reads them (HERM's bon_to_alpacaeval), in the order of the data.
 * @throws DataError where a picked row or completion is not in the data
 */
export async function alpacaEval(run: Run, { pick }: Picks, source: DataSource): Promise<AlpacaEntry[]> {
  const entries: AlpacaEntry[] = []
  for await (const row of readRows(source.files, { split: source.split, columns: source.columns })) {
    if (isFailure(row)) continue
    const index = pick.get(row.id)
    if (index === undefined) continue
    const completion = row.completions.find((c) => c.role === 'completion' && c.index === index)
    if (completion === undefined)
      throw new DataError(`row ${row.id} has no completion ${index}`, row.where, `It is the pick of ${run.model}.`)
    entries.push({
      instruction: plain(row.prompt),
      output: plain(completion.text),
      generator: run.model,
      dataset: row.subset || run.dataset,
    })
  }
  if (entries.length !== pick.size)
    throw new DataError(`has ${entries.length} of the ${pick.size} rows that ${run.model} scored`, String(source.files))
  return entries
}

/**
 * ◆ best-of-n/<model>.json of every run with groups. The texts stand in the data set only: where that is not to be had, the reason is
 * said and the file left out.
 */
export async function writeBestOfN(
  runs: readonly Run[],
  folder: string,
  dataFile: string | null,
  log: { warn(message: string): void },
): Promise<string[]> {
  const files: string[] = []
  for (const run of runs) {
    const picks = picksOf(run)
    // a server's texts stand in its own requests.jsonl, which grows
    if (picks === null || picks.pick.size === 0 || (isServed(run) && dataFile === null)) continue
    const name = `best-of-n/${run.model}.json`
    try {
      const entries = await alpacaEval(run, picks, await dataOf(run, dataFile))
      makeOutputFolder(join(folder, 'best-of-n'))
      writeWholeSync(join(folder, name), `${JSON.stringify(entries, null, 2)}\n`)
      files.push(name)
      if (picks.unscored > 0) log.warn(`${run.where}: ${picks.unscored} groups have no score and no pick in ${name}`)
    } catch (error) {
      if (!(error instanceof HarnessError) || error instanceof UnwrittenFile) throw error
      log.warn(
        `best-of-n of ${run.model} left out: ${error.where}: ${error.message}${error.hint === null ? '' : ` (${error.hint})`}`,
      )
    }
  }
  return files
}

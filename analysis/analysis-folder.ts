import { existsSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { BootstrapSettings } from '../src/agreement/accuracy.ts'
import { packageVersion } from '../src/package.ts'
import { writeJson } from '../src/report/manifest.ts'
import { choose, type Owner } from '../src/setup/folder.ts'
import { identityRecord, readRecord } from '../src/setup/identity.ts'
import type { DataSet } from './data-sets.ts'

/** The manifest of an analysis. */
const RECORD_FILE = 'analysis.json'

/** A data set and the folder of its analysis. */
export interface Placed {
  readonly set: DataSet
  /** Folder name under `<output-dir>/analysis/`. */
  readonly name: string
  readonly path: string
  /** Why it is not the plain name. */
  readonly remarks: readonly string[]
}

/**
 * A folder for each data set, by the rule of the runs' folders: one that holds the analysis of other data is not written over, the same
 * data find theirs again. What an earlier analysis has comes first, so that the order of the data sets does not matter.
 */
export function placeDataSets(outputDir: string, sets: readonly DataSet[]): Placed[] {
  const parent = join(outputDir, 'analysis')
  // in small letters: some file systems know no others
  const taken = new Set<string>()
  const found = new Map<DataSet, Placed>()
  for (const onlyOwn of [true, false])
    for (const set of sets.filter((each) => !found.has(each))) {
      const { path, owner, remarks } = choose(parent, set.name, set.digits, (candidate, name) =>
        taken.has(candidate.toLowerCase())
          ? { other: 'is of other data of the same name' }
          : name === 'per-token' || name === 'attribution'
            ? { other: `is where ${name} writes` }
            : ownerOf(candidate, set),
      )
      if (onlyOwn && owner === 'free') continue
      taken.add(path.toLowerCase())
      found.set(set, { set, name: relative(parent, path), path, remarks })
    }
  return sets.map((set) => found.get(set)!)
}

/** The part of analysis.json that is read again. */
interface Earlier {
  readonly data_sha256?: unknown
  readonly runs?: readonly { readonly scorer?: unknown }[]
  readonly files?: readonly string[]
}
const earlierIn = (path: string): Earlier | null => (readRecord(path, RECORD_FILE) ?? null) as Earlier | null

function ownerOf(path: string, { sha256 }: DataSet): Owner {
  // an earlier version wrote no record: its runs are still there to be analysed again
  const earlier = existsSync(path) ? earlierIn(path) : null
  if (earlier === null) return 'free'
  if (earlier.data_sha256 === sha256) return 'mine'
  const theirs =
    typeof earlier.data_sha256 === 'string' ? `SHA-256 ${earlier.data_sha256.slice(0, 8)}…` : 'of no known hash'
  return { other: `is the analysis of other data (${theirs})` }
}

/** Which runs an analysis is about to replace that it does not have itself; '' where there are none. */
export function replacedRuns({ path, set }: Placed): string {
  const names = new Set(set.runs.map(({ model }) => model))
  const gone = (earlierIn(path)?.runs ?? []).map(({ scorer }) => String(scorer)).filter((name) => !names.has(name))
  return gone.length === 0 ? '' : `replaces the analysis in ${path}, which had ${gone.join(', ')} too`
}

/** Writes the files of an analysis between two states of its manifest; files of the earlier one that this one does not have go. */
export async function withRecord(
  { path, set }: Placed,
  { settings, unlike }: { readonly settings: BootstrapSettings; readonly unlike: Readonly<Record<string, number>> },
  write: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const before = (earlierIn(path)?.files ?? []).filter((name) => !name.split(/[/\\]/).includes('..'))
  const record = (files: readonly string[], finished: string | null): Promise<void> =>
    writeJson(join(path, RECORD_FILE), {
      finished,
      chemherm: packageVersion,
      settings,
      data_sha256: set.sha256,
      runs: set.runs.map((run) => ({
        scorer: run.model,
        where: run.where,
        ...(run.identity && identityRecord(run.identity)),
        pairs: run.pairs.n,
        completions: run.completions.n,
        left_out_other_texts: unlike[run.model] ?? 0,
      })),
      notes: set.notes,
      files,
    })
  await record(before, null)
  const files = await write()
  for (const name of before) if (!files.includes(name)) rmSync(join(path, name), { force: true })
  await record(files, new Date().toISOString())
  return files
}

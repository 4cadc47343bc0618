import { join } from 'node:path'
import { DataError, NetworkError } from '../errors.ts'
import { regularText } from '../read-regular.ts'
import { cachedCommit, cachedFiles, snapshotFolder } from './cache.ts'
import { chooseSplit, convertedSplits, type SplitFiles, splitsOf } from './dataset-files.ts'
import { commitOf, filesAt, type RepoFile } from './listing.ts'
import { hubOrCache } from './or-cache.ts'
import { parseRepo, type Repo } from './repo.ts'
import { UnreachableError } from './request.ts'
import type { ResolvedFile, ResolveOptions } from './resolved-model.ts'
import { type HubSettings, hubSettings } from './settings.ts'
import { fetchSnapshot } from './snapshot.ts'

export interface ResolveDatasetOptions extends ResolveOptions {
  readonly config?: string | undefined
  readonly split?: string | undefined
}
export interface ResolvedDataset {
  readonly id: string
  /** Commit of the branch that the files are from. */
  readonly revision: string
  readonly config: string
  readonly split: string
  /** `files`: the repository's own; `converted`: the hub's conversion to parquet (branch refs/convert/parquet). */
  readonly source: 'files' | 'converted'
  /** In reading order; `local` is an absolute path. */
  readonly files: readonly (ResolvedFile & { readonly local: string })[]
  readonly notes: readonly string[]
}

/** The conversion's branch; it follows `main` only. */
const CONVERTED = 'refs/convert/parquet'

/** Brings one split of a hub data set (`org/name` or `org/name@revision`) to local files that src/pairs can read. */
export async function resolveDataset(name: string, options: ResolveDatasetOptions = {}): Promise<ResolvedDataset> {
  const repo = parseRepo('dataset', name, options.revision)
  const settings = hubSettings(options)
  return hubOrCache(
    repo,
    settings,
    () => fromHub(repo, settings, options),
    (note, cause) => fromCache(repo, settings, options, note, cause),
  )
}

async function fromHub(repo: Repo, settings: HubSettings, options: ResolveDatasetOptions): Promise<ResolvedDataset> {
  const onProgress = options.onProgress ?? (() => {})
  const commit = await commitOf(repo, settings)
  const files = await filesAt(repo, commit, settings, { recursive: true })
  const card = files.find(({ path }) => path === 'README.md')
  const cardDir = card && (await fetchSnapshot(repo, commit, [card], settings, onProgress))
  const splits = splitsOf(files, cardDir === undefined ? null : regularText(join(cardDir, 'README.md')), repo.id)
  if (splits.length > 0) {
    const chosen = chooseSplit(splits, options, repo.id)
    const dir = await fetchSnapshot(repo, commit, chosen.files, settings, onProgress)
    return resolved(repo, commit, 'files', chosen, dir, [])
  }
  if (repo.revision !== 'main') throw noData(repo, files)
  const branch = { ...repo, revision: CONVERTED }
  const converted = await commitOf(branch, settings).catch((error: unknown) => {
    throw error instanceof UnreachableError ? error : noData(repo, files)
  })
  const chosen = chooseSplit(
    convertedSplits(await filesAt(branch, converted, settings, { recursive: true })),
    options,
    repo.id,
  )
  if (chosen.split.startsWith('partial-'))
    throw new DataError(`the hub's conversion holds only the first part of the split (${chosen.split})`, repo.id)
  const dir = await fetchSnapshot(branch, converted, chosen.files, settings, onProgress)
  return resolved(repo, converted, 'converted', chosen, dir, [
    `${repo.id} has no jsonl, json, csv or parquet files of its own: the hub's conversion is read (${CONVERTED} at ${converted})`,
  ])
}

const noData = (repo: Repo, files: readonly RepoFile[]): DataError =>
  new DataError(
    `has no jsonl, json, csv or parquet files at revision "${repo.revision}" (${files.length} files)`,
    repo.id,
    'Data sets that a Python script makes are not run; export one to JSON lines and give the file.',
  )

/** Without the hub: the files that the cache has. A split may then be incomplete, so its shards must count up. */
function fromCache(
  repo: Repo,
  settings: HubSettings,
  options: ResolveDatasetOptions,
  note: string,
  cause?: NetworkError,
): ResolvedDataset {
  const branches = repo.revision === 'main' ? [repo, { ...repo, revision: CONVERTED }] : [repo]
  for (const branch of branches) {
    const commit = cachedCommit(settings.cacheDir, branch)
    if (commit === null) continue
    const dir = snapshotFolder(settings.cacheDir, branch, commit)
    const files = cachedFiles(dir)
    const card = files.some(({ path }) => path === 'README.md') ? regularText(join(dir, 'README.md')) : null
    const own = branch === repo
    const splits = own ? splitsOf(files, card, repo.id) : convertedSplits(files)
    if (splits.length === 0) continue
    const chosen = chooseSplit(splits, options, repo.id)
    checkShards(chosen, repo)
    return resolved(repo, commit, own ? 'files' : 'converted', chosen, dir, [note])
  }
  throw new NetworkError(
    `${cause ? cause.message : 'offline'}, and the cache (${settings.cacheDir}) holds no data files of revision "${repo.revision}"`,
    repo.id,
    'Run once with a connection, or give a file.',
    { cause },
  )
}

/** …-00000-of-00003: all three must be there. */
function checkShards({ files, split }: SplitFiles, repo: Repo): void {
  for (const { path } of files) {
    const total = /-\d{5}-of-(\d{5})/.exec(path)?.[1]
    if (total !== undefined && files.length < Number(total))
      throw new NetworkError(
        `the cache holds ${files.length} of ${Number(total)} files of split "${split}"`,
        repo.id,
        'Run once with a connection.',
      )
  }
}

function resolved(
  repo: Repo,
  revision: string,
  source: ResolvedDataset['source'],
  { config, split, files }: SplitFiles,
  dir: string,
  notes: readonly string[],
): ResolvedDataset {
  return {
    id: repo.id,
    revision,
    config,
    split,
    source,
    files: files.map((file) => ({ ...file, local: join(dir, file.path) })),
    notes,
  }
}

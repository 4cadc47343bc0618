import { existsSync } from 'node:fs'
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub'
import { NetworkError } from '../errors.ts'
import { staysInside } from '../weight-files.ts'
import { cachedCommit, snapshotFolder } from './cache.ts'
import { COMMIT, type Repo } from './repo.ts'
import { listingFetch, orNetworkError } from './request.ts'
import type { HubSettings } from './settings.ts'

/** A file of a repository at a commit, and what its bytes must hash to. */
export interface RepoFile {
  readonly path: string
  readonly sizeBytes: number
  /** Name of its blob in the cache, as Python names it: SHA-256 for LFS (and Xet) files, git's object id for the rest. */
  readonly etag: string
  /** SHA-256 that the hub states (LFS files), else null: then the git object id is what is checked. */
  readonly sha256: string | null
}

/** The commit that a revision is now. Where the cache can stand in, a hub that does not answer is tried once more and no longer. */
export function commitOf(repo: Repo, hub: HubSettings): Promise<string> {
  const settings = isCached(repo, hub) ? { ...hub, retries: Math.min(hub.retries, 1) } : hub
  return orNetworkError(settings, repo, async () => {
    const options = {
      name: repo.id,
      revision: repo.revision,
      hubUrl: settings.endpoint,
      fetch: listingFetch(settings, repo),
      additionalFields: ['sha' as const],
    }
    const { sha } = repo.type === 'model' ? await modelInfo(options) : await datasetInfo(options)
    // The commit becomes a folder name in the cache.
    if (typeof sha !== 'string' || !COMMIT.test(sha)) throw new NetworkError('the hub named no commit', repo.id)
    return sha
  })
}

function isCached(repo: Repo, { cacheDir }: HubSettings): boolean {
  const commit = cachedCommit(cacheDir, repo)
  return commit !== null && existsSync(snapshotFolder(cacheDir, repo, commit))
}

/** The files under `folder` (default: the root) at a commit. */
export function filesAt(
  repo: Repo,
  commit: string,
  settings: HubSettings,
  options: { readonly folder?: string; readonly recursive?: boolean } = {},
): Promise<RepoFile[]> {
  return orNetworkError(settings, repo, async () => {
    const files: RepoFile[] = []
    const entries = listFiles({
      repo: { type: repo.type, name: repo.id },
      revision: commit,
      recursive: options.recursive ?? false,
      hubUrl: settings.endpoint,
      fetch: listingFetch(settings, repo),
      ...(options.folder === undefined ? {} : { path: options.folder }),
    })
    for await (const { type, path, size, oid, lfs } of entries)
      if (type === 'file') files.push(checked({ path, size, oid, lfs }, repo))
    return files
  })
}

/** Paths and ids come from a server and become file names here. */
function checked(
  entry: { path: string; size: number; oid: string | undefined; lfs: { oid: string; size: number } | undefined },
  repo: Repo,
): RepoFile {
  const sizeBytes = entry.lfs?.size ?? entry.size
  const etag = entry.lfs?.oid ?? entry.oid ?? ''
  if (!staysInside(entry.path))
    throw new NetworkError(`the hub lists a path that leaves the folder: ${JSON.stringify(entry.path)}`, repo.id)
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0)
    throw new NetworkError(`the hub gives no size for ${entry.path}`, repo.id)
  if (!(entry.lfs ? /^[0-9a-f]{64}$/ : COMMIT).test(etag))
    throw new NetworkError(`the hub gives no hash for ${entry.path}`, repo.id)
  return { path: entry.path, sizeBytes, etag, sha256: entry.lfs ? etag : null }
}

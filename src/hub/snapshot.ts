import { mkdirSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { DataError, NetworkError } from '../errors.ts'
import { isSystemError, systemWords } from '../system-words.ts'
import { checkPlaces, hasBlob, linkSnapshot, repoFolder, snapshotFolder, writeRef } from './cache.ts'
import { downloadBlob } from './download.ts'
import type { RepoFile } from './listing.ts'
import type { DownloadProgress } from './receive.ts'
import type { Repo } from './repo.ts'
import type { HubSettings } from './settings.ts'

/**
 * Brings files of a commit into the cache, those that it lacks, and returns the snapshot's folder.
 * @throws DataError where something else stands in the place of a file or folder of it; NetworkError
 */
export async function fetchSnapshot(
  repo: Repo,
  commit: string,
  files: readonly RepoFile[],
  settings: HubSettings,
  onProgress: (progress: DownloadProgress) => void,
): Promise<string> {
  const { cacheDir } = settings
  try {
    checkPlaces(cacheDir, repo, commit, files)
    const missing = files.filter((file) => !hasBlob(cacheDir, repo, file))
    await checkSpace(repo, missing, settings)
    for (const file of missing) await downloadBlob(repo, commit, file, settings, onProgress)
    for (const file of files) linkSnapshot(cacheDir, repo, commit, file)
    writeRef(cacheDir, repo, commit)
  } catch (cause) {
    if (!isSystemError(cause) || cause.path === undefined) throw cause
    // of a move the place where it was to go
    const path = (cause as { readonly dest?: string }).dest ?? cause.path
    const hint = 'Mend that, or set HF_HUB_CACHE to another folder.'
    throw new DataError(`the cache cannot be used: ${systemWords(cause)}`, path, hint, { cause })
  }
  return snapshotFolder(cacheDir, repo, commit)
}

/** A disk that fills up half-way costs hours; said before the first byte. */
async function checkSpace(repo: Repo, missing: readonly RepoFile[], settings: HubSettings): Promise<void> {
  const folder = repoFolder(settings.cacheDir, repo)
  mkdirSync(folder, { recursive: true })
  const { bavail, bsize } = await statfs(folder)
  const needed = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (needed > bavail * bsize)
    throw new NetworkError(
      `needs ${gigabytes(needed)}, the cache's disk has ${gigabytes(bavail * bsize)} free (${settings.cacheDir})`,
      repo.id,
      'Free some space, or set HF_HUB_CACHE to a folder on another disk.',
    )
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`

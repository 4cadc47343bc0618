import { createHash, type Hash } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import lockfile from 'proper-lockfile'
import { NetworkError } from '../errors.ts'
import { blobPath, hasBlob, lockPath, partialPath } from './cache.ts'
import type { RepoFile } from './listing.ts'
import { type DownloadProgress, receive } from './receive.ts'
import type { Repo } from './repo.ts'
import { hubFetch } from './request.ts'
import type { HubSettings } from './settings.ts'

/** Whole passes over a file whose bytes arrive complete but hash wrong: once more from nothing, then it is an error. */
const HASH_TRIES = 2
/**
 * Fetches one file at a commit into the cache's blobs. `downloadFileToCacheDir` of @huggingface/hub starts anew after a cut,
 * takes whatever bytes arrive for the right ones, and lets two processes write one partial file; hence our own: resumes
 * by Range, checks size and hash, one writer at a time, and the blob appears only when it is whole.
 */
export async function downloadBlob(
  repo: Repo,
  commit: string,
  file: RepoFile,
  settings: HubSettings,
  onProgress: (progress: DownloadProgress) => void,
): Promise<void> {
  const blob = blobPath(settings.cacheDir, repo, file.etag)
  const lock = lockPath(settings.cacheDir, repo, file.etag)
  await mkdir(dirname(blob), { recursive: true })
  await mkdir(dirname(lock), { recursive: true })
  const release = await lockfile.lock(blob, {
    lockfilePath: lock,
    realpath: false, // the blob does not exist yet
    stale: 20_000, // a killed process stops touching its lock
    retries: { forever: true, minTimeout: 100, maxTimeout: 2_000 },
    onCompromised: () => {}, // a lock lost to a suspended machine costs a second download, not the run: the hash decides
  })
  try {
    if (hasBlob(settings.cacheDir, repo, file)) return // another process was first
    const partial = partialPath(blob)
    for (let tries = 1; ; tries++) {
      const digest = await receive(urlOf(repo, commit, file, settings), partial, {
        label: file.path,
        where: repo.id,
        sizeBytes: file.sizeBytes,
        newDigest: () => digestOf(file),
        fetch: hubFetch(settings, repo),
        patience: settings,
        onProgress,
      })
      if (digest === file.etag) break
      await rm(partial)
      if (tries === HASH_TRIES)
        throw new NetworkError(
          `${file.path} arrived damaged: ${file.sha256 ? 'SHA-256' : 'git id'} ${digest}, the hub says ${file.etag}`,
          repo.id,
          'Try again later; a proxy or mirror may be altering files.',
        )
    }
    await rename(partial, blob)
  } finally {
    await release().catch(() => {}) // already released where it was compromised
  }
}

const urlOf = (repo: Repo, commit: string, file: RepoFile, settings: HubSettings): string =>
  `${settings.endpoint}/${repo.type === 'dataset' ? 'datasets/' : ''}${repo.id}/resolve/${commit}/${file.path
    .split('/')
    .map(encodeURIComponent)
    .join('/')}`

/** SHA-256 of an LFS file; git's object id, SHA-1 over "blob <size>\0" and the bytes, of any other. */
function digestOf(file: RepoFile): Hash {
  return file.sha256 === null ? createHash('sha1').update(`blob ${file.sizeBytes}\0`) : createHash('sha256')
}

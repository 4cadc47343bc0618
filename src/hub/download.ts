import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import lockfile from 'proper-lockfile'
import { NetworkError } from '../errors.ts'
import { blobPath, hasBlob, lockPath } from './cache.ts'
import type { RepoFile } from './listing.ts'
import type { Repo } from './repo.ts'
import { hubFetch } from './request.ts'
import type { HubSettings } from './settings.ts'

export interface DownloadProgress {
  readonly file: string
  readonly receivedBytes: number
  readonly totalBytes: number
}

/** Whole passes over a file whose bytes arrive complete but hash wrong: once more from nothing, then it is an error. */
const HASH_TRIES = 2
/** Cut connections in a row that brought no new byte. */
const IDLE_TRIES = 3

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
    // Python writes <etag>.incomplete under its own lock, which Node cannot take: a name of our own.
    const partial = `${blob}.chemherm.incomplete`
    for (let tries = 1; ; tries++) {
      const digest = await receive(urlOf(repo, commit, file, settings), partial, repo, file, settings, onProgress)
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

/** Receives until the partial file has its full size, going on after cuts as long as new bytes come; its digest. */
async function receive(
  url: string,
  partial: string,
  repo: Repo,
  file: RepoFile,
  settings: HubSettings,
  onProgress: (progress: DownloadProgress) => void,
): Promise<string> {
  let { received, digest } = await resume(partial, file)
  const report = (): void => onProgress({ file: file.path, receivedBytes: received, totalBytes: file.sizeBytes })
  report()
  const out = await open(partial, 'a')
  try {
    for (let idle = 0, most = received; received < file.sizeBytes; ) {
      const watch = silenceWatch(settings.timeoutMs)
      let cut: unknown = null
      try {
        const response = await hubFetch(settings, repo)(url, {
          // No compression: byte ranges and sizes are those of the file.
          headers: { 'accept-encoding': 'identity', ...(received > 0 ? { range: `bytes=${received}-` } : {}) },
          signal: watch.signal,
        })
        const resumed = response.headers.get('content-range')?.startsWith(`bytes ${received}-`) ?? false
        if (received > 0 && !(response.status === 206 && resumed)) {
          await out.truncate(0) // a server without ranges sends it all again
          received = 0
          digest = digestOf(file)
        }
        for await (const chunk of response.body ?? []) {
          watch.heard()
          if (received + chunk.length > file.sizeBytes)
            throw new NetworkError(
              `${file.path} is longer than the ${file.sizeBytes} bytes that the hub states`,
              repo.id,
            )
          await out.writeFile(chunk)
          digest.update(chunk)
          received += chunk.length
          report()
        }
      } catch (error) {
        if (error instanceof NetworkError) throw error
        cut = error
      } finally {
        watch.stop()
      }
      if (received < file.sizeBytes) {
        idle = received > most ? 0 : idle + 1
        most = Math.max(most, received)
        if (idle === IDLE_TRIES)
          throw new NetworkError(
            `${file.path} was cut at ${received} of ${file.sizeBytes} bytes`,
            repo.id,
            'Run again: the download goes on where it stopped.',
            { cause: cut },
          )
        await sleep(settings.retryMinMs * 2 ** idle)
      }
    }
  } finally {
    await out.close()
  }
  return digest.digest('hex')
}

/** What an earlier run left, and the digest so far. */
async function resume(partial: string, file: RepoFile): Promise<{ received: number; digest: Hash }> {
  const digest = digestOf(file)
  const left = await stat(partial).catch(() => null)
  if (left === null || left.size > file.sizeBytes) {
    await rm(partial, { force: true })
    return { received: 0, digest }
  }
  for await (const chunk of createReadStream(partial, { highWaterMark: 1 << 20 })) digest.update(chunk as Buffer)
  return { received: left.size, digest }
}

/** SHA-256 of an LFS file; git's object id, SHA-1 over "blob <size>\0" and the bytes, of any other. */
function digestOf(file: RepoFile): Hash {
  return file.sha256 === null ? createHash('sha1').update(`blob ${file.sizeBytes}\0`) : createHash('sha256')
}

/** Aborts after a silence, however long the whole download takes. */
function silenceWatch(timeoutMs: number): { signal: AbortSignal; heard(): void; stop(): void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), timeoutMs)
  return { signal: controller.signal, heard: () => void timer.refresh(), stop: () => clearTimeout(timer) }
}

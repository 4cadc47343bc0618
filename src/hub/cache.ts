import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { DataError } from '../errors.ts'
import { passingName, sweepPassing } from '../passing-file.ts'
import { readRegular } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'
import type { RepoFile } from './listing.ts'
import { COMMIT, type Repo } from './repo.ts'

/**
 * Python's cache layout (huggingface_hub, "Understand caching"), so that what either side downloaded the other finds:
 * models--org--name/{blobs/<etag>, refs/<revision> → commit, snapshots/<commit>/<path> → ../../blobs/<etag>}.
 */
export const repoFolder = (cacheDir: string, repo: Repo): string =>
  join(cacheDir, [`${repo.type}s`, ...repo.id.split('/')].join('--'))
export const blobPath = (cacheDir: string, repo: Repo, etag: string): string =>
  join(repoFolder(cacheDir, repo), 'blobs', etag)
export const snapshotFolder = (cacheDir: string, repo: Repo, commit: string): string =>
  join(repoFolder(cacheDir, repo), 'snapshots', commit)
export const lockPath = (cacheDir: string, repo: Repo, etag: string): string =>
  join(cacheDir, '.locks', basename(repoFolder(cacheDir, repo)), `${etag}.chemherm.lock`)

/** A commit has 40 characters. */
const REF_BYTES = 4096
/** The commit that the cache remembers for a revision, or null. */
export function cachedCommit(cacheDir: string, repo: Repo): string | null {
  if (COMMIT.test(repo.revision)) return repo.revision
  try {
    const commit = readRegular(join(repoFolder(cacheDir, repo), 'refs', repo.revision), REF_BYTES)
      .toString('utf8')
      .trim()
    return COMMIT.test(commit) ? commit : null
  } catch {
    // what is there and is no such file says as little as none; with a connection it is written anew
    return null
  }
}

/** Remembers what a branch or tag points to. A commit needs no entry. */
export function writeRef(cacheDir: string, repo: Repo, commit: string): void {
  if (repo.revision === commit || cachedCommit(cacheDir, repo) === commit) return
  const file = join(repoFolder(cacheDir, repo), 'refs', repo.revision)
  mkdirSync(dirname(file), { recursive: true })
  replace(file, (fresh) => writeFileSync(fresh, commit))
}

/** Makes snapshots/<commit>/<path> a relative symlink to the blob, atomically. */
export function linkSnapshot(cacheDir: string, repo: Repo, commit: string, file: RepoFile): void {
  const path = join(snapshotFolder(cacheDir, repo, commit), file.path)
  const target = relative(dirname(path), blobPath(cacheDir, repo, file.etag))
  mkdirSync(dirname(path), { recursive: true })
  if (linkTarget(path) === target) return
  replace(path, (fresh) => symlinkSync(target, fresh))
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null // absent, or a regular file
  }
}

/** Writes beside, then renames: another process sees the old file or the new one, never half of one. */
function replace(path: string, write: (fresh: string) => void): void {
  const fresh = passingName(path, 'tmp')
  sweepPassing(path)
  write(fresh)
  renameSync(fresh, path)
}

function lookedAt(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    throw new DataError(systemWords(cause), path, REMOVE, { cause })
  }
}
const REMOVE = 'Remove it: what belongs there is fetched again.'

/** What is of another kind would be waited for, or never be replaced. @throws DataError */
export function checkPlace(path: string, kind: 'file' | 'folder'): void {
  const there = lookedAt(path)
  // a file is moved over a link, a folder is not made behind one
  if (there === undefined && kind === 'folder' && lstatSync(path, { throwIfNoEntry: false }) !== undefined)
    throw new DataError('is a link to nothing, and a folder belongs there', path, REMOVE)
  if (there === undefined || (kind === 'folder' ? there.isDirectory() : there.isFile())) return
  const found = there.isDirectory() ? 'is a folder' : there.isFile() ? 'is a file' : 'is not a regular file'
  throw new DataError(`${found}, and a ${kind} belongs there`, path, REMOVE)
}

/** The places of a repository's files, before any of them is written. @throws DataError */
export function checkPlaces(cacheDir: string, repo: Repo, commit: string, files: readonly RepoFile[]): void {
  const own = repoFolder(cacheDir, repo)
  for (const folder of [own, ...['blobs', 'refs', 'snapshots'].map((name) => join(own, name))])
    checkPlace(folder, 'folder')
  checkPlace(snapshotFolder(cacheDir, repo, commit), 'folder')
  for (const file of files) {
    const blob = blobPath(cacheDir, repo, file.etag)
    checkPlace(blob, 'file')
    checkPlace(partialPath(blob), 'file')
    checkPlace(lockPath(cacheDir, repo, file.etag), 'folder')
    const link = join(snapshotFolder(cacheDir, repo, commit), file.path)
    if (lstatSync(link, { throwIfNoEntry: false })?.isDirectory() === true) checkPlace(link, 'file')
  }
}

/** A blob that is under way. Python writes <etag>.incomplete under its own lock, which Node cannot take: a name of our own. */
export const partialPath = (blob: string): string => `${blob}.chemherm.incomplete`

/** Whether the cache holds these bytes: the blob under its hash with the size that the hub states. */
export function hasBlob(cacheDir: string, repo: Repo, file: RepoFile): boolean {
  const blob = blobPath(cacheDir, repo, file.etag)
  const there = lookedAt(blob)
  return there?.isFile() === true && there.size === file.sizeBytes
}

/** Files of a snapshot folder as the cache has them: sizes from the blobs, hashes from the blobs' names. */
export function cachedFiles(folder: string): RepoFile[] {
  checkPlace(folder, 'folder')
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => existsSync(path)) // a link whose blob was deleted is absent
    .map((path) => {
      const etag = basename(realpathSync(path))
      return {
        path: relative(folder, path).replaceAll('\\', '/'),
        sizeBytes: statSync(path).size,
        etag,
        sha256: /^[0-9a-f]{64}$/.test(etag) ? etag : null,
      }
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

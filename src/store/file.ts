import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DigestMap } from '../digest-map.ts'
import { DataError } from '../errors.ts'
import { openRegular, openRegularHandle } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'
import { type Scan, scanStore } from './scan.ts'

/** One store file: its descriptor, what the scan found, and where each measurement stands. */
export interface LogFile {
  readonly path: string
  readonly fd: number
  readonly scan: Scan
  readonly index: DigestMap
}

/** Opens a file, or makes an empty one where it may be written, and reads it through once. */
export async function openLogFile(path: string, readOnly: boolean): Promise<LogFile> {
  const index = new DigestMap()
  const fd = openFd(path, readOnly)
  try {
    const file = await openRegularHandle(path)
    try {
      const scan = await scanStore(file, path, (key, offset) => index.set(key, offset))
      return { path, fd, scan, index }
    } finally {
      await file.close()
    }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function openFd(path: string, readOnly: boolean): number {
  try {
    return openRegular(path, readOnly ? 'r' : 'r+')
  } catch (cause) {
    if (!readOnly && (cause as NodeJS.ErrnoException).code === 'ENOENT')
      return attempt(path, () => openSync(path, 'wx+'))
    throw unusable(path, cause)
  }
}

const unusable = (path: string, cause: unknown): DataError =>
  new DataError(`the store cannot be used: the file ${systemWords(cause)}`, path, hintOf(cause), { cause })
const hintOf = (cause: unknown): string | null =>
  (cause as NodeJS.ErrnoException).code === 'ENOSPC'
    ? 'The disk is full. What was written before is kept: run it again when there is room.'
    : null

/** Runs a file operation; trouble is a `DataError` with the path. */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    throw unusable(path, cause)
  }
}

/** Makes the name of a new file last, where the system can (not on Windows). */
export function syncFolder(path: string): void {
  try {
    const folder = openSync(dirname(path), 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  } catch {}
}

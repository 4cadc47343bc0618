import type { Hash } from 'node:crypto'
import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  type ReadStream,
  readSync,
  type Stats,
  statSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** The one place where files are opened to be read (test/api/layers.test.ts): what would be waited for, or never ends, is not. */

/** Why a file is not read; `code` and `path` as system errors have them. */
export class UnreadError extends Error {
  readonly code = 'UNREAD'
  constructor(
    message: string,
    readonly path: string,
  ) {
    super(message)
  }
}
const bytes = (count: number): string => `${count.toLocaleString('en-US')} bytes`

/**
 * The bytes of a file that somebody else wrote: a regular one of at most `most` bytes. A pipe, which would be waited for, is not opened.
 * @throws Error that says what it is instead, or the system's
 */
export function readRegular(path: string, most: number): Buffer {
  const fd = openRegular(path)
  try {
    const { size } = fstatSync(fd)
    if (size > most) throw new UnreadError(`has ${bytes(size)}, at most ${bytes(most)} are read`, path)
    return readAll(fd, path, most)
  } finally {
    closeSync(fd)
  }
}

/** A pipe that nobody writes, opened without this, waits for a writer. */
const NO_WAITING = constants.O_NONBLOCK ?? 0

/**
 * A regular file, opened: the caller closes the descriptor.
 * @param how `r+`: to be written, too
 * @throws Error that says what it is instead, or the system's
 */
export function openRegular(path: string, how: 'r' | 'r+' = 'r'): number {
  const fd = openSync(path, (how === 'r' ? constants.O_RDONLY : constants.O_RDWR) | NO_WAITING)
  try {
    refuseOther(fstatSync(fd), path)
    return fd
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** The same for what reads without blocking this thread. @throws as `openRegular` */
export async function openRegularHandle(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | NO_WAITING)
  try {
    refuseOther(await file.stat(), path)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Refuses what is no regular file before it is opened. @throws Error that says what it is instead, or the system's */
export const checkRegular = (path: string): void => refuseOther(statSync(path), path)

/**
 * A file that is read from its beginning to its end, however long it is. It is closed at its end, by an error and by whoever leaves a loop over it.
 * @throws as `openRegular`
 */
export function regularStream(path: string, options: StreamOptions = {}): ReadStream {
  return createReadStream(path, { ...options, fd: openRegular(path), autoClose: true })
}

/** Bytes that are digested at once. */
const DIGESTED = 1 << 20

/** Every byte of a file into a digest. @returns how many bytes @throws as `openRegular` */
export async function digestRegular(path: string, digest: Hash): Promise<number> {
  const file = await openRegularHandle(path)
  try {
    return await digestOpened(file, digest)
  } finally {
    await file.close()
  }
}

/**
 * The same of a file that is open, from its beginning. A stream would leave a new buffer for each piece to be collected, 20 to 35 MiB at a time; this
 * has two, one of which is filled while the other is digested.
 */
export async function digestOpened(file: FileHandle, digest: Hash): Promise<number> {
  let [filled, spare] = [Buffer.allocUnsafeSlow(DIGESTED), Buffer.allocUnsafeSlow(DIGESTED)]
  let size = 0
  let reading = file.read(filled, 0, DIGESTED, 0)
  for (;;) {
    const { bytesRead } = await reading
    if (bytesRead === 0) return size
    size += bytesRead
    reading = file.read(spare, 0, DIGESTED, size)
    digest.update(filled.subarray(0, bytesRead))
    ;[filled, spare] = [spare, filled]
  }
}

interface StreamOptions {
  readonly encoding?: BufferEncoding
  readonly highWaterMark?: number
  /** Last byte. */
  readonly end?: number
}

function refuseOther(stat: Stats, path: string): void {
  if (!stat.isFile()) throw new UnreadError(stat.isDirectory() ? 'is a folder' : 'is not a regular file', path)
}

/** What this process has open already, as a shell names it: `<(command)`, `< file`. */
const OPENED = /^\/(?:dev\/(?:fd\/\d+|stdin)|proc\/self\/fd\/\d+)$/

/** The same, and what a pipe of the shell gives: for a file that the command line names and that is read once. */
export function readBounded(path: string, most: number): Buffer {
  if (!OPENED.test(path)) return readRegular(path, most)
  const fd = openSync(path, 'r')
  try {
    return readAll(fd, path, most)
  } finally {
    closeSync(fd)
  }
}

function readAll(fd: number, path: string, most: number): Buffer {
  const parts: Buffer[] = []
  let size = 0
  for (;;) {
    const part = Buffer.allocUnsafe(64 * 1024)
    const got = readSync(fd, part, 0, part.length, null)
    if (got === 0) return Buffer.concat(parts)
    size += got
    if (size > most) throw new UnreadError(`is longer than ${bytes(most)}`, path)
    parts.push(part.subarray(0, got))
  }
}

/** Largest text beside the data: manifests, records of states, descriptions, scores of RewardBench. */
const LARGEST_TEXT = 256 * 1024 ** 2
/** A text that is read whole. @throws as `readRegular` */
export const regularText = (path: string): string => readRegular(path, LARGEST_TEXT).toString('utf8')

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

/** Why a file is not read; `code` as system errors have one. */
class UnreadError extends Error {
  readonly code = 'UNREAD'
}
const bytes = (count: number): string => `${count.toLocaleString('en-US')} bytes`

/**
 * The bytes of a file that somebody else wrote: a regular one of at most `most` bytes. A pipe, which would be waited for, is not opened.
 * @throws Error that says what it is instead, or the system's
 */
export function readRegular(path: string, most: number): Buffer {
  const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stat = fstatSync(fd)
    refuseOther(stat)
    if (stat.size > most) throw new UnreadError(`has ${bytes(stat.size)}, at most ${bytes(most)} are read`)
    return readAll(fd, most)
  } finally {
    closeSync(fd)
  }
}

/** Refuses what is no regular file before it is opened. @throws Error that says what it is instead, or the system's */
export const checkRegular = (path: string): void => refuseOther(statSync(path))

/** A file that is read from its beginning to its end, however long it is. @throws as `checkRegular` */
export function regularStream(path: string, options: Parameters<typeof createReadStream>[1] = {}): ReadStream {
  checkRegular(path)
  return createReadStream(path, options)
}

function refuseOther(stat: Stats): void {
  if (!stat.isFile()) throw new UnreadError(stat.isDirectory() ? 'is a folder' : 'is not a regular file')
}

/** What this process has open already, as a shell names it: `<(command)`, `< file`. */
const OPENED = /^\/(?:dev\/(?:fd\/\d+|stdin)|proc\/self\/fd\/\d+)$/

/** The same, and what a pipe of the shell gives: for a file that the command line names and that is read once. */
export function readBounded(path: string, most: number): Buffer {
  if (!OPENED.test(path)) return readRegular(path, most)
  const fd = openSync(path, 'r')
  try {
    return readAll(fd, most)
  } finally {
    closeSync(fd)
  }
}

function readAll(fd: number, most: number): Buffer {
  const parts: Buffer[] = []
  let size = 0
  for (;;) {
    const part = Buffer.allocUnsafe(64 * 1024)
    const got = readSync(fd, part, 0, part.length, null)
    if (got === 0) return Buffer.concat(parts)
    size += got
    if (size > most) throw new UnreadError(`is longer than ${bytes(most)}`)
    parts.push(part.subarray(0, got))
  }
}

/** Largest text beside the data: manifests, records of states, descriptions, scores of RewardBench. */
const LARGEST_TEXT = 256 * 1024 ** 2
/** A text that is read whole. @throws as `readRegular` */
export const regularText = (path: string): string => readRegular(path, LARGEST_TEXT).toString('utf8')

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

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
    if (!stat.isFile()) throw new UnreadError(stat.isDirectory() ? 'is a folder' : 'is not a regular file')
    if (stat.size > most) throw new UnreadError(`has ${bytes(stat.size)}, at most ${bytes(most)} are read`)
    return readAll(fd, most)
  } finally {
    closeSync(fd)
  }
}

/** The same, and what a pipe gives: for a file that the command line names. */
export function readBounded(path: string, most: number): Buffer {
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

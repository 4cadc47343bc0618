import { DataError } from './errors.ts'

/** What the system says when it does not open, read or write a file, in words: messages show no codes. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: a part of its path is a file itself',
  EACCES: 'may not be read or written (permissions)',
  EPERM: 'may not be read or written (permissions)',
  EISDIR: 'is a folder',
  ELOOP: 'is a link that leads back to itself',
  ENAMETOOLONG: 'has a name that is too long for the file system',
  ENXIO: 'is not a regular file',
  ENODEV: 'is not a regular file',
  EINVAL: 'is not a file that can be read',
  EIO: 'cannot be read: its disk or device failed',
  ESTALE: 'is gone from the server of the file system',
  EMFILE: 'cannot be opened: too many files are open',
  ENFILE: 'cannot be opened: too many files are open',
  ENOSPC: 'cannot be written: the disk is full',
  EDQUOT: 'cannot be written: the disk quota is used up',
  EROFS: 'cannot be written: the file system is read-only',
  EFBIG: 'cannot be written: the file system takes no file of that size',
  EEXIST: 'is there already',
  ENOTEMPTY: 'is a folder that is not empty',
  EBUSY: 'is in use',
  ETXTBSY: 'is in use',
  EBADF: 'was closed while it was read',
  ENOMEM: 'cannot be read: the memory is used up',
  ENOTSUP: 'asks for what its file system cannot do',
  EOPNOTSUPP: 'asks for what its file system cannot do',
  ENOLCK: 'cannot be locked: the server of the file system gives no lock',
  EREMOTEIO: 'cannot be read: the server of the file system failed',
  ERR_FS_FILE_TOO_LARGE: 'is larger than 2 GiB',
  ERR_INVALID_ARG_VALUE: 'has a name that no file can have',
  Z_DATA_ERROR: 'cannot be unpacked: it is damaged',
  Z_BUF_ERROR: 'cannot be unpacked: it ends in the middle',
}

/** Whether an error is the system's, or of an archive: it has a code. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string'

/** What is other than `systemWords` says where the file was to be written. */
const UNWRITTEN: Readonly<Record<string, string>> = {
  EIO: 'the disk failed',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOENT: 'its folder was taken away',
  ENOTDIR: 'a part of its path is a file',
  ESTALE: 'the server of the file system no longer knows it',
  EBADF: 'it was closed before its end',
  ENOMEM: 'the memory is used up',
  EINVAL: 'the file system takes no file of that name',
  EXDEV: 'its folder lies on two file systems',
  ENOTSUP: 'the file system cannot do that',
  EOPNOTSUPP: 'the file system cannot do that',
  ENOLCK: 'the server of the file system gives no lock',
  EREMOTEIO: 'the server of the file system failed',
}
/** `cannot be written: the disk is full` */
export function unwrittenWords(cause: NodeJS.ErrnoException): string {
  const words = UNWRITTEN[cause.code ?? ''] ?? systemWords(cause).replace(/^cannot be written: /, '')
  return `cannot be written: ${/^(is|has) /.test(words) ? 'it ' : ''}${words}`
}

/** What a disk that takes no more answers: room mends it. */
const FULL: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG']
/** What only a disk or a server of files answers, whatever is done with it. */
const DISK: readonly string[] = [
  ...FULL,
  'EROFS',
  'EIO',
  'ESTALE',
  'EXDEV',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOLCK',
  'EREMOTEIO',
]
/** What a server of files answers, and others, too: a disk's where a call got it that names a file (a socket's has no path). */
const MAYBE_DISK: readonly string[] = ['ETIMEDOUT', 'EPERM', 'EACCES', 'EBUSY']
const FILE_CALLS: ReadonlySet<string> = new Set(
  'open read write close fsync fdatasync ftruncate rename link unlink rm mkdir rmdir stat lstat fstat scandir copyfile'.split(
    ' ',
  ),
)
export const isDiskError = (error: unknown): error is NodeJS.ErrnoException =>
  isSystemError(error) &&
  (DISK.includes(error.code!) ||
    (MAYBE_DISK.includes(error.code!) && error.path !== undefined && FILE_CALLS.has(error.syscall ?? '')))

/** A file of results that is not there because the system did not write it. */
export class UnwrittenFile extends DataError {}

/** What the system says to writing `path` as an error of output (exit 3) that names the file; any other error as it is. */
export function unwrittenFile(cause: unknown, path: string): unknown {
  if (!isSystemError(cause) || !/^E[A-Z0-9]+$/.test(cause.code!)) return cause
  return new UnwrittenFile(
    `${unwrittenWords(cause)}; it is not there, and neither is what would have been written after it`,
    path,
    `What was measured is kept: ${FULL.includes(cause.code!) ? 'make room' : 'mend that'}, or choose another --output-dir, and run it again.`,
    { cause },
  )
}

/**
 * The reason of a system's error, as the end of a sentence about the file; of any other error its message.
 * @example systemWords(error) // 'is a folder'
 */
export function systemWords(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === undefined) return message
  if (Object.hasOwn(WORDS, code)) return WORDS[code]!
  // Node's own codes have sentences; the system's are "ECODE: words, call 'path'"
  return /^E[A-Z0-9]+$/.test(code)
    ? `the system refuses it (${message.replace(/^E\w+: |, \w+( '.*)?$/g, '')})`
    : message
}

import { closeSync, openSync, renameSync, rmSync, unlinkSync, writeSync } from 'node:fs'
import { unwrittenFile } from './system-words.ts'
import { begun, ended } from './unfinished.ts'

/**
 * ◆ A file that has its name once it is whole: until then it stands beside, as `<name>.partial`, and goes where it does not come to its end,
 * by an error or by a signal. What a file of that name held stays until then. All calls wait for the system (no thread does it later), so
 * that a network's file system says at the latest in `close` what it could not keep.
 * @throws DataError that names the file, from every call, where the system does not write
 */
export class WholeFile {
  readonly #partial: string
  #fd: number | null

  constructor(readonly path: string) {
    this.#partial = `${path}.partial`
    begun(this.#partial)
    this.#fd = this.#attempt(() => createFresh(this.#partial))
  }

  write(text: string | Uint8Array): void {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    this.#attempt(() => {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd!, bytes, done, bytes.length - done)
    })
  }

  close(): void {
    this.#attempt(() => {
      this.#closeFd()
      renameSync(this.#partial, this.path)
    })
    ended(this.#partial)
  }

  /** Takes away what was written. Nothing more of it fails. */
  abort(): void {
    try {
      this.#closeFd()
    } catch {}
    try {
      rmSync(this.#partial, { force: true })
    } catch {}
    ended(this.#partial)
  }

  #closeFd(): void {
    const fd = this.#fd
    this.#fd = null
    if (fd !== null) closeSync(fd)
  }

  #attempt<T>(action: () => T): T {
    try {
      return action()
    } catch (cause) {
      this.abort()
      throw unwrittenFile(cause, this.path)
    }
  }
}

/**
 * Makes a file and opens it to be written. What stands in its place is taken away, not written to: a pipe would be waited for, and a link leads
 * elsewhere.
 * @param how `wx+`: to be read, too
 * @throws the system's errors
 */
export function createFresh(path: string, how: 'wx' | 'wx+' = 'wx'): number {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  return openSync(path, how)
}

/** Writes a file whole, or not at all. */
export function writeWholeSync(path: string, text: string | Uint8Array): void {
  const file = new WholeFile(path)
  file.write(text)
  file.close()
}

import { createHash } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DataError } from '../errors.ts'
import { passingName, sweepPassing } from '../passing-file.ts'
import { checkRegular, openRegular } from '../read-regular.ts'
import type { Batch, Measurement } from '../types.ts'
import { begun, ended } from '../unfinished.ts'
import { attempt, syncFolder } from './file.ts'
import { type Lock, takeLock } from './lock.ts'
import { checkHeld, type Entry, openStore, type Store, type StoredLine, type StoreOptions } from './log.ts'

export interface LocalStoreOptions extends Omit<StoreOptions, 'readOnly'> {
  /** Folder on a disk of this machine. */
  readonly folder: string
  /** Milliseconds between two copies. */
  readonly everyMs: number
  /** Milliseconds since any fixed point. */
  readonly clock: () => number
  /** A copy did not succeed while measurements go on; it is tried again after `everyMs`. */
  readonly onTrouble: (message: string) => void
}

/**
 * A store whose file lies on a disk of this machine while it is written, and is copied to its place, mostly on a file system that nodes
 * share, at its beginning, every `everyMs`, when the run came to its end and when it is closed (so also after a stop by SIGTERM). A copy is
 * whole or not there: it is written beside and renamed. A node that is lost loses what was measured since the last copy.
 *
 * The lock is that of the shared place, so that two tasks on two nodes cannot write one store. What an earlier start left on this disk is
 * gone on with if it begins with the shared copy (it was killed here); else the shared copy is.
 * @param path of the shared store
 * @throws DataError as openStore
 */
export async function openLocalStore(path: string, options: LocalStoreOptions): Promise<Store> {
  attempt(path, () => mkdirSync(dirname(path), { recursive: true }))
  const lock = takeLock(path)
  try {
    sweepPassing(path)
    const local = localPath(path, options.folder)
    makeOwnFolder(dirname(local))
    if (options.fresh === true || !existsSync(path)) rmSync(local, { force: true })
    else if (!attempt(path, () => beginsWith(local, path))) attempt(local, () => copyFileSync(path, local))
    const { folder: _, everyMs, clock, onTrouble, fresh: __, ...rest } = options
    const store = new LocalStore(await openStore(local, rest), lock, path, { everyMs, clock, onTrouble })
    store.copy()
    return store
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Of a shared store: its own folder below the local one. */
export const localPath = (path: string, folder: string): string =>
  join(folder, `chemherm-${createHash('sha256').update(resolve(path)).digest('hex').slice(0, 16)}`, basename(path))

/** Readable to its owner alone: a folder for all, such as /tmp, may hold one of that name that another user made. */
function makeOwnFolder(folder: string): void {
  attempt(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }))
  const { uid } = lstatSync(folder)
  if (process.getuid !== undefined && uid !== process.getuid())
    throw new DataError('belongs to another user', folder, 'Give another --local-store.')
}

class LocalStore implements Store {
  #copied: number
  #changed = true
  #open = true

  constructor(
    readonly own: Store,
    readonly lock: Lock,
    readonly path: string,
    readonly settings: Pick<LocalStoreOptions, 'everyMs' | 'clock' | 'onTrouble'>,
  ) {
    this.#copied = settings.clock()
  }

  get config(): unknown {
    return this.own.config
  }
  get repairs(): Store['repairs'] {
    return this.own.repairs
  }
  get size(): number {
    return this.own.size
  }
  get indexBytes(): number {
    return this.own.indexBytes
  }
  get finished(): boolean {
    return this.own.finished
  }
  has(key: string): boolean {
    return this.own.has(key)
  }
  owns(key: string): boolean {
    return this.own.owns(key)
  }
  get(key: string): Measurement | null {
    return this.own.get(key)
  }
  plan(name: string): readonly Batch[] | null {
    return this.own.plan(name)
  }
  append(batch: readonly Entry[]): void {
    this.own.append(batch)
    this.#due()
  }
  appendLines(batch: readonly StoredLine[]): void {
    this.own.appendLines(batch)
    this.#due()
  }
  putPlan(name: string, batches: readonly Batch[]): void {
    this.own.putPlan(name, batches)
    this.#due()
  }
  finish(): void {
    if (this.own.finished) return
    this.own.finish()
    this.#changed = true
    this.copy()
  }
  /** Copies what is left; the file on this disk goes once that succeeded. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    try {
      this.copy()
      this.own.close()
      rmSync(dirname(this.own.path), { recursive: true, force: true })
    } finally {
      this.own.close()
      this.lock.release()
    }
  }

  /** @throws DataError where the shared place cannot be written, StoreInUse where another start has taken it over */
  copy(): void {
    if (!this.#changed) return
    checkHeld(this.lock, this.path)
    const partial = passingName(this.path, 'partial')
    begun(partial)
    attempt(this.path, () => {
      try {
        copyFileSync(this.own.path, partial)
        const fd = openSync(partial, 'r+')
        try {
          fsyncSync(fd)
        } finally {
          closeSync(fd)
        }
        renameSync(partial, this.path)
        ended(partial)
      } catch (error) {
        rmSync(partial, { force: true })
        ended(partial)
        throw error
      }
    })
    syncFolder(this.path)
    this.#changed = false
    this.#copied = this.settings.clock()
  }

  #due(): void {
    this.#changed = true
    const { clock, everyMs, onTrouble } = this.settings
    if (clock() - this.#copied < everyMs) return
    checkHeld(this.lock, this.path)
    try {
      this.copy()
    } catch (error) {
      this.#copied = clock()
      onTrouble((error as Error).message)
    }
  }
}

const CHUNK_BYTES = 1 << 20

/** Whether a file is there and begins with all of another one. */
function beginsWith(path: string, start: string): boolean {
  checkRegular(start)
  if (!existsSync(path) || statSync(path).size < statSync(start).size) return false
  const a = openRegular(path)
  const b = openRegular(start)
  try {
    const [ours, theirs] = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)]
    for (;;) {
      const read = readSync(b, theirs)
      if (read === 0) return true
      let got = 0
      while (got < read) {
        const more = readSync(a, ours, got, read - got, null)
        if (more === 0) return false
        got += more
      }
      if (!ours.subarray(0, read).equals(theirs.subarray(0, read))) return false
    }
  } finally {
    closeSync(a)
    closeSync(b)
  }
}

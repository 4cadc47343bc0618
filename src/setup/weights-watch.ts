import { createHash } from 'node:crypto'
import { fstatSync, type Stats, statSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { ModelError } from '../errors.ts'
import { hashCheckpoint } from '../model/checkpoint.ts'
import { digestOpened, openRegularHandle } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'
import type { LoadedModel } from './models.ts'

/** The files of a model are not those that were hashed. */
export class ChangedFiles extends ModelError {
  constructor(message: string, model: string, cause?: unknown) {
    super(message, model, 'Run again when nothing writes the checkpoint any more.', { cause })
  }
}

/** Files that were touched since are hashed again. @throws ChangedFiles where they are others now */
export async function checkWeights(model: LoadedModel, since: number): Promise<void> {
  const { name, opened, hashes, trustBlobNames } = model
  const touched = (file: string): boolean => {
    const found = statSync(file, { throwIfNoEntry: false })
    return found === undefined || Math.max(found.ctimeMs, found.mtimeMs) >= since
  }
  if (!opened.checkpoint.files.some(touched)) return
  const now = await hashCheckpoint(opened.checkpoint, { trustBlobNames }).catch(() => null)
  const changed = hashes.find(({ sha256 }, i) => now?.[i]?.sha256 !== sha256)
  if (changed !== undefined)
    throw new ChangedFiles(`${changed.name} changed after it was hashed: nothing is measured`, name)
}

interface Watched {
  readonly file: FileHandle
  /** Within the checkpoint. */
  readonly name: string
  readonly sha256: string
  /** Bytes when it was opened. */
  readonly size: number
  /** When it was last looked at. */
  seen: Stats
  /** Its bytes were others then. */
  wrong: ChangedFiles | null
}

/**
 * ◆ The files of an open model, held open: these are what is mapped, whatever has their names meanwhile. One that was written over is hashed again; one
 * that is gone, has another in its place or may not be read any more does no harm.
 */
export class WeightsWatch {
  #last: Promise<void> = Promise.resolve()

  private constructor(
    readonly model: string,
    readonly files: readonly Watched[],
  ) {}

  /** @throws ChangedFiles where one of them cannot be opened */
  static async open({ name: model, opened, hashes }: LoadedModel): Promise<WeightsWatch> {
    const files: Watched[] = []
    for (const [i, path] of opened.checkpoint.files.entries()) {
      const { name, sha256 } = hashes[i]!
      try {
        const file = await openRegularHandle(path)
        const seen = fstatSync(file.fd)
        files.push({ file, name, sha256, size: seen.size, seen, wrong: null })
      } catch (cause) {
        for (const { file } of files) await file.close()
        const message = `${name} changed after it was hashed: nothing is measured (${systemWords(cause)})`
        throw new ChangedFiles(message, model, cause)
      }
    }
    return new WeightsWatch(model, files)
  }

  /** Before anything is computed. @throws ChangedFiles where a file was cut short: to read behind its end would end the process (SIGBUS) */
  before(): void {
    const cut = this.files.find(({ file, size }) => fstatSync(file.fd).size < size)
    if (cut !== undefined)
      throw new ChangedFiles(`${cut.name} was cut short after it was hashed: nothing more is measured`, this.model)
  }

  /**
   * Of several, each begins after what it answers for was computed.
   * @throws ChangedFiles where what was just computed may be of other weights than those that were hashed
   */
  after(): Promise<void> {
    const check = this.#last.then(() => this.#check())
    this.#last = check.catch(() => {})
    return check
  }

  async #check(): Promise<void> {
    const before = this.#wrong()
    for (const watched of this.files) {
      const now = fstatSync(watched.file.fd)
      if (!isTouched(watched.seen, now)) continue
      const hash = createHash('sha256')
      await digestOpened(watched.file, hash)
      const message = `${watched.name} changed after it was hashed: what is measured from here on is not kept`
      watched.wrong = hash.digest('hex') === watched.sha256 ? null : new ChangedFiles(message, this.model)
      watched.seen = now
    }
    // where it is right again, this may have been computed before it was
    const wrong = this.#wrong() ?? before
    if (wrong !== null) throw wrong
  }

  #wrong(): ChangedFiles | null {
    return this.files.find(({ wrong }) => wrong !== null)?.wrong ?? null
  }

  async close(): Promise<void> {
    await this.#last
    for (const { file } of this.files) await file.close()
  }
}

const isTouched = (before: Stats, now: Stats): boolean =>
  before.mtimeMs !== now.mtimeMs || before.ctimeMs !== now.ctimeMs || before.size !== now.size

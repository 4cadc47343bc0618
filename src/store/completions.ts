import { createHash } from 'node:crypto'
import { closeSync, existsSync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Digest, DigestMap, digestOf } from '../digest-map.ts'
import { isRecord } from '../is-record.ts'
import { openRegular, regularStream } from '../read-regular.ts'
import { WholeFile } from '../whole-file.ts'
import { attempt } from './file.ts'

/**
 * ◆ Generated rows while a run is under way: `completions.jsonl.partial`, append-only, a header and then one row a line, in the order in
 * which they were complete. At the end the rows are written to `completions.jsonl` in the order of the data. A run that was cut short
 * goes on where it stopped; a row is there whole or not at all. Memory: 34–69 bytes per row.
 */
export class CompletionsFile {
  readonly #index = new DigestMap()
  #size = 0
  #closed = false

  private constructor(
    readonly folder: string,
    readonly name: string,
    readonly fd: number,
  ) {}

  /**
   * Opens the file of a run, with what an earlier run under the same header has left.
   * @param header what the rows depend on; rows under another header are forgotten
   * @param finished whether completions.jsonl, if it is there, was made under this header
   * @param resume false: all earlier rows are forgotten
   * @param name of the file at the end
   */
  static async open(
    folder: string,
    header: string,
    {
      finished,
      resume,
      name = COMPLETIONS_FILE,
    }: { readonly finished: boolean; readonly resume: boolean; readonly name?: string },
  ): Promise<{ readonly file: CompletionsFile; readonly found: Found }> {
    const partial = join(folder, partialOf(name))
    const final = join(folder, name)
    let forgotten: Found['forgotten'] = null
    if (!resume || (existsSync(partial) && !(await beginsWith(partial, header)))) {
      forgotten = resume ? 'other options' : null
      attempt(partial, () => rmSync(partial, { force: true }))
    }
    if (resume && !existsSync(partial) && finished && existsSync(final)) takeOver(final, partial, header)
    const fd = attempt(partial, () => (existsSync(partial) ? openRegular(partial, 'r+') : openSync(partial, 'wx+')))
    const file = new CompletionsFile(folder, name, fd)
    const damaged = await file.#scan(partial, header)
    return { file, found: { rows: file.#index.size, damaged, forgotten } }
  }

  has(key: Digest): boolean {
    return this.#index.get(key) !== null
  }

  append(key: Digest, row: Readonly<Record<string, unknown>>): void {
    const line = Buffer.from(`${JSON.stringify(row)}\n`)
    attempt(join(this.folder, partialOf(this.name)), () => writeAll(this.fd, line, this.#size))
    this.#index.set(key, this.#size)
    this.#size += line.length
  }

  /** A row as it was appended; null where there is none. */
  line(key: Digest): Buffer | null {
    const offset = this.#index.get(key)
    return offset === null ? null : lineAt(this.fd, offset)
  }

  /** Writes the rows of these keys, in their order, to completions.jsonl. */
  async finish(keys: AsyncIterable<Digest>, onRow: (row: Buffer) => void): Promise<void> {
    // <name>.partial is the file under way
    const path = join(this.folder, `${this.name}.new`)
    const out = new WholeFile(path)
    try {
      for await (const key of keys) {
        const line = this.line(key)
        if (line === null) continue
        out.write(line)
        onRow(line)
      }
      out.close()
    } catch (error) {
      out.abort()
      throw error
    }
    attempt(path, () => {
      try {
        renameSync(path, join(this.folder, this.name))
      } catch (cause) {
        // what it is written from stays
        rmSync(path, { force: true })
        throw cause
      }
    })
  }

  /** Once the manifest stands beside the rows: nothing is to go on with. */
  forget(): void {
    this.close()
    const partial = join(this.folder, partialOf(this.name))
    attempt(partial, () => rmSync(partial, { force: true }))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    attempt(join(this.folder, partialOf(this.name)), () => closeSync(this.fd))
  }

  /** Finds the rows of the file, and cuts off a line that was not written to its end. Returns how many lines were of no use. */
  async #scan(path: string, header: string): Promise<number> {
    let [offset, whole, damaged] = [0, 0, 0]
    for await (const line of linesOf(path)) {
      const complete = line.at(-1) === NEWLINE
      if (complete && offset > 0) {
        const key = keyOfLine(line)
        if (key === null) damaged++
        else this.#index.set(key, offset)
      }
      offset += line.length
      if (complete) whole = offset
      else damaged++
    }
    if (whole < offset) attempt(path, () => ftruncateSync(this.fd, whole))
    this.#size = whole
    if (whole === 0) {
      const first = Buffer.from(`${header}\n`)
      attempt(path, () => writeAll(this.fd, first, 0))
      this.#size = first.length
    }
    return damaged
  }
}

/** What an earlier run has left. */
export interface Found {
  readonly rows: number
  /** Lines that could not be read. */
  readonly damaged: number
  /** Why earlier rows were not taken over; null: there were none, or --no-resume was given. */
  readonly forgotten: 'other options' | null
}

export const COMPLETIONS_FILE = 'completions.jsonl'
/** The same of `run-process --generate`. */
export const TRAJECTORIES_FILE = 'trajectories.jsonl'
const partialOf = (name: string): string => `${name}.partial`
const NEWLINE = 0x0a

/** What tells a row from others: its id, its prompt, and the tokens that were continued. */
export interface RowIdentity {
  readonly id: string
  readonly prompt: unknown
  readonly promptIdsSha256: string
}
export const rowKey = ({ id, prompt, promptIdsSha256 }: RowIdentity): Digest =>
  digestOf(
    createHash('sha256')
      .update(`${id}\0${promptIdsSha256}\0${JSON.stringify(prompt)}`)
      .digest(),
  )

function keyOfLine(line: Buffer): Digest | null {
  try {
    const row: unknown = JSON.parse(line.toString('utf8'))
    if (!isRecord(row) || typeof row.id !== 'string' || typeof row.prompt_ids_sha256 !== 'string') return null
    return rowKey({ id: row.id, prompt: row.prompt, promptIdsSha256: row.prompt_ids_sha256 })
  } catch {
    return null
  }
}

/** The lines of a file with their line breaks; the last may lack it. */
async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  for await (const chunk of attempt(path, () => regularStream(path)) as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, end + 1)])
      rest = []
      from = end + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}

async function beginsWith(path: string, header: string): Promise<boolean> {
  for await (const line of linesOf(path)) return line.toString('utf8') === `${header}\n`
  return true
}

/** The rows of a finished run become those of one that goes on. */
function takeOver(final: string, partial: string, header: string): void {
  const from = attempt(final, () => openRegular(final))
  const to = new WholeFile(partial)
  try {
    to.write(`${header}\n`)
    const chunk = Buffer.allocUnsafe(1 << 20)
    for (let read = readSync(from, chunk); read > 0; read = readSync(from, chunk)) to.write(chunk.subarray(0, read))
    to.close()
  } catch (error) {
    to.abort()
    throw error
  } finally {
    closeSync(from)
  }
}

function lineAt(fd: number, offset: number): Buffer {
  const parts: Buffer[] = []
  for (let at = offset; ; ) {
    const chunk = Buffer.allocUnsafe(1 << 16)
    const read = readSync(fd, chunk, 0, chunk.length, at)
    const end = chunk.subarray(0, read).indexOf(NEWLINE)
    if (end >= 0) return Buffer.concat([...parts, chunk.subarray(0, end + 1)])
    if (read === 0) throw new RangeError(`no line at ${offset}`)
    parts.push(chunk.subarray(0, read))
    at += read
  }
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, position + done)
}

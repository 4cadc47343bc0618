import { createHash } from 'node:crypto'
import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { type Digest, DigestMap, digestOf } from '../digest-map.ts'
import { DataError, UsageError } from '../errors.ts'
import { regularText } from '../read-regular.ts'
import { isSystemError, systemWords, unwrittenWords } from '../system-words.ts'
import { writeWholeSync } from '../whole-file.ts'
import type { Cell } from './balance.ts'
import type { PairRow } from './row.ts'

/** How far a file of pairs is: beside it, as `<output>.state.json`; with the finished file its record. */
export interface MakeState {
  readonly format: 1
  /** What the pairs depend on; a file is continued only by a call with the same. */
  readonly options: Readonly<Record<string, unknown>>
  done: boolean
  /** Times that the source was read from its start. */
  pass: number
  /** Rows of this pass that are done. */
  next: number
  /** Bytes of the output that belong to them. */
  bytes: number
  pairs: number
  /** Pairs wanted per kind; Infinity is written as null. */
  wanted: Record<string, number | null>
  /** Pairs made per kind in this pass. */
  inPass: Record<string, number>
  /** Rows of this pass that a kind was tried on. */
  tried: Record<string, number>
  /** Rows that a kind was tried on since its last pair. */
  barren: Record<string, number>
  /** Per kind. */
  cells: Record<string, Cell>
  /** Contrasts that did not become pairs: kind → reason → how many. */
  dropped: Record<string, Record<string, number>>
  /** Input rows that could not be read: reason → how many. */
  unreadable: Record<string, number>
  /** SHA-256 of the finished file. */
  sha256: string | null
}

/** A file of pairs that grows chunk by chunk. What is behind the last whole chunk is cut off when it is opened again. */
export class PairFile {
  /** Digest of a pair → 0. 34–69 bytes per pair. */
  private readonly seen = new DigestMap()
  private constructor(
    readonly path: string,
    private readonly fd: number,
    readonly state: MakeState,
  ) {}

  /**
   * @param fresh the state of a new file
   * @param resume go on with a file that is there
   * @throws DataError, UsageError where there is a file that this call cannot go on with
   */
  static open(path: string, fresh: MakeState, resume: boolean): PairFile {
    const known = resume ? readState(path) : null
    if (known !== null && JSON.stringify(known.options) !== JSON.stringify(fresh.options))
      throw new UsageError(
        `was made with other options: ${differing(known.options, fresh.options)}`,
        `--output ${path}`,
        'Choose another file, or --no-resume to begin anew.',
      )
    if (known === null && resume && existsSync(path) && statSync(path).size > 0)
      throw new UsageError(
        'is there, and nothing says how it was made',
        `--output ${path}`,
        'Choose another file, or --no-resume to overwrite it.',
      )
    const fd = attempt(path, () => openSync(path, known === null ? 'w+' : 'r+'))
    const state = known ?? fresh
    const file = new PairFile(path, fd, state)
    const { size } = statSync(path)
    if (size < state.bytes) {
      closeSync(fd)
      throw new DataError(
        `has ${size} bytes, and ${statePath(path)} says ${state.bytes}`,
        path,
        'Begin anew with --no-resume.',
      )
    }
    attempt(path, () => ftruncateSync(fd, state.bytes))
    if (known !== null) file.rememberRows()
    // before the first pairs: a file without its state is nobody's, and no call would go on with it
    else file.save()
    return file
  }

  /** Whether such a pair is in the file; else it counts as there from now on. */
  isNew(key: string): boolean {
    const digest = digest128(key)
    if (this.seen.get(digest) !== null) return false
    this.seen.set(digest, 0)
    return true
  }

  /** Writes the rows of one chunk, then the state that has them. */
  commit(rows: readonly PairRow[]): void {
    if (rows.length > 0) {
      const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
      attempt(this.path, () => {
        for (let at = 0; at < bytes.length; )
          at += writeSync(this.fd, bytes, at, bytes.length - at, this.state.bytes + at)
        fdatasyncSync(this.fd)
      })
      this.state.bytes += bytes.length
      this.state.pairs += rows.length
    }
    this.save()
  }

  finish(): void {
    this.state.done = true
    this.state.sha256 = this.hash()
    this.save()
  }
  close(): void {
    attempt(this.path, () => closeSync(this.fd))
  }

  private save(): void {
    const path = statePath(this.path)
    attempt(path, () => writeWholeSync(path, `${JSON.stringify(this.state, null, 2)}\n`))
  }

  private hash(): string {
    const hash = createHash('sha256')
    for (const part of this.parts()) hash.update(part)
    return hash.digest('hex')
  }

  private *parts(): Iterable<Buffer> {
    const part = Buffer.alloc(1 << 20)
    for (let at = 0; at < this.state.bytes; ) {
      const length = readSync(this.fd, part, 0, Math.min(part.length, this.state.bytes - at), at)
      if (length === 0) throw new DataError('became shorter while it was read', this.path)
      yield part.subarray(0, length)
      at += length
    }
  }

  /** The keys of the rows that are in the file. */
  private rememberRows(): void {
    let rest = Buffer.alloc(0)
    for (const part of this.parts()) {
      const bytes = Buffer.concat([rest, part])
      let start = 0
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
        this.isNew(keyOfRow(JSON.parse(bytes.toString('utf8', start, end)) as PairRow))
        start = end + 1
      }
      rest = Buffer.from(bytes.subarray(start))
    }
  }
}

/** Pairs with the same key are one: the question, what makes the rejected answer wrong, and the kind. */
export const pairKey = (kind: string, solution: string, changed: string, wrong: string): string =>
  [kind, solution, changed, wrong].join('\n')
const keyOfRow = (row: PairRow): string => pairKey(row.reject_kind, row.solution, row.changed, wrongOf(row))
/** What stands behind the last tag that opens an answer. */
const wrongOf = ({ rejected }: PairRow): string => answerPart(rejected)
export const answerPart = (text: string): string => {
  const [, answer] = /<(?:\|answer_start\|)>([\s\S]*?)<\|answer_end\|>/.exec(text) ?? []
  return answer ?? ''
}

const digest128 = (key: string): Digest => digestOf(createHash('sha256').update(key).digest())

export const statePath = (output: string): string => `${output}.state.json`

function readState(output: string): MakeState | null {
  const path = statePath(output)
  if (!existsSync(path)) return null
  try {
    const state = JSON.parse(regularText(path)) as MakeState
    if (state.format !== 1) throw new Error(`format ${String(state.format)}`)
    return existsSync(output) ? state : null
  } catch (cause) {
    throw new DataError(systemWords(cause), path, 'Begin anew with --no-resume.', { cause })
  }
}

const differing = (a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): string =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    .map((key) => `${key} ${JSON.stringify(a[key])} → ${JSON.stringify(b[key])}`)
    .join('; ')

function attempt<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    const hint = 'The pairs that were written are kept: mend that, and the same command goes on with them.'
    throw new DataError(unwrittenWords(cause), path, hint, { cause })
  }
}

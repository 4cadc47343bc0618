import { closeSync, fdatasyncSync, ftruncateSync, mkdirSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Digest } from '../digest-map.ts'
import { DataError } from '../errors.ts'
import { systemWords } from '../system-words.ts'
import type { Batch, Measurement } from '../types.ts'
import { BlockCache } from './blocks.ts'
import { attempt, type LogFile, openLogFile, syncFolder } from './file.ts'
import { type Lock, StoreInUse, takeLock } from './lock.ts'
import {
  commitLine,
  doneLine,
  headerLine,
  isIntact,
  measurementLine,
  parseMeasurement,
  parsePlan,
  planEndLine,
  planLine,
} from './record.ts'
import { digestOfKey } from './scan.ts'

export interface StoreOptions {
  /** Neither locked nor mended: what another process has committed so far is read. */
  readonly readOnly?: boolean
  /** The resolved configuration, for the first line of a new store. */
  readonly config?: unknown
  /** Of a shard: the cut of the rows that it is of (`Cut.id`). It is finished once it came to its end under this one. */
  readonly cut?: string | null
  /** Stores of the same model whose measurements may be used as well (siblings, shards); read only. */
  readonly reuse?: readonly string[]
  /** What the file holds is forgotten, once it is locked. */
  readonly fresh?: boolean
  /** The disk is waited for after so many batches; a killed process loses nothing in between, a power cut loses these. */
  readonly syncEvery?: number
}

/** What opening found and mended; empty for a clean store. */
export interface Repairs {
  /** Bytes behind the last whole batch, cut off (read-only: left out). */
  readonly tornBytes: number
  /** Line numbers that were damaged; they are not used. */
  readonly damagedLines: readonly number[]
}

export type Entry = readonly [key: string, measurement: Measurement]
/** A measurement as it stands in a file. */
export interface StoredLine {
  readonly key: Digest
  readonly line: Buffer
}

/** Measurements by key, in an append-only file. */
export interface Store {
  readonly path: string
  /** Configuration in the first line; undefined where that line is damaged. */
  readonly config: unknown
  readonly repairs: Repairs
  /** Own measurements. */
  readonly size: number
  /** Memory of the index: 34–69 bytes per measurement. Values stay in the file. */
  readonly indexBytes: number
  /** Whether the run that wrote it came to its end. */
  readonly finished: boolean
  has(key: string): boolean
  /** Whether the store's own file has it, not only a reused one. */
  owns(key: string): boolean
  get(key: string): Measurement | null
  /** Commits a batch whole. Keys that the file has already are left as they are. */
  append(batch: readonly Entry[]): void
  /** The same of lines as another store has them, intact ones, without their `\n`. They are copied, not read. */
  appendLines(batch: readonly StoredLine[]): void
  plan(name: string): readonly Batch[] | null
  putPlan(name: string, batches: readonly Batch[]): void
  /** Notes that the run came to its end. */
  finish(): void
  close(): void
}

/**
 * Opens a store, or makes a new one. A tail that was not written to its end is cut off, at whatever byte it ends; a damaged line is
 * dropped. One process writes at a time.
 * @throws DataError: no store, in use, disk full
 */
export async function openStore(path: string, options: StoreOptions = {}): Promise<Store> {
  const { readOnly = false, reuse = [] } = options
  if (readOnly) return new Log(await openLogFile(path, true), null, await openAll(reuse), options)
  attempt(path, () => mkdirSync(dirname(path), { recursive: true }))
  const lock = takeLock(path)
  try {
    if (options.fresh === true) attempt(path, () => rmSync(path, { force: true }))
    return new Log(await openLogFile(path, false), lock, await openAll(reuse), options)
  } catch (error) {
    lock.release()
    throw error
  }
}

/** @throws StoreInUse */
export function checkHeld(lock: Lock | null, path: string): void {
  if (lock?.held() === false)
    throw new StoreInUse(
      'was taken over by another start of this task, or its lock was deleted',
      path,
      'This process writes no more. What was measured until the other began is kept.',
    )
}

const openAll = (paths: readonly string[]): Promise<LogFile[]> =>
  Promise.all(paths.map((path) => openLogFile(path, true)))

const PLAN_BATCHES_A_LINE = 1000
const DEFAULT_SYNC_EVERY = 32

class Log implements Store {
  readonly path: string
  readonly config: unknown
  readonly repairs: Repairs
  finished: boolean
  #own: LogFile
  #reused: readonly LogFile[]
  #plans: Map<string, readonly number[]>
  #lock: Lock | null
  #end: number
  #batchesSinceSync = 0
  #syncEvery: number
  readonly #cut: string | null
  #open = true
  readonly #blocks = new BlockCache()

  constructor(
    own: LogFile,
    lock: Lock | null,
    reused: readonly LogFile[],
    { config = null, cut = null, syncEvery }: StoreOptions,
  ) {
    const { scan } = own
    this.path = own.path
    this.repairs = { tornBytes: scan.sizeBytes - scan.end, damagedLines: scan.damaged }
    this.finished = scan.finished && (cut === null || scan.finishedCut === cut)
    this.#cut = cut
    this.#own = own
    this.#reused = reused
    this.#plans = new Map(scan.plans)
    this.#lock = lock
    this.#end = scan.end
    this.#syncEvery = syncEvery ?? DEFAULT_SYNC_EVERY
    this.config = scan.end === 0 ? config : scan.config
    if (lock === null) return
    if (scan.sizeBytes > scan.end) attempt(own.path, () => ftruncateSync(own.fd, scan.end))
    if (scan.end === 0) {
      this.#write(headerLine(config, cut))
      this.#sync()
      syncFolder(own.path)
    }
  }

  get size(): number {
    return this.#own.index.size
  }
  get indexBytes(): number {
    return [this.#own, ...this.#reused].reduce((sum, file) => sum + file.index.bytes, 0)
  }
  owns(key: string): boolean {
    return this.#own.index.get(digestOfKey(key)) !== null
  }
  has(key: string): boolean {
    const digest = digestOfKey(key)
    return [this.#own, ...this.#reused].some((file) => file.index.get(digest) !== null)
  }

  get(key: string): Measurement | null {
    const digest = digestOfKey(key)
    for (const file of [this.#own, ...this.#reused]) {
      const offset = file.index.get(digest)
      if (offset === null) continue
      const line = this.#lineAt(file, offset)
      const measurement = line !== null && line.toString('latin1', 8, 40) === key ? parseMeasurement(line) : null
      if (measurement !== null) return measurement
      throw new DataError(`the measurement at byte ${offset} changed while the store was open`, file.path)
    }
    return null
  }

  append(batch: readonly Entry[]): void {
    const lines: string[] = []
    const digests = new Map<string, number>()
    let offset = this.#end
    for (const [key, measurement] of batch) {
      if (digests.has(key) || this.owns(key)) continue
      const line = measurementLine(key, measurement)
      digests.set(key, offset)
      offset += line.length
      lines.push(line)
    }
    if (lines.length === 0) return
    this.#write(lines.join('') + commitLine(lines.length))
    for (const [key, at] of digests) this.#own.index.set(digestOfKey(key), at)
    this.finished = false
    if (++this.#batchesSinceSync >= this.#syncEvery) this.#sync()
  }

  appendLines(batch: readonly StoredLine[]): void {
    const parts: Buffer[] = []
    const own: Digest[] = []
    const offsets: number[] = []
    let offset = this.#end
    const seen = new Set<string>()
    for (const { key, line } of batch) {
      const name = key.join()
      if (seen.has(name) || this.#own.index.get(key) !== null) continue
      seen.add(name)
      own.push(key)
      offsets.push(offset)
      offset += line.length + 1
      parts.push(line, NEWLINE)
    }
    if (own.length === 0) return
    parts.push(Buffer.from(commitLine(own.length)))
    this.#write(Buffer.concat(parts))
    for (const [i, key] of own.entries()) this.#own.index.set(key, offsets[i]!)
    this.finished = false
    if (++this.#batchesSinceSync >= this.#syncEvery) this.#sync()
  }

  plan(name: string): readonly Batch[] | null {
    const batches: Batch[] = []
    for (const offset of this.#plans.get(name) ?? []) {
      const line = this.#lineAt(this.#own, offset)
      const part = line === null ? null : parsePlan(line)
      if (part === null || part.from !== batches.length) return null
      for (const batch of part.batches) batches.push(batch)
    }
    return this.#plans.has(name) ? batches : null
  }

  putPlan(name: string, batches: readonly Batch[]): void {
    const begin = this.#end
    const offsets: number[] = []
    try {
      for (let from = 0; from < batches.length; from += PLAN_BATCHES_A_LINE) {
        offsets.push(this.#end)
        this.#write(planLine(name, from, batches.slice(from, from + PLAN_BATCHES_A_LINE)))
      }
      this.#write(planEndLine(name, batches.length))
    } catch (error) {
      this.#cutTo(begin)
      throw error
    }
    this.#plans.set(name, offsets)
    this.finished = false
    this.#sync()
  }

  finish(): void {
    if (this.finished) return
    this.#write(doneLine(this.size, this.#cut))
    this.finished = true
    this.#sync()
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    try {
      if (this.#lock !== null) this.#sync()
    } finally {
      try {
        for (const { path, fd } of [this.#own, ...this.#reused]) attempt(path, () => closeSync(fd))
      } finally {
        this.#lock?.release()
      }
    }
  }

  /** All of the text, or none of it. */
  #write(text: string | Buffer): void {
    if (this.#lock === null) throw new TypeError(`${this.path} was opened to be read`)
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    try {
      for (let done = 0; done < bytes.length; )
        done += writeSync(this.#own.fd, bytes, done, bytes.length - done, this.#end + done)
    } catch (cause) {
      this.#cutTo(this.#end)
      const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((cause as NodeJS.ErrnoException).code ?? '')
      throw new DataError(
        full ? 'the disk is full' : systemWords(cause),
        this.path,
        'What was measured until then is kept; run the same command again to go on.',
        { cause },
      )
    }
    this.#end += bytes.length
  }

  /** Takes back what was written behind `end`; should that fail as well, the next opening cuts it off. */
  #cutTo(end: number): void {
    this.#end = end
    this.#blocks.clear()
    try {
      ftruncateSync(this.#own.fd, end)
    } catch {}
  }

  /** @throws StoreInUse where another start of this task has taken the store over: two must not write one file */
  #sync(): void {
    this.#batchesSinceSync = 0
    checkHeld(this.#lock, this.path)
    attempt(this.path, () => fdatasyncSync(this.#own.fd))
  }

  /** The intact line that begins at an offset, without its `\n`; else null. */
  #lineAt(file: LogFile, offset: number): Buffer | null {
    const line = this.#blocks.lineAt(file.fd, offset, file === this.#own ? this.#end : Number.POSITIVE_INFINITY)
    return line !== null && isIntact(line) ? line : null
  }
}

const NEWLINE = Buffer.from('\n')

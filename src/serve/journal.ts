import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { DataError } from '../errors.ts'
import { completionHash, promptCluster } from '../plain-text.ts'
import { openRegular } from '../read-regular.ts'
import { type Cell, csvText } from '../report/csv.ts'
import { SCORE_COLUMNS, type ScoreDetail, scoreCells, TEXT_COLUMNS } from '../report/scores.ts'
import { attempt } from '../store/file.ts'
import type { ScoredCompletion, Text } from '../types.ts'

/** The columns of a served scores.csv behind those of a run: the order in which rewards were asked for, and what was answered. */
export const SERVED_COLUMNS = ['request', 'time', 'route', 'step', 'reward'] as const

/** One prompt of a request with its completions: a row of the store. */
export interface JournalRow {
  readonly prompt: Text
  readonly completions: readonly Text[]
  /** The trainer's step, where it says so. */
  readonly step: number | null
  readonly solution: unknown
  readonly scored: readonly ScoredCompletion[]
  readonly details: readonly ScoreDetail[]
  readonly rewards: readonly (number | null)[]
}
export interface JournalEntry {
  readonly route: string
  /** ISO 8601. */
  readonly time: string
  /** The rows, given their ids. */
  readonly rows: (idOf: (row: number) => string) => readonly JournalRow[]
}

/** What opening found. */
export interface JournalFound {
  /** Requests that were kept before. */
  readonly requests: number
  /** Bytes of lines that were not written to their end, and of requests whose scores were not; cut off. */
  readonly tornBytes: number
}

/**
 * ◆ What was asked and answered, append-only: scores.csv as of a run, so that `analyze` reads it at any time, and requests.jsonl with the texts,
 * a group row each, which run-rm and run-verify take as a data set. An entry is written whole before its answer is sent, those that wait
 * together in one write a file, so that a killed process loses no answered request; the disk is waited for every 32 writes and at the end,
 * so that a power cut loses these at most. A line that was not written to its end, and a request
 * whose scores were not all written, which nobody was answered, are cut off when the files are opened.
 */
export class Journal {
  readonly #files: { readonly scores: LineFile; readonly requests: LineFile }
  readonly found: JournalFound
  /** Of scores.csv. */
  readonly columns: readonly string[]
  #last: number
  #waiting: {
    readonly entry: JournalEntry
    readonly resolve: () => void
    readonly reject: (error: unknown) => void
  }[] = []
  #soon = false
  #writes = 0
  #syncing = false

  /** @param ownColumns of the scorer */
  constructor(
    readonly folder: string,
    ownColumns: readonly string[],
  ) {
    this.columns = [...SCORE_COLUMNS, ...ownColumns, ...TEXT_COLUMNS, ...SERVED_COLUMNS]
    const scores = new LineFile(join(folder, 'scores.csv'), csvText([this.columns]))
    const requests = new LineFile(join(folder, 'requests.jsonl'), '')
    this.#files = { scores, requests }
    const tornBytes = scores.tornBytes + requests.tornBytes
    const { last, cutBytes } = keepAnswered(requests, scores, this.columns)
    this.#last = last
    this.found = { requests: last, tornBytes: tornBytes + cutBytes }
  }

  /** Resolves once the entry is in the files. @throws DataError where they cannot be written */
  append(entry: JournalEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, resolve, reject })
      if (this.#soon) return
      this.#soon = true
      setImmediate(() => this.#commit())
    })
  }

  close(): void {
    this.#commit()
    for (const file of [this.#files.requests, this.#files.scores]) file.close()
  }

  #commit(): void {
    this.#soon = false
    const batch = this.#waiting
    this.#waiting = []
    if (batch.length === 0) return
    const first = this.#last
    try {
      const lines = batch.map(({ entry }) => this.#linesOf(entry, ++this.#last))
      const { requests, scores } = this.#files
      const end = requests.append(lines.map(({ jsonl }) => jsonl).join(''))
      try {
        scores.append(csvText(lines.flatMap(({ cells }) => cells)))
      } catch (error) {
        // else the numbers, given again, would stand for two texts
        requests.cutTo(end)
        throw error
      }
    } catch (error) {
      this.#last = first
      for (const { reject } of batch) reject(error)
      return
    }
    for (const { resolve } of batch) resolve()
    if (++this.#writes % SYNC_EVERY === 0) this.#syncBeside()
  }

  #linesOf({ route, time, rows }: JournalEntry, request: number): { jsonl: string; cells: Cell[][] } {
    const idOf = (row: number): string => (row === 0 ? String(request) : `${request}.${row}`)
    const all = rows(idOf)
    return {
      jsonl: all
        .map(
          ({ prompt, completions, solution, step }, r) =>
            `${JSON.stringify({ id: idOf(r), prompt, completions, ...(solution !== null && { solution }), request, time, route, ...(step !== null && { step }) })}\n`,
        )
        .join(''),
      cells: all.flatMap(({ prompt, step, scored, details, rewards }) => {
        // of a prompt that is not known nothing can be told
        const cluster = prompt === '' ? null : promptCluster(prompt)
        return scored.map((completion, i): Cell[] => [
          ...scoreCells(completion, details[i]!),
          cluster,
          completionHash(completion.text),
          request,
          time,
          route,
          step,
          rewards[i] ?? null,
        ])
      }),
    }
  }

  #syncBeside(): void {
    if (this.#syncing) return
    this.#syncing = true
    let left = 2
    for (const { fd } of Object.values(this.#files))
      fdatasync(fd, () => {
        if (--left === 0) this.#syncing = false
      })
  }
}

const SYNC_EVERY = 32

/**
 * Cuts off what a process that was killed between its two writes left: requests.jsonl is written first, so that only there a request can be
 * whole and its scores not. @returns the number of the last request that is whole
 */
function keepAnswered(
  requests: LineFile,
  scores: LineFile,
  columns: readonly string[],
): { readonly last: number; readonly cutBytes: number } {
  const at = columns.indexOf('request') - columns.length
  const scored = scores.linesBackward()
  /** Rows of scores.csv of a request, from the end; those of later requests are gone by then. */
  let row = scored.next()
  const numberOf = (line: string): number => Number(parse(line)[0]?.at(at))
  const latest = row.done === true || row.value.from === 0 ? 0 : numberOf(row.value.text)
  let cutBytes = 0
  let lines = requests.linesBackward()
  for (let line = lines.next(); line.done !== true; ) {
    const request = requestOf(line.value.text, requests.path)
    // a power cut took texts whose scores it left: their numbers are not given again
    if (latest > request && cutBytes === 0) return { last: latest, cutBytes }
    let [wanted, found] = [0, 0]
    let [requestsFrom, scoresFrom] = [line.value.from, -1]
    for (; line.done !== true && requestOf(line.value.text, requests.path) === request; line = lines.next()) {
      wanted += completionsOf(line.value.text)
      requestsFrom = line.value.from
    }
    for (; row.done !== true && row.value.from > 0 && numberOf(row.value.text) === request; row = scored.next()) {
      found++
      scoresFrom = row.value.from
    }
    if (found === wanted) return { last: request, cutBytes }
    cutBytes += requests.cutTo(requestsFrom) + (scoresFrom < 0 ? 0 : scores.cutTo(scoresFrom))
    lines = requests.linesBackward()
    line = lines.next()
  }
  return { last: cutBytes === 0 ? latest : 0, cutBytes }
}

const completionsOf = (line: string): number => {
  const { completions } = JSON.parse(line) as { completions?: unknown }
  return Array.isArray(completions) ? completions.length : 0
}

/** Without the number of the last request the next ones would take ids that are given already. */
function requestOf(line: string, path: string): number {
  try {
    const { request } = JSON.parse(line) as { request?: unknown }
    if (Number.isSafeInteger(request)) return request as number
  } catch {
    // said below
  }
  throw new DataError('its last line is no request of ours', path, 'Move the folder away, or give another --store.')
}

const NEWLINE = 0x0a
const TAIL_BYTES = 1 << 16

/** A file of whole lines, written at its end. No cell of ours has a line break. */
class LineFile {
  readonly fd: number
  readonly tornBytes: number
  #end: number

  constructor(
    readonly path: string,
    header: string,
  ) {
    this.fd = attempt(path, () => (existsSync(path) ? openRegular(path, 'r+') : openSync(path, 'wx+')))
    const { size } = fstatSync(this.fd)
    this.#end = this.#lastBreak(size) + 1
    this.tornBytes = size - this.#end
    if (this.tornBytes > 0) attempt(path, () => ftruncateSync(this.fd, this.#end))
    if (this.#end === 0 && header !== '') this.append(header)
    else if (header !== '' && this.#read(0, Buffer.byteLength(header)) !== header)
      throw new DataError(
        'has other columns than this version writes',
        path,
        'Move the folder away, or give another --store.',
      )
  }

  /** All of the text, or none of it. @returns where the file ended before */
  append(text: string): number {
    const bytes = Buffer.from(text)
    const before = this.#end
    attempt(this.path, () => {
      try {
        for (let done = 0; done < bytes.length; )
          done += writeSync(this.fd, bytes, done, bytes.length - done, this.#end + done)
      } catch (error) {
        try {
          ftruncateSync(this.fd, this.#end)
        } catch {}
        throw error
      }
    })
    this.#end += bytes.length
    return before
  }

  /** Takes back what was appended since. @returns how many bytes */
  cutTo(end: number): number {
    const cut = this.#end - end
    // written over from there on, also where it cannot be cut
    this.#end = end
    attempt(this.path, () => ftruncateSync(this.fd, end))
    return cut
  }

  /** The lines from the last to the first, without their breaks, and where each begins. */
  *linesBackward(): Generator<{ readonly text: string; readonly from: number }> {
    for (let end = this.#end; end > 0; ) {
      const from = this.#lastBreak(end - 1) + 1
      yield { text: this.#read(from, end - 1 - from), from }
      end = from
    }
  }

  #read(from: number, length: number): string {
    const bytes = Buffer.alloc(length)
    return bytes.toString('utf8', 0, readSync(this.fd, bytes, 0, length, from))
  }

  close(): void {
    attempt(this.path, () => fdatasyncSync(this.fd))
    closeSync(this.fd)
  }

  /** Offset of the last line break before `end`; −1 where there is none. */
  #lastBreak(end: number): number {
    const part = Buffer.alloc(TAIL_BYTES)
    for (let to = end; to > 0; ) {
      const from = Math.max(0, to - TAIL_BYTES)
      readSync(this.fd, part, 0, to - from, from)
      const at = part.subarray(0, to - from).lastIndexOf(NEWLINE)
      if (at >= 0) return from + at
      to = from
    }
    return -1
  }
}

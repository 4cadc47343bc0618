import { closeSync, readSync } from 'node:fs'
import { parse } from 'csv-parse'
import { openRegular, regularStream } from '../src/read-regular.ts'

/** A record: the cells are cut when they are asked for, and good until the next record. */
export interface Cells {
  readonly length: number
  at(column: number): string
}

/** Characters that are read at once, about. */
const CHUNK = 1 << 16
/** A record that is longer is the general parser's: reading it piece by piece would begin anew at every piece. */
const LONGEST = 1 << 25

/**
 * ◆ Records of a CSV file, one by one, as RFC 4180 has them. Files as we write them are cut at their commas and line feeds, a cell only where it is
 * asked for: a fifth of the cost of the general parser. That one reads the file where anything is unlike ours (a carriage return, an
 * empty line, a record of another length, a quote within a cell), from the record at which that is seen: its cells, or its error, count.
 * @param bytes of a file that grows: only so many of its beginning are read
 */
export async function eachRecord(
  path: string,
  visit: (cells: Cells) => void,
  bytes: number = Number.POSITIVE_INFINITY,
): Promise<void> {
  const end = bytes - 1
  const record = new Record()
  let rest = ''
  let done = 0
  let columns = -1
  /** Visits the whole records of `rest` and keeps what is behind them; false where the general parser must go on. */
  const take = (last: boolean): boolean => {
    let from = 0
    while (from < rest.length) {
      const end = record.read(rest, from, last)
      if (end === INCOMPLETE && !last) break
      if (end < 0 || (columns !== -1 && record.length !== columns) || record.empty) return false
      columns = record.length
      visit(record)
      done++
      from = end + 1
    }
    rest = rest.slice(from)
    return rest.length <= LONGEST
  }
  let first = true
  let ours = true
  for await (const chunk of regularStream(path, { encoding: 'utf8', highWaterMark: CHUNK, end })) {
    const text = chunk as string
    rest += first && text.startsWith('\ufeff') ? text.slice(1) : text
    // bytes that are no UTF-8 at the beginning: UTF-16, which the general parser knows
    ours = !(first && text.startsWith('\ufffd')) && !text.includes('\r') && take(false)
    first = false
    if (!ours) break
  }
  if (ours && take(true)) return
  let skip = done
  for await (const cells of regularStream(path, { end }).pipe(parse({ bom: true })) as AsyncIterable<string[]>)
    if (skip > 0) skip--
    else visit({ length: cells.length, at: (column) => cells[column] ?? '' })
}

/** ◆ Line feeds of a file, and one: no fewer than its records. @param bytes of its beginning; default: all */
export function mostRecords(path: string, bytes: number = Number.POSITIVE_INFINITY): number {
  const fd = openRegular(path)
  try {
    const piece = Buffer.allocUnsafe(CHUNK)
    let lines = 1
    for (let at = 0; at < bytes; ) {
      const read = readSync(fd, piece, 0, Math.min(CHUNK, bytes - at), at)
      if (read === 0) break
      const part = piece.subarray(0, read)
      for (let feed = part.indexOf(LINE_FEED); feed !== -1; feed = part.indexOf(LINE_FEED, feed + 1)) lines++
      at += read
    }
    return lines
  } finally {
    closeSync(fd)
  }
}

/** `read` found no end of the record, or something that is not ours. */
const INCOMPLETE = -1
const UNLIKE = -2
const QUOTE = 34
const COMMA = 44
const LINE_FEED = 10

class Record implements Cells {
  length = 0
  /** An empty line. */
  empty = false
  private text = ''
  /** Where each cell begins and ends, the quotes around it left out. */
  private readonly starts: number[] = []
  private readonly ends: number[] = []
  /** Whether a cell holds a doubled quote. */
  private readonly doubled: boolean[] = []

  at(column: number): string {
    if (column >= this.length) return ''
    const cell = this.text.slice(this.starts[column]!, this.ends[column]!)
    return this.doubled[column] === true ? cell.replaceAll('""', '"') : cell
  }

  /** The record at `from`: where it ends, or INCOMPLETE, or UNLIKE. @param last whether the text is the file's end */
  read(text: string, from: number, last: boolean): number {
    this.text = text
    this.length = 0
    let at = from
    for (;;) {
      if (text.charCodeAt(at) === QUOTE) {
        let close = text.indexOf('"', at + 1)
        let doubled = false
        while (close !== -1 && text.charCodeAt(close + 1) === QUOTE) {
          doubled = true
          close = text.indexOf('"', close + 2)
        }
        // what stands behind a quote decides whether it closes
        if (close === -1 || (close + 1 === text.length && !last)) return INCOMPLETE
        this.add(at + 1, close, doubled)
        at = close + 1
        const next = text.charCodeAt(at)
        if (at < text.length && next !== COMMA && next !== LINE_FEED) return UNLIKE
      } else {
        const start = at
        let code = 0
        for (; at < text.length; at++) {
          code = text.charCodeAt(at)
          if (code === COMMA || code === LINE_FEED) break
          if (code === QUOTE) return UNLIKE
        }
        if (at === text.length && !last) return INCOMPLETE
        this.add(start, at, false)
      }
      if (at === text.length || text.charCodeAt(at) === LINE_FEED) {
        this.empty = at === from
        return at
      }
      at++
    }
  }

  private add(start: number, end: number, doubled: boolean): void {
    this.starts[this.length] = start
    this.ends[this.length] = end
    this.doubled[this.length] = doubled
    this.length++
  }
}

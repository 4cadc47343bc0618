import { isRecord } from '../src/is-record.ts'
import { regularText } from '../src/read-regular.ts'
import { openCsvStream, type StreamedRow } from './csv-stream.ts'

/** Where a file is not what its numbers come to: one per column of a CSV, per path of a JSON, per file of another kind. */
export interface Difference {
  readonly file: string
  /** Column, path, or what of the file. */
  readonly column: string
  /** How many differ. */
  readonly count: number
  /** The first: which row or line, what is written, what it comes to. */
  readonly first: { readonly row: string; readonly written: string; readonly recomputed: string }
}

/** Relative; numbers of another machine may differ in their last digits. */
const TOLERANCE = 1e-9

/** @example sameCell('0.30000000000000004', '0.3') // true; sameCell('', '0') // false */
export function sameCell(written: string, recomputed: string): boolean {
  if (written === recomputed) return true
  if (written.trim() === '' || recomputed.trim() === '') return false
  const [a, b] = [Number(written), Number(recomputed)]
  return Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= TOLERANCE * Math.max(1e-3, Math.abs(b))
}

/** Texts with numbers in them: words alike, numbers within the tolerance. */
export function sameLine(written: string, recomputed: string): boolean {
  if (written === recomputed) return true
  const [a, b] = [written.split(NUMBERS), recomputed.split(NUMBERS)]
  return a.length === b.length && a.every((part, i) => sameCell(part, b[i]!))
}
const NUMBERS = /([-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?)/i

/** Gathers the differences of a file by column. */
export class Tally {
  private readonly found = new Map<string, { count: number; first: Difference['first'] }>()
  add(column: string, row: string, written: string, recomputed: string): void {
    const known = this.found.get(column)
    if (known === undefined) this.found.set(column, { count: 1, first: { row, written, recomputed } })
    else known.count++
  }
  of = (file: string): Difference[] => [...this.found].map(([column, rest]) => ({ file, column, ...rest }))
}

/** Two files that should say the same, by their kind. @param unlike keys of a JSON that are not compared */
export async function differencesOf(
  file: string,
  written: string,
  recomputed: string,
  unlike: ReadonlySet<string> = new Set(),
): Promise<Difference[]> {
  const tally = new Tally()
  if (file.endsWith('.csv')) await compareCsv(tally, written, recomputed)
  else {
    const [a, b] = [regularText(written), regularText(recomputed)]
    if (a !== b)
      if (file.endsWith('.json')) compareJson(tally, '', parsed(a), parsed(b), unlike)
      else compareLines(tally, a, b)
  }
  return tally.of(file)
}

/** What is no JSON (cut, emptied) differs from what is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return `no JSON, ${text.length.toLocaleString('en')} characters`
  }
}

/** ◆ Row by row, so that memory does not grow with the files. */
async function compareCsv(tally: Tally, written: string, recomputed: string): Promise<void> {
  const [ours, theirs] = [await openCsvStream(written), await openCsvStream(recomputed)]
  try {
    const [header, other] = [ours.columns, theirs.columns]
    if (header.join('\n') !== other.join('\n')) tally.add('(columns)', 'header', header.join(', '), other.join(', '))
    const columns = other.filter((name) => header.includes(name))
    for (let row = 1; ; row++) {
      const [a, b] = [await ours.next(), await theirs.next()]
      if (a === null || b === null) {
        if (a !== b) {
          const said = (one: StreamedRow | null): string => (one === null ? 'no more rows' : nameOf(one, columns))
          tally.add('(rows)', `row ${row}`, said(a), said(b))
        }
        return
      }
      for (const name of columns) {
        const [x, y] = [a.cell(name), b.cell(name)]
        if (!sameCell(x, y)) tally.add(name, `row ${row} (${nameOf(b, columns)})`, x, y)
      }
    }
  } finally {
    await ours.close()
    await theirs.close()
  }
}

/** The first cells that say something: what a reader calls the row. */
const nameOf = (get: StreamedRow, columns: readonly string[]): string =>
  columns
    .slice(0, 4)
    .map((name) => get(name))
    .filter((cell) => cell !== '')
    .join(', ')

function compareJson(
  tally: Tally,
  path: string,
  written: unknown,
  recomputed: unknown,
  unlike: ReadonlySet<string>,
): void {
  const below = (value: unknown): [string, unknown][] | null =>
    Array.isArray(value)
      ? value.map((one, i) => [String(i), one])
      : isRecord(value)
        ? Object.entries(value).filter(([key]) => !unlike.has(key))
        : null
  const [a, b] = [below(written), below(recomputed)]
  if (a === null || b === null || Array.isArray(written) !== Array.isArray(recomputed)) {
    const [x, y] = [JSON.stringify(written) ?? 'nothing', JSON.stringify(recomputed) ?? 'nothing']
    if (!sameCell(x, y)) tally.add(path === '' ? '(whole)' : path, path, x, y)
    return
  }
  const [left, right] = [new Map(a), new Map(b)]
  for (const key of new Set([...left.keys(), ...right.keys()]))
    compareJson(tally, path === '' ? key : `${path}.${key}`, left.get(key), right.get(key), unlike)
}

function compareLines(tally: Tally, written: string, recomputed: string): void {
  const [a, b] = [written.split('\n'), recomputed.split('\n')]
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i] ?? '(no such line)', b[i] ?? '(no such line)']
    if (!sameLine(x, y)) tally.add('(lines)', `line ${i + 1}`, around(x, y), around(y, x))
  }
}

const SHOWN = 60
/** What of a long line differs from another. */
function around(line: string, other: string): string {
  let at = 0
  while (at < line.length && line[at] === other[at]) at++
  const from = Math.max(0, at - SHOWN / 2)
  const part = line.slice(from, from + SHOWN)
  return `${from > 0 ? '…' : ''}${part}${from + SHOWN < line.length ? '…' : ''}`
}

import { Readable } from 'node:stream'
import { type CsvError, parse } from 'csv-parse'
import { DataError } from '../errors.ts'
import { ANSWER_COLUMNS } from './columns.ts'
import { outsizedJson } from './outsized-json.ts'
import { PROMPT_LIKE } from './prompt.ts'
import { decodeUtf8, type RawRecord, tooLong } from './raw.ts'
import { looksLikePython } from './text.ts'
import { COMPARED_COLUMNS } from './verdict.ts'

/** The largest record: a cell is copied a few times while it is read. */
const MAX_CSV_BYTES = 32 * 1024 * 1024
/** Columns that a header may name. */
const MAX_COLUMNS = 10_000
/** Cells of one record, whatever they hold: beyond these the file is no table. */
const MAX_CELLS = 2_000_000
/** So often the record is looked at: a byte may be a cell. */
const LOOK_BYTES = 1 << 16
/** Stands for a cell of a record that is too long: the parser bounds a cell, not what they take together. */
const LEFT_OUT = Buffer.alloc(0)

/** Columns that are no text and whose cells may hold a list or an object as JSON; those of text are for the parser of the rows. */
const JSON_COLUMNS = ['solution', 'rewards', 'steps', 'candidates', 'labels']
/** Columns where an empty cell is an empty text; elsewhere it is an absent value. */
const TEXT_COLUMNS: readonly string[] = [
  'prompt',
  'chosen',
  'rejected',
  'completion',
  'ideal',
  ...PROMPT_LIKE,
  ...ANSWER_COLUMNS,
  ...COMPARED_COLUMNS,
]

/**
 * CSV (RFC 4180; a tab or a semicolon where the header has no comma), record by record. Cells are text; JSON messages and lists in text columns
 * are recognised when the row is parsed. `at` is the line on which the record begins. Memory: one record.
 * @param named further columns of text
 */
export async function* readCsv(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  delimiter: string | null,
  named: readonly string[] = [],
): AsyncGenerator<RawRecord> {
  const [head, rest] = await firstLine(chunks)
  const guessed = delimiter === null ? separatorOf(head) : null
  if (/^(?:\xef\xbb\xbf)?\s*[[{]\s*["{]/.test(head))
    throw new DataError(
      'holds JSON, its name says CSV',
      where,
      'Let the name end in .jsonl (a record per line) or .json.',
    )
  const notes = guessed === null || guessed === ',' ? [] : [`separator:${SEPARATORS[guessed]}`]
  const parser = parse({
    encoding: null,
    delimiter: delimiter ?? guessed ?? ',',
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: MAX_CSV_BYTES,
    info: true,
    // records that wait would be all in memory
    ...{ readableHighWaterMark: 1 },
  })
  const skipped: RawRecord[] = []
  let tooLongAt = -1
  parser.on('skip', (error: CsvError) => {
    const at = typeof error.lines === 'number' ? error.lines : 0
    // said again of each part of a record that is too long
    if (error.code === 'CSV_MAX_RECORD_SIZE') {
      if (tooLongAt !== at) skipped.push(tooLong(at, MAX_CSV_BYTES))
      tooLongAt = at
      return
    }
    skipped.push({
      at,
      reason: 'invalid_csv',
      message: `invalid CSV: ${error.message.replace(/, value is .*$/s, '')}`,
      hint: null,
    })
  })
  const source = Readable.from(watched(rest, parser, where))
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let header: readonly string[] | null = null
  try {
    for await (const item of parser) {
      const { record, info } = item as { record: readonly Buffer[]; info: { lines: number } }
      while (skipped.length > 0 && skipped[0]!.at <= info.lines) yield skipped.shift()!
      if (header === null) header = columnNames(record, where)
      else yield recordOf(record, header, info.lines - lineBreaks(record), [...TEXT_COLUMNS, ...named], notes)
    }
  } finally {
    source.destroy()
  }
  yield* skipped
}

/** Of csv-parse: the cells of the record that is being read. */
interface RecordUnderWay {
  readonly state: { readonly record: Buffer[] }
}

/**
 * The chunks, with an eye on the record that they make: the parser bounds a cell, neither their number nor what they take together. The cells
 * of a record that is too long are let go of while it is read.
 * @throws DataError for more cells than a table has
 */
async function* watched(chunks: AsyncIterable<Uint8Array>, parser: unknown, where: string): AsyncGenerator<Uint8Array> {
  const { state } = parser as RecordUnderWay
  for await (const chunk of chunks)
    for (let from = 0; from < chunk.length; from += LOOK_BYTES) {
      checkRecord(state.record, where)
      yield chunk.subarray(from, from + LOOK_BYTES)
    }
}
function checkRecord(record: Buffer[], where: string): void {
  if (record.length > MAX_CELLS)
    throw new DataError(
      `a record has more than ${MAX_CELLS.toLocaleString('en')} cells`,
      where,
      'It is no table, or another character stands between its cells.',
    )
  if (record.length > MAX_COLUMNS || record.reduce((sum, { length }) => sum + length, 0) > MAX_CSV_BYTES)
    record.fill(LEFT_OUT)
}

/** Line breaks inside the cells: the record begins as many lines above its end. */
const lineBreaks = (record: readonly Buffer[]): number => record.reduce((sum, cell) => sum + breaksIn(cell), 0)
function breaksIn(cell: Buffer): number {
  let breaks = 0
  for (let at = cell.indexOf(NEWLINE); at >= 0; at = cell.indexOf(NEWLINE, at + 1)) breaks++
  for (let at = cell.indexOf(RETURN); at >= 0; at = cell.indexOf(RETURN, at + 1)) if (cell[at + 1] !== NEWLINE) breaks++
  return breaks
}
const [NEWLINE, RETURN] = [0x0a, 0x0d]

/** What may stand between the cells of a file that is called CSV, by its name in a note. */
const SEPARATORS = { ',': 'comma', ';': 'semicolon', '\t': 'tab' } as const
const separatorOf = (header: string): keyof typeof SEPARATORS =>
  (Object.keys(SEPARATORS) as (keyof typeof SEPARATORS)[]).find((candidate) => header.includes(candidate)) ?? ','

/** The header's text, for the delimiter, and the stream from its beginning. */
async function firstLine(chunks: AsyncIterable<Uint8Array>): Promise<[string, AsyncIterable<Uint8Array>]> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  const chunk = first.done === true ? new Uint8Array() : first.value
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield chunk
      for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
    } finally {
      await iterator.return?.()
    }
  }
  return [
    Buffer.from(chunk)
      .toString('latin1')
      .split(/[\r\n]/, 1)[0] ?? '',
    all(),
  ]
}

function columnNames(record: readonly Buffer[], where: string): readonly string[] {
  if (record.length > MAX_COLUMNS)
    throw new DataError(
      `the header has ${record.length.toLocaleString('en')} columns, at most ${MAX_COLUMNS.toLocaleString('en')} are read`,
      `${where}:1`,
    )
  const names = record.map((cell) => decodeUtf8(cell)?.trim() ?? '')
  const seen = new Set<string>()
  const twice = names.find((name) => name !== '' && (seen.has(name) || !seen.add(name)))
  if (twice !== undefined) throw new DataError(`the column "${twice}" appears twice in the header`, `${where}:1`)
  return names
}

function recordOf(
  record: readonly Buffer[],
  header: readonly string[],
  at: number,
  textColumns: readonly string[],
  notes: readonly string[],
): RawRecord {
  if (record.length !== header.length)
    return {
      at,
      reason: 'column_count',
      message: `the record has ${record.length} cells, the header has ${header.length}`,
      hint: 'Cells with a comma, a quote or a line break need quotes around them.',
    }
  if (record.includes(LEFT_OUT)) return tooLong(at, MAX_CSV_BYTES)
  const entries: [string, unknown][] = []
  let guarded = false
  for (const [i, name] of header.entries()) {
    const text = decodeUtf8(record[i]!)
    if (text === null)
      return { at, reason: 'invalid_utf8', message: `"${name}" is not UTF-8`, hint: 'Save the file as UTF-8.' }
    if (JSON_COLUMNS.includes(name) && looksLikePython(text))
      return {
        at,
        reason: 'python_literal',
        message: `"${name}" holds a Python list or dict, expected text or JSON`,
        hint: 'Write the column with json.dumps before to_csv.',
      }
    const value = cellValue(text, name, textColumns)
    if (value !== undefined && name !== '') entries.push([name, value])
    guarded ||= typeof value === 'string' && value !== text && textColumns.includes(name)
  }
  const said = guarded ? [...notes, 'formula_guard'] : notes
  return { at, value: Object.fromEntries(entries), ...(said.length > 0 && { notes: said }) }
}

function cellValue(cell: string, name: string, textColumns: readonly string[]): unknown {
  if (cell === '') return textColumns.includes(name) ? '' : undefined
  if (JSON_COLUMNS.includes(name) && /^\s*[[{]/.test(cell)) {
    const value = jsonOrNull(cell)
    if (typeof value === 'object' && value !== null) return value
  }
  return unprefixed(cell)
}

function jsonOrNull(text: string): unknown {
  if (outsizedJson(text) !== null) return null
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Takes off the `'` that guards a cell against being run as a formula, the inverse of our CSV writer. @example unprefixed("'=1") // '=1' */
const unprefixed = (cell: string): string => (/^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell)

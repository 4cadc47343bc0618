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
    info: true,
    // records that wait would be all in memory
    ...{ readableHighWaterMark: 1 },
  })
  const watch = new RecordWatch(parser, where)
  const { skipped } = watch
  parser.on('skip', (error: CsvError) => watch.refuse(error))
  const source = Readable.from(watch.chunks(rest))
  source.on('error', (error) => parser.destroy(error))
  source.pipe(parser)
  let header: readonly string[] | null = null
  try {
    for await (const item of parser) {
      const { record, info } = item as { record: readonly Buffer[]; info: { lines: number } }
      const at = info.lines - lineBreaks(record)
      while (skipped.length > 0 && skipped[0]!.at <= at) {
        const refused = skipped.shift()!
        yield withItsLines(refused, Math.min(at, skipped[0]?.at ?? at) - 1)
      }
      if (header === null) header = columnNames(record, where)
      else yield recordOf(record, header, at, [...TEXT_COLUMNS, ...named], notes)
    }
  } finally {
    source.destroy()
  }
  yield* skipped.map((refused, i) => withItsLines(refused, (skipped[i + 1]?.at ?? refused.at + 1) - 1))
}

/** Lines that a record took which is not read: a quote in the wrong place takes the rows up to the next one. */
const withItsLines = (refused: Refused, last: number): Refused =>
  last > refused.at ? { ...refused, message: `${refused.message}; it reaches to line ${last}` } : refused

type Refused = Extract<RawRecord, { readonly reason: string }>

/** Of csv-parse: the record that is being read. */
interface UnderWay {
  readonly state: {
    readonly record: Buffer[]
    /** The cell under way; toString gives bytes where the encoding is null. */
    readonly field: { readonly length: number; toString(encoding: null): Buffer; reset(): void }
    /** The record is dropped at its end. */
    recordHasError: boolean
  }
  readonly info: { readonly lines: number }
}

/**
 * An eye on the record that the chunks make: csv-parse bounds a cell, but reads no further once one is too long (7.0.3), and neither the number
 * of cells nor what they take together. What a record that is too long holds is let go of while it is read; those behind it are read.
 */
class RecordWatch {
  readonly #parser: UnderWay
  /** The last record that is refused; each has an array of its own. */
  #refused: readonly Buffer[] | null = null

  /** What is refused, and not yet said. */
  readonly skipped: Refused[] = []

  constructor(
    parser: unknown,
    readonly where: string,
  ) {
    this.#parser = parser as UnderWay
  }

  /** The parser says what is wrong with a record, of one perhaps several times. */
  refuse({ code, message }: CsvError): void {
    this.#refuse('invalid_csv', `invalid CSV: ${message.replace(/, value is .*$/s, '')}`)
    if (code !== 'CSV_QUOTE_NOT_CLOSED') return
    const last = this.skipped.pop()
    if (last !== undefined) this.skipped.push({ ...last, message: `${last.message}; it takes all that follows` })
  }

  /** @throws DataError for more cells than a table has */
  async *chunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks)
      for (let from = 0; from < chunk.length; from += LOOK_BYTES) {
        this.#look()
        yield chunk.subarray(from, from + LOOK_BYTES)
      }
    this.#look()
  }

  #look(): void {
    const { state } = this.#parser
    const { record, field } = state
    if (record.length > MAX_CELLS)
      throw new DataError(
        `a record has more than ${MAX_CELLS.toLocaleString('en')} cells`,
        this.where,
        'It is no table, or another character stands between its cells.',
      )
    if (record.reduce((sum, { length }) => sum + length, field.length) > MAX_CSV_BYTES) {
      const { reason, message } = tooLong(0, MAX_CSV_BYTES)
      this.#refuse(reason, message)
      state.recordHasError = true
      field.reset()
      record.fill(LEFT_OUT)
    }
    if (record.length > MAX_COLUMNS) record.fill(LEFT_OUT)
  }

  #refuse(reason: string, message: string): void {
    const { state, info } = this.#parser
    if (state.record === this.#refused) return
    this.#refused = state.record
    this.skipped.push({
      at: info.lines - lineBreaks([...state.record, state.field.toString(null)]),
      reason,
      message,
      hint: null,
    })
  }
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

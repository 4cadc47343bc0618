import { DataError } from '../errors.ts'
import type { Row, RowFailure } from '../types.ts'
import { type ColumnNames, NamedColumns } from './columns.ts'
import { isFailure } from './failure.ts'
import { type DataFile, listDataFiles } from './files.ts'
import { type TypeFilter, typeFilter } from './filters.ts'
import { SeenIds } from './ids.ts'
import { readRecords } from './open.ts'
import { type Place, parseRecord } from './parse.ts'
import type { RawRecord } from './raw.ts'
import type { Cut } from './shard.ts'

export interface ReadOptions {
  /** Which files of a folder, which list of a JSON object. */
  readonly split?: string | null
  /** `--filter`: over problem types and subsets. */
  readonly filters?: readonly string[]
  /** At most so many usable rows, taken before the shard, so that the shards of a limited run are the limited run. */
  readonly limit?: number | null
  /** Rows of this shard (from 1) of a cut alone. */
  readonly shard?: { readonly cut: Cut; readonly index: number } | null
  /** Rows without a completion are usable (prompts to be completed). */
  readonly prompts?: boolean
  /** Columns that were named for a part of the row (`--prompt-column` …). */
  readonly columns?: ColumnNames
}

/**
 * The rows of a data set in order, streamed: a file, a folder, or files. A record that is no row comes as a `RowFailure`
 * in its place. Memory: one record (Parquet: one row group) and 34–69 bytes per row for the ids.
 *
 * The default id and the kind of row (pair, group, single) do not depend on filter, limit or shard. A failed record belongs to the shard
 * of its id, else of its place.
 * @throws DataError for a file that cannot be read, rows of several kinds, duplicate ids (after the last row), no usable row, a named column that no record has
 */
export const readRows = (
  source: string | readonly string[],
  options: ReadOptions = {},
): AsyncGenerator<Row | RowFailure> => {
  const { prompts = false, columns = {} } = options
  return readRowsAs(
    source,
    options,
    (value, place) => parseRecord(value, place, { prompts, columns }),
    ({ kind }) => kind,
  )
}

/**
 * The same of rows of another form: steps, rationales.
 * @param parse one record as a row, or why it is none; never throws for bad data
 * @param formOf what a row is, in a word: rows of a data set are all of one form
 */
export async function* readRowsAs<R extends Row>(
  source: string | readonly string[],
  options: Omit<ReadOptions, 'prompts'>,
  parse: (value: unknown, place: Place) => R | RowFailure,
  formOf: (row: R) => string,
): AsyncGenerator<R | RowFailure> {
  const { split = null, filters = [], limit = null, shard = null, columns = {} } = options
  const files = await listDataFiles(source, split)
  const place =
    files.length === 1
      ? files[0]!.path
      : typeof source === 'string'
        ? source
        : files.map((file) => file.path).join(', ')
  const census = new Census(typeFilter(filters))
  const ids = new SeenIds()
  const named = new NamedColumns(columns)
  let first: R | null = null
  for await (const { file, raw, number } of numbered(files, split, columns)) {
    if (limit !== null && census.kept >= limit) break
    if ('value' in raw) named.see(raw.value)
    const row = rowOf(raw, file, number, parse)
    if (isFailure(row)) {
      census.failed(row)
      if (shard === null || shard.cut.shardOfFailure(row) === shard.index) yield row
      continue
    }
    first ??= row
    if (formOf(row) !== formOf(first))
      throw new DataError(
        `a ${formOf(row)} row among ${formOf(first)} rows (the first is ${first.where})`,
        row.where,
        'Put rows of different kinds into files of their own.',
      )
    ids.add(row.id, number)
    if (census.keeps(row) && (shard === null || shard.cut.shardOf(row) === shard.index)) yield row
  }
  named.check(place)
  ids.check(place)
  if (limit !== 0) census.check(place, filters)
}

/** The records of all files, numbered from 1 over the whole data set. */
async function* numbered(
  files: readonly DataFile[],
  split: string | null,
  columns: ColumnNames,
): AsyncGenerator<{ file: DataFile; raw: RawRecord; number: number }> {
  let number = 0
  for (const file of files)
    for await (const raw of readRecords(file, split, columns)) yield { file, raw, number: ++number }
}

function rowOf<R extends Row>(
  raw: RawRecord,
  file: DataFile,
  number: number,
  parse: (value: unknown, place: Place) => R | RowFailure,
): R | RowFailure {
  const where = `${file.name}:${raw.at}`
  if ('reason' in raw) return { where, id: null, reason: raw.reason, message: raw.message, hint: raw.hint }
  const row = parse(raw.value, { where, number })
  if (raw.notes === undefined || isFailure(row) || row.reading === undefined) return row
  return { ...row, reading: { ...row.reading, notes: [...row.reading.notes, ...raw.notes] } }
}

/** Counts what the reader saw, to say why nothing is left. */
class Census {
  kept = 0
  #usable = 0
  #failures = 0
  #firstFailure: RowFailure | null = null
  #names = new Set<string>()
  readonly #filter: TypeFilter

  constructor(filter: TypeFilter) {
    this.#filter = filter
  }
  failed(failure: RowFailure): void {
    this.#failures++
    this.#firstFailure ??= failure
  }
  keeps(row: Row): boolean {
    this.#usable++
    if (this.#names.size < 20) for (const name of [row.problemType, row.subset]) if (name) this.#names.add(name)
    const keep = this.#filter([row.problemType, row.subset])
    if (keep) this.kept++
    return keep
  }
  check(where: string, filters: readonly string[]): void {
    if (this.kept > 0) return
    const failure = this.#firstFailure
    if (this.#usable > 0)
      throw new DataError(
        `no row passes --filter ${filters.join(' ')}`,
        where,
        this.#names.size > 0 ? `There are ${[...this.#names].join(', ')}.` : 'No row has a problem type or a subset.',
      )
    if (failure === null) throw new DataError('there is no row', where)
    throw new DataError(
      `none of the ${this.#failures} records is usable; the first, ${failure.where}: ${failure.message}`,
      where,
      failure.hint,
    )
  }
}

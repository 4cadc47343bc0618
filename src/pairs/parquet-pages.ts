import { crc32 } from 'node:zlib'
import type { ColumnChunk, PageHeader, RowGroup, SchemaTree } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { checkRowCount } from './amplified.ts'
import { codecs } from './parquet-codecs.ts'
import { checkValues, type Levels } from './parquet-values.ts'

/**
 * What a Parquet file says of a row group, checked against its pages before a value is decoded: the file is untrusted, and the decoder
 * believes lengths and counts. A checksum that a page has is computed (pyarrow: write_page_checksum=True); other altered values cannot
 * be told from true ones.
 */

/** Decoded bytes of the largest row group that is read; the row group is what has to fit into memory. */
export const MAX_ROW_GROUP_BYTES = 2 * 1024 ** 3
/** Rows times columns of one row group: a page of a few bytes may stand for a thousand million nulls. */
const MAX_CELLS = 50_000_000
/** Rows of one row group; pandas, pyarrow, polars and DuckDB write a million or less. */
const MAX_ROWS = 2_000_000
/** A row group that decodes to no more is read however well it is packed. */
const FREE_BYTES = 256 * 1024 ** 2
/** Text packs to a fifth or a tenth. */
const MAX_RATIO = 200
/** Nested columns of a schema; data sets have three or four. */
const MAX_SCHEMA_DEPTH = 50

/** The row group cannot be read, but could be if it were written otherwise. */
export class TooLarge extends Error {}

const said = (count: number): string => count.toLocaleString('en')

/** One column of a row group as it lies in the file. */
export interface Chunk {
  readonly name: string
  readonly start: number
  readonly end: number
  /** Values, nulls among them, of all data pages. */
  readonly values: number
  /** One value a row. */
  readonly flat: boolean
  readonly codec: string
  readonly levels: Levels
}

/**
 * The columns of a row group.
 * @throws Error where they are not those of the schema, or lie outside the file; TooLarge
 */
export function chunksOf(group: RowGroup, tree: SchemaTree, fileBytes: number): readonly Chunk[] {
  const rows = Number(group.num_rows)
  if (!Number.isSafeInteger(rows) || rows < 0) throw new Error(`it says ${String(group.num_rows)} rows`)
  const leaves = leavesOf(tree, { repetition: 0, definition: 0 }, 0)
  const chunks = group.columns.map((column) => chunkOf(column, leaves, fileBytes))
  const lacking = [...leaves.keys()].filter((name) => !chunks.some((chunk) => chunk.name === name))
  if (lacking.length > 0 || chunks.length !== leaves.size)
    throw new Error(`it has ${chunks.length} columns, the schema ${leaves.size}`)
  const bytes = group.columns.reduce((sum, column) => sum + Number(column.meta_data!.total_uncompressed_size), 0)
  checkBytes(bytes)
  const cells = Math.max(rows * chunks.length, ...chunks.map(({ values }) => values))
  if (cells > MAX_CELLS)
    throw new TooLarge(`has ${said(rows)} rows of ${chunks.length} columns, at most ${said(MAX_CELLS)} values are read`)
  if (rows > MAX_ROWS) throw new TooLarge(`has ${said(rows)} rows, at most ${said(MAX_ROWS)} are read`)
  for (const { name, flat, values } of chunks)
    if (flat && values !== rows) throw new Error(`column "${name}" has ${said(values)} values for ${said(rows)} rows`)
  return chunks
}

/**
 * Rows without bytes would be failures without end.
 * @throws Error where the row groups say more rows than such a file can hold
 */
export function checkRows(groups: readonly RowGroup[], fileBytes: number): void {
  const rows = groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  checkRowCount(rows, fileBytes)
}

/** All columns of a row group together. @throws Error, TooLarge */
export function checkGroup(decoded: number, packed: number): void {
  checkBytes(decoded)
  if (decoded > FREE_BYTES && decoded > MAX_RATIO * packed)
    throw new Error(`${said(packed)} bytes say that they decode to ${said(decoded)}`)
}

function checkBytes(bytes: number): void {
  if (!(bytes <= MAX_ROW_GROUP_BYTES))
    throw new TooLarge(`decodes to ${said(bytes)} bytes, the limit is ${said(MAX_ROW_GROUP_BYTES)}`)
}

/** Physical columns by their path. */
function leavesOf(node: SchemaTree, above: Levels, depth: number): Map<string, Levels> {
  if (depth > MAX_SCHEMA_DEPTH) throw new Error(`its schema is nested more than ${MAX_SCHEMA_DEPTH} deep`)
  const kind = depth === 0 ? 'REQUIRED' : node.element.repetition_type
  const own = {
    repetition: above.repetition + (kind === 'REPEATED' ? 1 : 0),
    definition: above.definition + (kind === 'REQUIRED' ? 0 : 1),
  }
  if (node.children.length === 0) return new Map(depth === 0 ? [] : [[node.path.join('.'), own]])
  const leaves = new Map<string, Levels>()
  for (const child of node.children)
    for (const [name, levels] of leavesOf(child, own, depth + 1)) {
      if (leaves.has(name)) throw new Error(`its schema has the column "${name}" twice`)
      leaves.set(name, levels)
    }
  return leaves
}

function chunkOf(
  { file_path, meta_data: meta }: ColumnChunk,
  leaves: ReadonlyMap<string, Levels>,
  fileBytes: number,
): Chunk {
  if (file_path) throw new Error('a column lies in another file')
  if (!meta) throw new Error('a column has no metadata')
  const name = meta.path_in_schema.join('.')
  const levels = leaves.get(name)
  if (levels === undefined) throw new Error(`column "${name}" is not in the schema`)
  const start = Number(meta.dictionary_page_offset || meta.data_page_offset)
  const end = start + Number(meta.total_compressed_size)
  if (!(Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 4 && end >= start && end <= fileBytes - 8))
    throw new Error(`column "${name}" lies outside the file`)
  const values = Number(meta.num_values)
  if (!Number.isSafeInteger(values) || values < 0)
    throw new Error(`column "${name}" says ${String(meta.num_values)} values`)
  // neither a list nor inside one
  return { name, start, end, values, flat: levels.repetition === 0, codec: meta.codec, levels }
}

/**
 * Walks the pages of one column.
 * @param bytes those of the column
 * @returns decoded bytes
 * @throws Error where the pages do not fill the column, hold another number of values, or differ from their checksum
 */
export function checkPages({ name, values, codec, levels }: Chunk, bytes: ArrayBuffer): number {
  const reader = { view: new DataView(bytes), offset: 0 }
  const fail = (what: string): Error => new Error(`column "${name}": ${what}`)
  let found = 0
  let decoded = 0
  while (reader.offset < bytes.byteLength) {
    const header = parquetHeader(reader)
    const { compressed_page_size: size, uncompressed_page_size: plain, crc } = header
    if (!isSize(size) || !isSize(plain) || reader.offset + size > bytes.byteLength)
      throw fail('a page ends outside of it')
    if (crc !== undefined && crc >>> 0 !== crc32(new Uint8Array(bytes, reader.offset, size)))
      throw fail('a page differs from its checksum')
    const count = countOf(header)
    if (!isSize(count)) throw fail('a page without a count of its values')
    if (isDictionary(header) && count > plain) throw fail('a dictionary with more entries than bytes')
    // pandas writes categories that no row has, too
    if (isDictionary(header) && count > Math.max(values, MAX_ROWS))
      throw fail(`a dictionary of ${said(count)} entries for ${said(values)} values`)
    if (!isDictionary(header)) found += count
    const add = (more: number): void => {
      decoded += more
      checkBytes(decoded)
      if (decoded > FREE_BYTES && decoded > MAX_RATIO * bytes.byteLength)
        throw fail(`${said(bytes.byteLength)} bytes say that they decode to ${said(decoded)}`)
    }
    add(plain)
    try {
      checkValues(header, new Uint8Array(bytes, reader.offset, size), codec, levels, codecs, add)
    } catch (cause) {
      // what is no error of ours: it reads behind the page's end
      throw cause instanceof RangeError ? fail('a page ends in the middle') : cause
    }
    reader.offset += size
  }
  if (found !== values) throw fail(`its pages hold ${said(found)} values, its metadata say ${said(values)}`)
  return decoded
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isDictionary = ({ type }: PageHeader): boolean => type === 'DICTIONARY_PAGE'
const countOf = (header: PageHeader): number | undefined =>
  (header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header)?.num_values

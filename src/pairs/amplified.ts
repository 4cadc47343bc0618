/**
 * What a small file of columns (Parquet, Arrow) may become: a value that stands once may be that of every row, so that a kilobyte is a million
 * rows of a megabyte each. A gzipped file has its own limit (unpacked.ts).
 */

/** Rows that a file may say it has, however few bytes they take. */
const FREE_ROWS = 200_000
/** A row that can be used takes a quarter of a byte at least; columns of one value take next to none. */
const MAX_ROWS_PER_BYTE = 4
/** Characters of text of a file that may be however small. */
const FREE_CHARS = 64 * 1024 ** 2
/** A long prompt that all rows share stands once for 10,000 rows of 500 bytes; it may make them a hundred times as long. */
const MAX_CHARS_PER_BYTE = 1000

const said = (count: number): string => count.toLocaleString('en')

/** @throws Error where it says more rows than such a file can hold: they would be failures without end */
export function checkRowCount(rows: number, fileBytes: number): void {
  if (rows > FREE_ROWS && rows > MAX_ROWS_PER_BYTE * fileBytes)
    throw new Error(`it says ${said(rows)} rows in ${said(fileBytes)} bytes`)
}

/** Counts the texts of a file's rows. */
export class TextLength {
  #chars = 0
  constructor(readonly fileBytes: number) {}

  /** @throws Error where they are more than such a file can hold */
  add(record: unknown): void {
    this.#chars += lengthOf(record)
    if (this.#chars > FREE_CHARS && this.#chars > MAX_CHARS_PER_BYTE * this.fileBytes)
      throw new Error(`its ${said(this.fileBytes)} bytes hold more than ${said(MAX_CHARS_PER_BYTE)} characters each`)
  }
}

/** Of all texts of a value. */
function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 0
  let length = 0
  for (const one of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) length += lengthOf(one)
  return length
}

import type { Cell } from './csv.ts'

/** Rows of a table: an array of them, or what makes them when they are read. */
export interface CellRows extends Iterable<readonly Cell[]> {
  readonly length: number
  map<T>(of: (row: readonly Cell[]) => T): T[]
}

type Values = Int32Array | Float64Array
/**
 * One column: whole numbers until there is another number; words as places in a list. In pieces, so that nothing is copied when it grows.
 * null = no cell has had a value.
 */
type Column = readonly Values[] | null
const NO_INTEGER = -(2 ** 31)
const FIRST_ROWS = 64
/** Rows of a piece: 2 ** this. The first one alone begins smaller. */
const PIECE_BITS = 16
const PIECE_ROWS = 2 ** PIECE_BITS

/** What of PackedRows goes to another thread; its memory is handed over, not copied. */
export interface PackedParts {
  readonly length: number
  readonly columns: readonly Column[]
  readonly isWords: readonly boolean[]
  readonly words: readonly string[]
}

/**
 * Rows as columns, for tables of millions of rows: 4 bytes per word and whole number, 8 per other number, and each word once. A column
 * holds numbers or words, not both; any cell may be null.
 */
export class PackedRows implements CellRows {
  #length = 0
  readonly #columns: (Values[] | null)[]
  readonly #isWords: boolean[]
  readonly #words: string[]
  /** Only where rows are added. */
  #codes: Map<string, number> | null = null

  /** @param columns how many cells a row has */
  constructor(columns: number, of: PackedParts | null = null) {
    this.#length = of?.length ?? 0
    this.#columns = Array.from({ length: columns }, (_, c) => {
      const column = of?.columns[c] ?? null
      return column === null ? null : [...column]
    })
    this.#isWords = of === null ? Array.from({ length: columns }, () => false) : [...of.isWords]
    this.#words = of === null ? [] : [...of.words]
  }
  static of(columns: number, rows: Iterable<readonly Cell[]>): PackedRows {
    const packed = new PackedRows(columns)
    for (const row of rows) packed.push(row)
    return packed
  }

  get length(): number {
    return this.#length
  }

  /** @throws RangeError for a NaN or an infinity (absent is null), and for a number among words */
  push(row: readonly Cell[]): void {
    const at = this.#length++
    for (let c = 0; c < this.#columns.length; c++) {
      const cell = row[c]!
      if (cell === null) continue
      if (typeof cell === 'number' && !Number.isFinite(cell))
        throw new RangeError(`a ${cell} in a table; absent values are null with a reason`)
      this.#pieceFor(c, cell, at)[at % PIECE_ROWS] = typeof cell === 'string' ? this.#codeOf(cell) : cell
    }
  }

  row(i: number): Cell[] {
    return this.#columns.map((_, c) => this.cell(i, c))
  }
  /** @param c number of the column */
  cell(i: number, c: number): Cell {
    const piece = this.#columns[c]?.[i >>> PIECE_BITS]
    const value = piece?.[i % PIECE_ROWS] ?? Number.NaN
    if (Number.isNaN(value) || (piece instanceof Int32Array && value === NO_INTEGER)) return null
    return this.#isWords[c] ? this.#words[value]! : value
  }

  *[Symbol.iterator](): Generator<Cell[]> {
    for (let i = 0; i < this.#length; i++) yield this.row(i)
  }

  map<T>(of: (row: readonly Cell[]) => T): T[] {
    return Array.from({ length: this.#length }, (_, i) => of(this.row(i)))
  }

  /** Without the room that was kept for more rows. */
  parts(): PackedParts {
    return {
      length: this.#length,
      columns: this.#columns.map(
        (column) =>
          column?.map((piece, p) => {
            const rows = this.#length - p * PIECE_ROWS
            return rows < piece.length ? piece.slice(0, rows) : piece
          }) ?? null,
      ),
      isWords: this.#isWords,
      words: this.#words,
    }
  }

  /** The piece with room for the row, of a kind that can hold the cell. */
  #pieceFor(c: number, cell: string | number, at: number): Values {
    const words = typeof cell === 'string'
    let column = this.#columns[c] ?? null
    if (column === null) this.#isWords[c] = words
    else if (this.#isWords[c] !== words) throw new RangeError(`column ${c} holds words and numbers`)
    column ??= [new Int32Array(0)]
    const whole = words || (cell === (cell | 0) && cell !== NO_INTEGER && !Object.is(cell, -0))
    if (!whole && column[0] instanceof Int32Array) column = column.map(doubles)
    this.#columns[c] = column
    const place = at >>> PIECE_BITS
    // it may have had nothing for many rows
    for (let p = column.length - 1; p <= place; p++) {
      const piece = column[p] ?? column[0]!.slice(0, 0)
      const least = p < place ? PIECE_ROWS : Math.max(FIRST_ROWS, (at % PIECE_ROWS) + 1)
      const size = p === 0 && place === 0 ? 2 ** Math.ceil(Math.log2(least)) : PIECE_ROWS
      column[p] = piece.length >= least ? piece : grown(piece, size)
    }
    return column[place]!
  }

  #codeOf(word: string): number {
    this.#codes ??= new Map(this.#words.map((known, i) => [known, i]))
    const known = this.#codes.get(word)
    if (known !== undefined) return known
    this.#codes.set(word, this.#words.length)
    return this.#words.push(word) - 1
  }
}

function grown(old: Values, size: number): Values {
  const values =
    old instanceof Int32Array ? new Int32Array(size).fill(NO_INTEGER) : new Float64Array(size).fill(Number.NaN)
  values.set(old)
  return values
}

const doubles = (old: Values): Float64Array =>
  Float64Array.from(old, (value) => (value === NO_INTEGER ? Number.NaN : value))

/** Rows that are made anew each time they are read, where what they are made of is smaller than they. */
export class MadeRows implements CellRows {
  readonly length: number
  readonly #make: () => Iterable<readonly Cell[]>
  /** @param length how many rows `make` gives */
  constructor(length: number, make: () => Iterable<readonly Cell[]>) {
    this.length = length
    this.#make = make
  }
  [Symbol.iterator](): Iterator<readonly Cell[]> {
    return this.#make()[Symbol.iterator]()
  }
  map<T>(of: (row: readonly Cell[]) => T): T[] {
    return Array.from(this.#make(), of)
  }
}

import { createHash } from 'node:crypto'
import { DataError, UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { visibleName } from '../visible-text.ts'
import { checkName } from './characters.ts'
import { BadRecord, README_HINT } from './failure.ts'

/** The parts of a row whose column can be named. */
export const NAMED_PARTS = ['prompt', 'chosen', 'rejected', 'id', 'subset'] as const
export type NamedPart = (typeof NAMED_PARTS)[number]
/** `--prompt-column` and its like: part → column. */
export type ColumnNames = Readonly<Partial<Record<NamedPart, string>>>

/** @throws UsageError where one column would be two parts of a row */
export function checkColumnNames(names: ColumnNames): void {
  const parts = new Map<string, NamedPart>()
  for (const part of NAMED_PARTS) {
    const name = names[part] ?? part
    const other = parts.get(name)
    if (other !== undefined && (names[part] !== undefined || names[other] !== undefined))
      throw new UsageError(
        `the column "${name}" would be the ${other} and the ${part}`,
        `--${names[part] === undefined ? other : part}-column`,
        `Name another column for the ${names[part] === undefined ? part : other} too.`,
      )
    parts.set(name, part)
  }
}

/**
 * What tells data apart whose rows were read by other columns: the hash of the bytes, or, where columns were named, SHA-256 of
 * `<sha256>  <part> <column>\n …` in the order of the parts.
 */
export function rowsSha256(bytes: string, names: ColumnNames): string {
  const lines = NAMED_PARTS.flatMap((part) => (names[part] === undefined ? [] : [`${bytes}  ${part} ${names[part]}\n`]))
  return lines.length === 0 ? bytes : createHash('sha256').update(lines.join('')).digest('hex')
}

/** Two columns that stand for `chosen` and `rejected` where neither is there. */
const ANSWERS = [
  ['chosen_response', 'rejected_response'],
  ['preferred_output', 'non_preferred_output'],
] as const
export const ANSWER_COLUMNS: readonly string[] = ANSWERS.flat()

/**
 * The columns of one record by the part they play. A column that was named for a part stands under the part's name; null counts as
 * absent.
 */
export class Columns {
  readonly #values = new Map<string, unknown>()
  /** Columns under the name of a part that another column plays. */
  readonly #replaced: [string, unknown][] = []
  /** Columns that stand there and hold null. */
  readonly #nulls = new Set<string>()
  readonly #sources = new Map<string, string>()

  constructor(record: Readonly<Record<string, unknown>>, names: ColumnNames = {}) {
    for (const name of Object.keys(record)) {
      checkName(name, visibleName(name))
      const value = record[name]
      if (value === null || value === undefined) this.#nulls.add(name)
      else this.#values.set(name, value)
    }
    this.#rename(names)
    if (this.has('chosen') || this.has('rejected')) return
    for (const [chosen, rejected] of ANSWERS) {
      if (this.has('chosen') || !this.has(chosen) || !this.has(rejected)) continue
      this.#move(chosen, 'chosen')
      this.#move(rejected, 'rejected')
    }
  }

  #rename(names: ColumnNames): void {
    const named = Object.entries(names) as [NamedPart, string][]
    const found = named.map(([part, name]) => [part, name, this.#values.get(name)] as const)
    for (const [, name] of named) this.#values.delete(name)
    for (const [part, name, value] of found) {
      if (name !== part && this.#values.has(part)) this.#replaced.push([part, this.#values.get(part)])
      this.#values.delete(part)
      if (value === undefined) continue
      this.#values.set(part, value)
      this.#sources.set(part, name)
    }
  }

  #move(name: string, part: string): void {
    this.#values.set(part, this.#values.get(name))
    this.#values.delete(name)
    this.#sources.set(part, name)
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }
  get(name: string): unknown {
    return this.#values.get(name)
  }
  /** Whether the record has the column, if only with null in it. */
  stands(name: string): boolean {
    return this.#values.has(name) || this.#nulls.has(name)
  }
  /** The column's own name, for messages. */
  source(part: string): string {
    return this.#sources.get(part) ?? part
  }
  names(): string[] {
    return [...this.#values.keys()]
  }
  /** What is not read: every column but these. */
  rest(read: ReadonlySet<string>): [string, unknown][] {
    const unread = [...this.#values].filter(([name]) => !read.has(name) && !read.has(this.source(name)))
    return [...unread, ...this.#replaced]
  }
}

/** @throws BadRecord where a record lacks a column that was named; a missing subset is none */
export function requireNamed(record: Readonly<Record<string, unknown>>, names: ColumnNames): void {
  for (const [part, name] of Object.entries(names)) {
    const value = Object.hasOwn(record, name) ? record[name] : undefined
    if (part === 'subset' || (value !== null && value !== undefined)) continue
    const meant = Object.hasOwn(record, name) ? null : nearest(name, Object.keys(record))
    throw new BadRecord(
      'missing_column',
      Object.hasOwn(record, name) ? `"${name}" is null` : `"${name}" is missing`,
      meant === null ? README_HINT : `Is "${meant}" meant?`,
    )
  }
}

const LISTED = 40

/** Notices a column that was named and that no record has: a misspelt name. */
export class NamedColumns {
  readonly #missing: Map<NamedPart, string>
  readonly #seen = new Set<string>()
  #records = 0

  constructor(names: ColumnNames) {
    this.#missing = new Map(Object.entries(names) as [NamedPart, string][])
  }
  see(record: unknown): void {
    if (this.#missing.size === 0 || typeof record !== 'object' || record === null) return
    this.#records++
    for (const [part, name] of this.#missing) if (Object.hasOwn(record, name)) this.#missing.delete(part)
    if (this.#seen.size < LISTED) for (const name of Object.keys(record)) this.#seen.add(name)
  }
  /** @throws DataError naming the columns that there are */
  check(where: string): void {
    if (this.#records === 0) return
    for (const [part, name] of this.#missing) {
      const seen = [...this.#seen]
      const meant = nearest(name, seen)
      throw new DataError(
        `no record has the column "${name}" (--${part}-column)`,
        where,
        `${meant === null ? '' : `Is "${meant}" meant? `}The columns are ${seen.slice(0, LISTED).join(', ') || 'none'}.`,
      )
    }
  }
}

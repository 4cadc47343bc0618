import { markdownText } from '../visible-text.ts'
import { MIN_CLUSTERS } from './strata.ts'

/** A cell of a paper table. */
export type TableCell =
  | {
      readonly kind: 'text'
      readonly text: string
      /** A count, set to the right. Default false. */
      readonly figure?: boolean
    }
  | {
      readonly kind: 'number'
      readonly value: number | null
      readonly low?: number | null
      readonly high?: number | null
      /** Digits after the point; default 3. */
      readonly digits?: number
      /** Shown times 100; default false. */
      readonly percent?: boolean
      /** † behind the value: fewer prompts than can be read. */
      readonly few?: boolean
      /** Neither the best nor what the best is held against: an ensemble's. Default false. */
      readonly aside?: boolean
    }
export interface TableColumn {
  readonly title: string
  /** Which value is best: set in bold. */
  readonly best?: 'high' | 'low'
  /**
   * Where LaTeX leaves the column out to save width, and the sentence that says what it would have: when every cell is `zero` or `one` (100 %),
   * or prints the `same` as another column. A column without any value is left out anyway.
   */
  readonly spare?: { readonly when: 'zero' | 'one' | { readonly same: number }; readonly note: string }
  /** Repeated where a table is cut into several by its columns. The first column always is. */
  readonly key?: boolean
}
/** A table with what is printed over it (n, weights and † under it). */
export interface PaperTable {
  readonly name: string
  readonly caption: string
  /** How the intervals were made, a sentence of the caption; left out where there is none. */
  readonly intervals?: string
  /** The CSV file that has the same numbers, and more. */
  readonly source: string
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly TableCell[])[]
  /** Rows that stand below a rule (totals), or below a heading of their own. */
  readonly breaks?: readonly { readonly before: number; readonly title?: string }[]
  readonly notes: readonly string[]
  /** The best stands in a column (default), or, in a transposed table, in a row of these. */
  readonly bestOfRows?: ReadonlySet<number>
}

export const text = (value: string): TableCell => ({ kind: 'text', text: value })
export const figure = (value: string): TableCell => ({ kind: 'text', text: value, figure: true })
export const count = (value: number): TableCell => figure(value.toLocaleString('en-US'))
/** A proportion in per cent with its interval. */
export const percent = (
  value: number | null,
  interval: { readonly low: number; readonly high: number } | null = null,
  few = false,
): TableCell => ({
  kind: 'number',
  value,
  low: interval?.low ?? null,
  high: interval?.high ?? null,
  digits: 1,
  percent: true,
  few,
})
export const decimal = (value: number | null, digits = 3, few = false): TableCell => ({
  kind: 'number',
  value,
  digits,
  few,
})
/** @example captionOf({ caption: 'Accuracy.', intervals: '95 % …' }) // 'Accuracy. 95 % …' */
const captionOf = ({ caption, intervals }: PaperTable): string =>
  intervals === undefined ? caption : `${caption} ${intervals}`
/**
 * The sentence of a caption that says how intervals were made.
 * @param usual ci_method of most rows
 * @param found ci_method of every row that the table shows; null and 'none: …' have no interval
 */
export function intervalSentence(usual: string, found: readonly (string | null)[] = []): string {
  const others = [...new Set(found)].filter(
    (method) => method !== null && method !== usual && !method.startsWith('none'),
  )
  const main = found.length > 0 && !found.includes(usual) && others.length > 0 ? others.splice(0, 1)[0]! : usual
  return `In brackets 95 % intervals: ${[main, ...others.map((other) => `for some, ${other}`)].join('; ')}.`
}

type NumberCell = Extract<TableCell, { kind: 'number' }>
/** What is printed of a number: rounded once, so that equal prints are equally best. */
export function printed(cell: NumberCell): { value: string | null; low: string | null; high: string | null } {
  const scale = cell.percent === true ? 100 : 1
  const print = (v: number): string => (v * scale).toFixed(cell.digits ?? 3).replace(/^-(0(?:\.0+)?)$/, '$1')
  const { value, low = null, high = null } = cell
  const both = low !== null && high !== null
  return {
    value: value === null ? null : print(value),
    low: both ? print(low) : null,
    high: both ? print(high) : null,
  }
}

/** Places in `cells` whose printed value is the best; none where all are equal or there is one. */
function bestOf(cells: readonly (TableCell | undefined)[], best: 'high' | 'low'): number[] {
  const values = cells.map((cell) => {
    if (cell?.kind !== 'number' || cell.aside === true) return null
    const { value } = printed(cell)
    return value === null ? null : Number(value)
  })
  const present = values.filter((v): v is number => v !== null)
  if (present.length < 2 || new Set(present).size === 1) return []
  const top = best === 'high' ? Math.max(...present) : Math.min(...present)
  return values.flatMap((v, i) => (v === top ? [i] : []))
}

/** Which cells are set in bold. @returns whether that of row and column is */
export function bestCells(table: PaperTable): (row: number, column: number) => boolean {
  const { columns, rows, bestOfRows } = table
  const marked = new Set<string>()
  if (bestOfRows === undefined)
    columns.forEach(({ best }, c) => {
      if (best === undefined) return
      const cells = rows.map((row) => row[c])
      for (const r of bestOf(cells, best)) marked.add(`${r} ${c}`)
    })
  else
    for (const r of bestOfRows) {
      const cells = rows[r]!.map((cell, c) => (columns[c]!.best === undefined ? undefined : cell))
      for (const c of bestOf(cells, 'high')) marked.add(`${r} ${c}`)
    }
  return (row, column) => marked.has(`${row} ${column}`)
}

/** A column of numbers or counts is set to the right, a word in place of one (a dash) too. */
export const isRight = ({ rows }: PaperTable, column: number): boolean =>
  rows.some((row) => row[column]?.kind === 'number' || (row[column]?.kind === 'text' && row[column].figure === true))

/** The line that says what † is, where it stands in the table. */
export const daggerNotes = ({ rows }: Pick<PaperTable, 'rows'>): string[] =>
  rows.some((row) => row.some((cell) => cell.kind === 'number' && cell.few === true && cell.value !== null))
    ? [`† fewer than ${MIN_CLUSTERS} prompts.`]
    : []

const escapeMarkdown = (value: string): string => markdownText(value).replaceAll('_', '\\_')
export function markdownTable(table: PaperTable): string {
  const isBest = bestCells(table)
  const cellOf = (cell: TableCell, r: number, c: number): string => {
    if (cell.kind === 'text') return escapeMarkdown(cell.text)
    const { value, low, high } = printed(cell)
    if (value === null) return '—'
    return `${isBest(r, c) ? `**${value}**` : value}${cell.few === true ? '†' : ''}${low === null ? '' : ` (${low}–${high})`}`
  }
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const heading = (title: string): string =>
    line([`*${escapeMarkdown(title)}*`, ...table.columns.slice(1).map(() => '')])
  return [
    `**${escapeMarkdown(captionOf(table))}**`,
    '',
    line(table.columns.map((c) => escapeMarkdown(c.title))),
    line(table.columns.map((_, c) => (isRight(table, c) ? '---:' : '---'))),
    ...table.rows.flatMap((row, r) => [
      ...(table.breaks ?? []).flatMap(({ before, title }) =>
        before === r && title !== undefined ? [heading(title)] : [],
      ),
      line(row.map((cell, c) => cellOf(cell, r, c))),
    ]),
    '',
    ...[...table.notes, ...daggerNotes(table)].map((n) => `${escapeMarkdown(n)}  `),
    '',
  ].join('\n')
}

import { isRight, type PaperTable, printed, type TableCell } from '../tables.ts'
import { lineOf, linesOf, narrowest, type Size, widthOf } from './metrics.ts'

/** One column of a two-column article on A4 (221 pt), and the text of a one-column article (345 pt), less a point or two for rounding. */
export const COLUMN = 219
export const TEXT = 342
/** Highest float: a page of a two-column article on letter paper has 550 pt. */
const HIGHEST = 530
/** Floats that a table with its intervals may take. */
const FLOATS = 2
/** Least width of a column of text that is wrapped. */
const LEAST = 46
/** Longest head of a column, in lines, and widest word in it: else it is a letter, and the notes say of what. */
const HEAD_LINES = 4
const HEAD_WORD = 52

/** How a table is set. */
export interface Layout {
  readonly environment: 'table' | 'table*'
  readonly size: Extract<Size, 'small' | 'footnotesize'>
  /** Beside their values, below them, or left out. */
  readonly intervals: 'beside' | 'below' | 'none'
  /** Half the space between columns, in points. */
  readonly gap: number
  readonly columns: readonly LaidColumn[]
  /** Rows of each float, as a half-open range. */
  readonly parts: readonly { readonly from: number; readonly to: number }[]
  /** Estimated, in points. */
  readonly width: number
}
export interface LaidColumn {
  /** Place in the table's columns. */
  readonly column: number
  readonly right: boolean
  /** Whether a second column holds the intervals. */
  readonly beside: boolean
  /** Head in lines; one letter where the title has no room. */
  readonly head: readonly string[]
  /** The title that the letter stands for; null = it is no letter. */
  readonly letterFor: string | null
  /** In points where its text is wrapped, else null. */
  readonly wrapped: number | null
}

type Way = Pick<Layout, 'environment' | 'size' | 'intervals' | 'gap'>
const WITH_INTERVALS: readonly Way[] = [
  { environment: 'table', size: 'small', intervals: 'beside', gap: 4 },
  { environment: 'table', size: 'footnotesize', intervals: 'beside', gap: 3 },
  { environment: 'table', size: 'footnotesize', intervals: 'below', gap: 3 },
  { environment: 'table', size: 'footnotesize', intervals: 'below', gap: 2 },
  { environment: 'table*', size: 'footnotesize', intervals: 'beside', gap: 3 },
  { environment: 'table*', size: 'footnotesize', intervals: 'below', gap: 2.5 },
]
const WITHOUT: readonly Way[] = [
  { environment: 'table', size: 'footnotesize', intervals: 'none', gap: 3 },
  { environment: 'table*', size: 'footnotesize', intervals: 'none', gap: 2.5 },
]

/** Text of an interval without brackets. @param signed a dash before a minus would be read as two */
export const intervalText = (low: string, high: string, signed: boolean): string =>
  signed ? `${low.replace('-', '−')}, ${high.replace('-', '−')}` : `${low.replace('-', '−')}–${high}`
export const isSigned = ({ rows }: PaperTable, column: number): boolean =>
  rows.some((row) => {
    const cell = row[column]!
    return cell.kind === 'number' && printed(cell).high?.startsWith('-') === true
  })

/**
 * The first way in which a table fits: one column of a two-column article with the intervals beside or below their values, then its whole
 * width, then without intervals (the CSV file has them). One that fits in none is cut into several by its columns.
 * @returns one layout for each of these
 */
export function layoutsOf(table: PaperTable, columns: readonly number[]): Layout[] {
  const none = !table.rows.some((row) => row.some((cell) => cell.kind === 'number' && printed(cell).low !== null))
  for (const way of none ? WITHOUT : WITH_INTERVALS) {
    const found = laid(table, columns, way)
    if (found !== null && (none || found.parts.length <= FLOATS)) return [found]
  }
  for (const way of WITHOUT) {
    const found = laid(table, columns, way)
    if (found !== null) return [found]
  }
  const keys = columns.filter((c, i) => i === 0 || table.columns[c]!.key === true)
  const others = columns.filter((c) => !keys.includes(c))
  for (let pieces = 2; pieces < others.length; pieces++) {
    const size = Math.ceil(others.length / pieces)
    const sets = Array.from({ length: Math.ceil(others.length / size) }, (_, i) => {
      const own = others.slice(i * size, (i + 1) * size)
      return columns.filter((c) => keys.includes(c) || own.includes(c))
    })
    const found = sets.map((set) => laid(table, set, WITHOUT[1]!))
    if (found.every((one) => one !== null)) return found
  }
  // one column of numbers in each: as narrow as it can be
  return others.map(
    (c) =>
      laid(
        table,
        columns.filter((one) => keys.includes(one) || one === c),
        WITHOUT[1]!,
        true,
      )!,
  )
}

/** null where it does not fit. @param force whether it is to be taken as it is */
function laid(table: PaperTable, columns: readonly number[], way: Way, force = false): Layout | null {
  const limit = way.environment === 'table' ? COLUMN : TEXT
  const contents = columns.map((column) => {
    const right = isRight(table, column)
    const signed = isSigned(table, column)
    const beside = right && way.intervals === 'beside' && table.rows.some((row) => hasInterval(row[column]!))
    const content = Math.max(0, ...table.rows.map((row) => cellWidth(row[column]!, way, signed)))
    const { title } = table.columns[column]!
    const room = Math.max(content, right ? 0 : HEAD_WORD)
    const head = linesOf(title, room, way.size)
    const tooLong = right && (head.length > HEAD_LINES || narrowest(title, way.size) > Math.max(room, HEAD_WORD))
    return { column, right, beside, content, head, tooLong }
  })
  // of scorers that are columns, all are letters or none is
  const scorers = contents.some(({ column, tooLong }) => tooLong && table.columns[column]!.best !== undefined)
  let letters = 0
  const drafts = contents.map(({ column, right, beside, content, head, tooLong }) => {
    const { title, best } = table.columns[column]!
    const short = tooLong || (scorers && right && best !== undefined)
    const shown = short ? [letterOf(letters++)] : head
    const headWidth = Math.max(...shown.map((line) => widthOf(line, way.size)))
    const text = right ? 0 : Math.max(headWidth, ...table.rows.map((row) => narrowestOf(row[column]!, way.size)))
    return {
      laid: { column, right, beside, head: shown, letterFor: short ? title : null, wrapped: null },
      width: Math.max(content, headWidth),
      least: right ? Math.max(content, headWidth) : Math.min(Math.max(text, LEAST), Math.max(content, headWidth)),
    }
  })
  const gaps = 2 * way.gap * (drafts.length - 1)
  const widths = drafts.map(({ width }) => width)
  const total = (): number => widths.reduce((sum, w) => sum + w, gaps)
  const wrapped = new Set<number>()
  while (total() > limit) {
    const widest = widths
      .map((width, i) => ({ i, width, spare: width - drafts[i]!.least }))
      .filter(({ i, spare }) => !drafts[i]!.laid.right && spare > 0.01)
      .sort((a, b) => b.width - a.width)[0]
    if (widest === undefined) {
      if (force) break
      return null
    }
    widths[widest.i] = widest.width - Math.min(widest.spare, total() - limit)
    wrapped.add(widest.i)
  }
  const done = drafts.map(
    ({ laid }, i): LaidColumn => ({ ...laid, wrapped: wrapped.has(i) ? Math.floor(widths[i]! * 10) / 10 : null }),
  )
  return { ...way, columns: done, parts: partsOf(table, done, way), width: total() }
}

const letterOf = (i: number): string =>
  (i < 26 ? '' : letterOf(Math.floor(i / 26) - 1)) + String.fromCharCode(65 + (i % 26))

const hasInterval = (cell: TableCell): boolean => cell.kind === 'number' && printed(cell).low !== null
const narrowestOf = (cell: TableCell, size: Size): number => (cell.kind === 'text' ? narrowest(cell.text, size) : 0)

function cellWidth(cell: TableCell, { size, intervals }: Way, signed: boolean): number {
  if (cell.kind === 'text') return widthOf(cell.text, size)
  const { value, low, high } = printed(cell)
  // any value may be in bold
  const own = widthOf(value?.replace('-', '−') ?? '---', size, true)
  if (low === null || high === null || intervals === 'none') return own
  const range = intervalText(low, high, signed)
  return intervals === 'below'
    ? Math.max(own, widthOf(range, 'scriptsize'))
    : own + widthOf(`(${range})`, size === 'small' ? 'footnotesize' : 'scriptsize') + 4
}

/** Rows by floats that are not higher than a page. */
function partsOf(
  table: PaperTable,
  columns: readonly LaidColumn[],
  { environment, size, intervals }: Way,
): Layout['parts'] {
  const line = lineOf(size)
  const wide = environment === 'table' ? COLUMN : TEXT
  const notes = table.notes.reduce(
    (sum, note) => sum + Math.ceil((widthOf(note, 'footnotesize') * 1.1) / wide) * 9.5 + 3,
    0,
  )
  const letters = columns.reduce(
    (sum, { letterFor }) => sum + (letterFor === null ? 0 : widthOf(letterFor, 'footnotesize') + 20),
    0,
  )
  const caption = Math.ceil((widthOf(table.caption + (table.intervals ?? ''), 'small') * 1.25) / wide) * 12 + 20
  const around =
    caption + notes + (letters / wide) * 9.5 + Math.max(...columns.map(({ head }) => head.length)) * line + 14
  const heightOf = (r: number): number => {
    const lines = Math.max(
      ...columns.map(({ column, wrapped }) => {
        const cell = table.rows[r]![column]!
        return cell.kind === 'text' && wrapped !== null ? linesOf(cell.text, wrapped, size).length : 1
      }),
    )
    const below = intervals === 'below' && table.rows[r]!.some(hasInterval) ? 2 : 1
    const broken = (table.breaks ?? []).some(({ before }) => before === r) ? line + 4 : 0
    return Math.max(lines, below) * line + broken
  }
  const heights = table.rows.map((_, r) => heightOf(r))
  const cut = (limit: number): Layout['parts'] => {
    const parts: { from: number; to: number }[] = []
    let [from, used] = [0, 0]
    heights.forEach((height, r) => {
      if (r > from && used + height > limit) {
        parts.push({ from, to: r })
        ;[from, used] = [r, 0]
      }
      used += height
    })
    return [...parts, { from, to: heights.length }]
  }
  const highest = HIGHEST - around
  const needed = cut(highest).length
  // of about the same height, so that the last is no single row
  const even = heights.reduce((sum, height) => sum + height, 0) / needed + Math.max(0, ...heights)
  return cut(Math.min(highest, even))
}

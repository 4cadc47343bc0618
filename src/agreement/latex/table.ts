import { bestCells, daggerNotes, type PaperTable, printed, type TableCell } from '../tables.ts'
import { breakableLatex, escapeLatex, hasCodePoints } from './escape.ts'
import type { Label } from './label.ts'
import { COLUMN, intervalText, isSigned, type LaidColumn, type Layout, layoutsOf } from './layout.ts'

/**
 * A table as LaTeX floats that fit one column of a two-column article, or, where that is too narrow, its width; needs \usepackage{array,booktabs}.
 * Columns that say nothing (all zero, or the same as another) are a sentence of the notes instead.
 * @param label what tells it from the same table of another run
 */
export function latexTable(given: PaperTable, label: Label): string {
  const { table, notes, layouts } = turned(given)
  const floats = layouts.flatMap((layout) => layout.parts.map((part) => ({ layout, part })))
  const reason = reasonOf(layouts)
  const whole = wholeOf(table)
  return [
    '% \\usepackage{array,booktabs}',
    `% The same numbers, and more: ${table.source}`,
    ...(reason === null ? [] : [`% ${reason}`]),
    ...floats.map(({ layout, part }, i) =>
      floatOf({ table, whole, notes, layout, part, label, of: { part: i + 1, parts: floats.length } }),
    ),
    '',
  ].join('\n')
}

interface Laid {
  readonly table: PaperTable
  readonly columns: readonly number[]
  readonly notes: readonly string[]
  readonly layouts: readonly Layout[]
}

/** Rows of a table that may become its columns. */
const FEW_ROWS = 6

/** As it is, or with rows and columns exchanged where only so it fits one column, or only so it keeps its intervals. */
function turned(given: PaperTable): Laid {
  const laid = (table: PaperTable): Laid => {
    const kept = spared(table)
    return { table, ...kept, layouts: layoutsOf(table, kept.columns) }
  }
  const own = laid(given)
  const worth = ({ layouts }: Laid): number => {
    const [first] = layouts as [Layout]
    if (layouts.length > 1) return 3
    return first.intervals === 'none' ? 2 : first.environment === 'table*' ? 1 : 0
  }
  const other = transposed(own)
  if (worth(own) === 0 || other === null) return own
  const exchanged = laid(other)
  return worth(exchanged) < worth(own) ? { ...exchanged, notes: [...own.notes, ...exchanged.notes] } : own
}

/** null where there are too many rows, headings among them, or fewer columns than rows. */
function transposed({ table, columns }: Laid): PaperTable | null {
  const [, ...others] = columns.map((c) => table.columns[c]!)
  if (table.rows.length > FEW_ROWS || others.length <= table.rows.length) return null
  if (table.bestOfRows !== undefined || (table.breaks ?? []).some(({ title }) => title !== undefined)) return null
  const bold = others.flatMap(({ best }, i) => (best === 'high' ? [i] : []))
  if (others.some(({ best }) => best === 'low')) return null
  return {
    ...table,
    columns: [
      { title: '' },
      ...table.rows.map((row) => ({ title: row[0]!.kind === 'text' ? row[0]!.text : '', best: 'high' as const })),
    ],
    rows: columns
      .slice(1)
      .map((c) => [{ kind: 'text', text: table.columns[c]!.title }, ...table.rows.map((row) => row[c]!)]),
    breaks: [],
    bestOfRows: new Set(bold),
  }
}

/** Why it does not stand in one column with its intervals. */
function reasonOf(layouts: readonly Layout[]): string | null {
  const [{ environment, intervals }] = layouts as [Layout]
  const width = Math.round(Math.max(...layouts.map((layout) => layout.width)))
  const cut = layouts.length > 1 ? ` It is cut into ${layouts.length} by its columns.` : ''
  if (environment === 'table*')
    return `table*: at its narrowest it is ${width} pt wide, and one column of a two-column article has ${COLUMN}.${intervals === 'none' ? ' Its intervals are in the CSV file only.' : ''}${cut}`
  return null
}

/** Columns that say something, and the sentences on the others. */
function spared(table: PaperTable): { columns: number[]; notes: string[] } {
  const columns: number[] = []
  const notes: string[] = []
  const absent: string[] = []
  table.columns.forEach(({ spare }, c) => {
    const cells = table.rows.map((row) => row[c]!)
    if (c > 0 && cells.every((cell) => cell.kind === 'number' && cell.value === null))
      absent.push(table.columns[c]!.title)
    else if (spare !== undefined && table.rows.every((row) => isSpare(spare.when, row, c))) notes.push(spare.note)
    else columns.push(c)
  })
  return {
    columns,
    notes: [
      ...notes.filter((note) => note !== ''),
      ...(absent.length === 0 ? [] : [`Without a value: ${absent.join(', ')} (${table.source} says why).`]),
    ],
  }
}

type When = NonNullable<PaperTable['columns'][number]['spare']>['when']
function isSpare(when: When, row: readonly TableCell[], c: number): boolean {
  const cell = row[c]!
  if (typeof when === 'object') return says(cell) === says(row[when.same]!)
  const value = cell.kind === 'text' ? Number(cell.text) : cell.value
  return value === null || value === (when === 'zero' ? 0 : 1)
}

/** What a cell prints. */
const says = (cell: TableCell): string => (cell.kind === 'text' ? cell.text : JSON.stringify(printed(cell)))

/** What every float says of all rows: worked out once, since a table of 5,000 rows has hundreds of floats. */
interface Whole {
  readonly isBest: (row: number, column: number) => boolean
  readonly signed: readonly boolean[]
  readonly hasIntervals: boolean
  readonly hasCodePoints: boolean
}
function wholeOf(table: PaperTable): Whole {
  const cells = table.rows.flat()
  return {
    isBest: bestCells(table),
    signed: table.columns.map((_, column) => isSigned(table, column)),
    hasIntervals: cells.some((cell) => cell.kind === 'number' && printed(cell).low !== null),
    hasCodePoints: [
      ...table.notes,
      ...cells.flatMap((cell) => (cell.kind === 'text' ? [cell.text] : [])),
      ...table.columns.map(({ title }) => title),
    ].some(hasCodePoints),
  }
}

interface Float {
  readonly table: PaperTable
  readonly whole: Whole
  readonly notes: readonly string[]
  readonly layout: Layout
  readonly part: Layout['parts'][number]
  readonly label: Label
  readonly of: { readonly part: number; readonly parts: number }
}

function floatOf({ table, whole, notes, layout, part, label, of }: Float): string {
  const { environment, size, intervals, gap, columns } = layout
  const shownIntervals = intervals !== 'none' && whole.hasIntervals
  const which = of.parts === 1 ? '' : ` (part ${of.part} of ${of.parts})`
  const caption = `${table.caption.replace(/\.$/, '')}${which}.`
  const sentences = [
    caption,
    ...(table.intervals !== undefined && shownIntervals
      ? [table.intervals.replace('In brackets', intervals === 'below' ? 'Below the values' : 'In brackets')]
      : []),
  ].join(' ')
  const letters = columns.flatMap(({ letterFor, head }) => (letterFor === null ? [] : [`${head[0]}: ${letterFor}`]))
  const under = [
    ...(letters.length === 0 ? [] : [`${letters.join('; ')}.`]),
    ...notes,
    ...table.notes,
    ...(table.intervals !== undefined && !shownIntervals
      ? [`95 % intervals, for which there is no room here, are in ${table.source}.`]
      : []),
    ...daggerNotes({ rows: table.rows.slice(part.from, part.to) }),
    ...(whole.hasCodePoints || hasCodePoints(sentences)
      ? ['[U+…]: a character that these fonts do not have, by its code point.']
      : []),
  ]
  const width = columns.reduce((sum, { beside }) => sum + (beside ? 2 : 1), 0)
  const body = table.rows.slice(part.from, part.to).flatMap((row, i) => {
    const r = part.from + i
    return [
      ...(table.breaks ?? []).flatMap(({ before, title }) => (before === r ? breakOf(title, width, i === 0) : [])),
      line(
        columns.map((laid) =>
          cellOf(row[laid.column]!, {
            laid,
            intervals,
            size,
            bold: whole.isBest(r, laid.column),
            signed: whole.signed[laid.column]!,
          }),
        ),
      ),
    ]
  })
  return [
    `\\begin{${environment}}[t]`,
    '\\centering',
    // the list of tables takes the short one
    `\\caption[${escapeLatex(caption)}]{${/\S{13}/.test(sentences) ? '\\raggedright ' : ''}${breakableLatex(sentences)}}`,
    `\\label{${label.of(table.name, of)}}`,
    `\\${size}`,
    `\\setlength{\\tabcolsep}{${gap}pt}`,
    ...(body.some((one) => one.includes(INTERVAL))
      ? [`\\providecommand{${INTERVAL}}[2]{\\begin{tabular}[t]{@{}r@{}}#1\\\\[-2pt]{\\scriptsize #2}\\end{tabular}}`]
      : []),
    `\\begin{tabular}{@{}${columns.map(columnType).join('')}@{}}`,
    '\\toprule',
    line(columns.map(headOf)),
    '\\midrule',
    ...body,
    '\\bottomrule',
    '\\end{tabular}',
    ...(under.length === 0
      ? []
      : [`\\par\\smallskip{\\footnotesize\\raggedright ${under.map(breakableLatex).join('\n')}\\par}`]),
    `\\end{${environment}}`,
  ].join('\n')
}

// a bracket at the start of a row would be taken for an argument of the \\ before it
const line = (cells: readonly string[]): string =>
  `${cells.map((c) => (c.startsWith('[') ? `{${c}}` : c)).join(' & ')} \\\\`

const columnType = ({ right, beside, wrapped }: LaidColumn): string =>
  right ? (beside ? 'r@{\\enspace}r' : 'r') : wrapped === null ? 'l' : `>{\\raggedright\\arraybackslash}p{${wrapped}pt}`

const breakOf = (title: string | undefined, width: number, first: boolean): string[] =>
  title === undefined
    ? first
      ? []
      : ['\\midrule']
    : [...(first ? [] : ['\\addlinespace']), `\\multicolumn{${width}}{@{}l@{}}{\\itshape ${escapeLatex(title)}} \\\\`]

function headOf({ right, beside, head, wrapped }: LaidColumn): string {
  const lines = head.map(escapeLatex)
  const side = right ? 'r' : 'l'
  const block = lines.length === 1 ? lines[0]! : `\\begin{tabular}[b]{@{}${side}@{}}${lines.join('\\\\')}\\end{tabular}`
  return beside ? `\\multicolumn{2}{r}{${block}}` : wrapped === null || lines.length > 1 ? block : `${block}`
}

/** A value with its interval below it; defined in each table that has one, for itself alone. */
const INTERVAL = '\\chemhermci'

interface CellStyle {
  readonly laid: LaidColumn
  readonly intervals: Layout['intervals']
  readonly size: Layout['size']
  readonly bold: boolean
  readonly signed: boolean
}

function cellOf(cell: TableCell, { laid: { beside, wrapped }, intervals, size, bold, signed }: CellStyle): string {
  if (cell.kind === 'text') {
    const shown = wrapped === null ? escapeLatex(cell.text) : breakableLatex(cell.text)
    return beside ? `${shown} &` : shown
  }
  const { value, low, high } = printed(cell)
  const number = value === null ? '---' : value.replace('-', '$-$')
  // outside the column, so that the digits stand under each other
  const dagger = cell.few === true && value !== null ? '\\rlap{$^\\dagger$}' : ''
  const head = `${bold ? `\\textbf{${number}}` : number}${dagger}`
  const range = low === null || high === null ? null : escapeLatex(intervalText(low, high, signed))
  if (beside)
    return `${head} & ${range === null ? '' : `{\\${size === 'small' ? 'footnotesize' : 'scriptsize'} (${range})}`}`
  return range === null || intervals === 'none' ? head : `${INTERVAL}{${head}}{${range}}`
}

import { markdownText } from '../visible-text.ts'
/** A cell of a paper table. */
export type TableCell =
  | { readonly kind: 'text'; readonly text: string }
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
    }
export interface TableColumn {
  readonly title: string
  /** Which value is best: set in bold. */
  readonly best?: 'high' | 'low'
}
/** A table with the line that is printed under it (weights, n, intervals). */
export interface PaperTable {
  readonly name: string
  readonly caption: string
  readonly columns: readonly TableColumn[]
  readonly rows: readonly (readonly TableCell[])[]
  readonly notes: readonly string[]
}

export const text = (value: string): TableCell => ({ kind: 'text', text: value })
export const count = (value: number): TableCell => ({ kind: 'text', text: value.toLocaleString('en-US') })
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
export const decimal = (value: number | null, digits = 3): TableCell => ({ kind: 'number', value, digits })

/** What is printed of a number: rounded once, so that equal prints are equally best. */
function shown(cell: Extract<TableCell, { kind: 'number' }>): { value: string | null; interval: string | null } {
  const scale = cell.percent === true ? 100 : 1
  const print = (v: number): string => (v * scale).toFixed(cell.digits ?? 3).replace(/^-(0(?:\.0+)?)$/, '$1')
  const { value, low = null, high = null } = cell
  return {
    value: value === null ? null : print(value),
    interval: low === null || high === null ? null : `${print(low)}–${print(high)}`,
  }
}

/** Rows whose printed value is the best of a column; none where all are equal or there is one row. */
function bestRows(table: PaperTable, column: number): ReadonlySet<number> {
  const { best } = table.columns[column]!
  const values = table.rows.map((row) => {
    const cell = row[column]
    if (best === undefined || cell?.kind !== 'number') return null
    const { value } = shown(cell)
    return value === null ? null : Number(value)
  })
  const present = values.filter((v): v is number => v !== null)
  if (present.length < 2 || new Set(present).size === 1) return new Set()
  const top = best === 'high' ? Math.max(...present) : Math.min(...present)
  return new Set(values.flatMap((v, i) => (v === top ? [i] : [])))
}

function render(
  table: PaperTable,
  plain: (text: string) => string,
  bold: (text: string) => string,
  dash: string,
  interval: (text: string) => string,
  dagger: string,
): string[][] {
  const best = table.columns.map((_, c) => bestRows(table, c))
  return table.rows.map((row, r) =>
    row.map((cell, c) => {
      if (cell.kind === 'text') return plain(cell.text)
      const { value, interval: range } = shown(cell)
      if (value === null) return dash
      const head = best[c]!.has(r) ? bold(value) : value
      return head + (cell.few === true ? dagger : '') + (range === null ? '' : interval(range))
    }),
  )
}

const escapeMarkdown = (value: string): string => markdownText(value).replaceAll('_', '\\_')
export function markdownTable(table: PaperTable): string {
  const rows = render(
    table,
    escapeMarkdown,
    (v) => `**${v}**`,
    '—',
    (v) => ` (${v})`,
    '†',
  )
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const align = table.columns.map((_, c) => (table.rows.every((r) => r[c]?.kind === 'text') ? '---' : '---:'))
  return [
    `**${escapeMarkdown(table.caption)}**`,
    '',
    line(table.columns.map((c) => escapeMarkdown(c.title))),
    line(align),
    ...rows.map(line),
    '',
    ...table.notes.map((n) => `${escapeMarkdown(n)}  `),
    '',
  ].join('\n')
}

const LATEX: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': "''",
  '—': '---',
  '–': '--',
  '−': '$-$',
  '…': '\\ldots{}',
  '≤': '$\\leq$',
  '≥': '$\\geq$',
  '×': '$\\times$',
  '±': '$\\pm$',
  '·': '$\\cdot$',
  '½': '$\\frac{1}{2}$',
  α: '$\\alpha$',
  β: '$\\beta$',
  κ: '$\\kappa$',
  ρ: '$\\rho$',
  σ: '$\\sigma$',
  τ: '$\\tau$',
  Δ: '$\\Delta$',
  Σ: '$\\Sigma$',
  '†': '$\\dagger$',
  '’': "'",
}
/** Text for pdfLaTeX with nothing but booktabs: what it cannot set (other scripts, emoji, controls) becomes its code point. */
export const escapeLatex = (value: string): string =>
  Array.from(value.replace(/\s+/g, ' '), (c) => {
    const known = LATEX[c]
    if (known !== undefined) return known
    // ASCII and Latin-1 letters are in every font; the rest is named.
    return /^[\x20-\x7e\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]$/.test(c)
      ? c
      : `[U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`
  }).join('')

/** A booktabs table float; needs \usepackage{booktabs}. Brackets at the start of a row are guarded from \\'s argument. */
export function latexTable(table: PaperTable): string {
  const rows = render(
    table,
    escapeLatex,
    (v) => `\\textbf{${v}}`,
    '---',
    (v) => ` {\\footnotesize (${v.replace('–', '--')})}`,
    '$\\dagger$',
  )
  const align = table.columns.map((_, c) => (table.rows.every((r) => r[c]?.kind === 'text') ? 'l' : 'r')).join('')
  const line = (cells: readonly string[]): string => `${cells.map((c) => `{${c}}`).join(' & ')} \\\\`
  return [
    '\\begin{table}[t]',
    '\\centering',
    `\\caption{${escapeLatex(table.caption)}}`,
    `\\label{tab:${table.name.replace(/[^a-z0-9-]+/gi, '-')}}`,
    `\\begin{tabular}{${align}}`,
    '\\toprule',
    line(table.columns.map((c) => escapeLatex(c.title))),
    '\\midrule',
    ...rows.map(line),
    '\\bottomrule',
    '\\end{tabular}',
    ...table.notes.map((n) => `\\par\\smallskip{\\footnotesize ${escapeLatex(n)}}`),
    '\\end{table}',
    '',
  ].join('\n')
}

import { type Cell, csvText } from '../csv.ts'
import { EMPTY, html, type Markup } from './markup.ts'
import { decimal, plural } from './numbers.ts'

/** The data of a figure: what its CSV holds, and its table for who cannot see the picture. */
export interface FigureData {
  readonly header: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}
export interface FigureParts {
  /** Also the name of the CSV file. */
  readonly id: string
  readonly picture: Markup
  readonly legend?: Markup
  readonly caption: Markup
  readonly data: FigureData
}

/** Longer data is in the CSV alone: a table of thousands of lines helps nobody. */
const MAX_TABLE_ROWS = 60

/** A numbered figure with its data as a table and as a CSV file, which is a link that needs neither script nor network. */
export function figure({ id, picture, legend = EMPTY, caption, data }: FigureParts): Markup {
  return html`<figure id="fig-${id}">
${legend}<div class="plot-frame">${picture}</div>
<figcaption>${caption} ${csvLink(id, data)}</figcaption>
${dataTable(data)}
</figure>
`
}

/** A swatch and its word, for what the picture tells apart by colour and shape. */
export const legend = (...items: readonly (readonly [shape: string, word: string])[]): Markup =>
  html`<p class="legend">${items.map(([shape, word]) => html`<span><i class="swatch ${shape}"></i>${word}</span> `)}</p>
`

/** @param id name of the file, without its ending */
export function csvLink(id: string, { header, rows }: FigureData): Markup {
  const base64 = Buffer.from(csvText([header, ...rows]), 'utf8').toString('base64')
  return html`<a class="csv" download="${id}.csv" href="data:text/csv;charset=utf-8;base64,${base64}" aria-label="CSV of ${id}">CSV</a>`
}

function dataTable({ header, rows }: FigureData): Markup {
  if (rows.length > MAX_TABLE_ROWS) return EMPTY
  const cell = (value: Cell): Markup =>
    typeof value === 'string'
      ? html`<td>${value}</td>`
      : html`<td class="num">${typeof value === 'number' ? decimal(value) : '–'}</td>`
  const numeric = header.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] !== 'string'))
  return html`<details class="data"><summary>Data as a table (${plural(rows.length, 'row')})</summary>
<div class="scroll"><table><thead><tr>${header.map((name, i) => html`<th scope="col"${numeric[i]! && html` class="num"`}>${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div></details>`
}

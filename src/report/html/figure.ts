import { type Cell, csvText } from '../csv.ts'
import { type LegendItem, type LegendShape, withLegend } from '../plots/legend.ts'
import { standaloneSvg } from '../plots/standalone.ts'
import { TwoWidths } from '../plots/svg.ts'
import { EMPTY, html, Markup, textOf } from './markup.ts'
import { decimal, plural } from './numbers.ts'

/** The data of a figure: what its CSV holds, and its table for who cannot see the picture. */
export interface FigureData {
  readonly header: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}
export interface FigureParts {
  /** Also the name of its files. */
  readonly id: string
  /** Of `renderSvg`. */
  readonly picture: Markup
  readonly legend?: readonly LegendItem[]
  /** Begins with the figure's title, in `<b>`. */
  readonly caption: Markup
  readonly data: FigureData
}

/** Longer data is in the CSV alone: a table of thousands of lines helps nobody. */
const MAX_TABLE_ROWS = 60

/**
 * A numbered figure with its data as a table. Picture and data are links, too, an SVG file that stands alone and a CSV file: data URLs, which
 * need neither script nor network.
 */
export function figure({ id, picture, legend = [], caption, data }: FigureParts): Markup {
  const drawn = withLegend(picture, legend)
  const narrow = picture instanceof TwoWidths ? withLegend(picture.narrow, legend) : EMPTY
  return html`<figure id="fig-${id}">
<div class="plot-frame${narrow !== EMPTY && ' two-widths'}">${drawn}${narrow}</div>
<figcaption>${caption} <span class="files">${csvLink(id, data)} ${svgLink(id, drawn, caption)}</span></figcaption>
${dataTable(titleOf(caption), data)}
</figure>
`
}

/** What the picture tells apart by colour and shape; it becomes part of the picture. */
export const legend = (...items: readonly (readonly [shape: LegendShape, word: string])[]): readonly LegendItem[] =>
  items.map(([shape, word]) => ({ shape, word }))

/** A caption's own title, without its full stop. */
const titleOf = (caption: Markup): string =>
  textOf(new Markup(/<b>(.*?)<\/b>/s.exec(caption.text)?.[1] ?? '')).replace(/\.$/, '')

/** @param id name of the file, without its ending */
function svgLink(id: string, picture: Markup, caption: Markup): Markup {
  const file = standaloneSvg(picture, { title: titleOf(caption), description: textOf(caption) })
  const base64 = Buffer.from(file, 'utf8').toString('base64')
  return html`<a class="file svg" download="${id}.svg" href="data:image/svg+xml;base64,${base64}" aria-label="SVG of ${id}">SVG</a>`
}

/** @param id name of the file, without its ending */
export function csvLink(id: string, { header, rows }: FigureData): Markup {
  const base64 = Buffer.from(csvText([header, ...rows]), 'utf8').toString('base64')
  return html`<a class="file csv" download="${id}.csv" href="data:text/csv;charset=utf-8;base64,${base64}" aria-label="CSV of ${id}">CSV</a>`
}

function dataTable(title: string, { header, rows }: FigureData): Markup {
  if (rows.length > MAX_TABLE_ROWS) return EMPTY
  const cell = (value: Cell): Markup =>
    typeof value === 'string'
      ? html`<td>${value}</td>`
      : html`<td class="num">${typeof value === 'number' ? decimal(value) : '–'}</td>`
  const numeric = header.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] !== 'string'))
  return html`<details class="data"><summary>Data as a table (${plural(rows.length, 'row')})</summary>
<div class="scroll"><table><caption>What is plotted: ${title}. Rounded; the CSV has every digit.</caption>
<thead><tr>${header.map((name, i) => html`<th scope="col"${numeric[i]! && html` class="num"`}>${name}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table></div></details>`
}

import { EMPTY, html, type Markup } from '../html/markup.ts'
import { count } from '../html/numbers.ts'

/** A value of a table that holds one thing per line against one scorer per column. */
export interface ValueCell {
  /** As it is to be read; null = absent, and `why` says why. */
  readonly value: string | null
  readonly interval?: string | null
  readonly n?: number | null
  readonly why?: string
  /** −1 … 1: how strongly it is tinted, and in which colour; null or absent = not at all. */
  readonly heat?: number | null
  readonly href?: string
}
export interface ValueLine {
  readonly name: Markup
  readonly cells: readonly (ValueCell | null)[]
}
/** Lines that belong together, under a rule of their own. */
export interface ValuePart {
  readonly title?: string
  readonly total?: boolean
  readonly lines: readonly ValueLine[]
}

/** One scorer per column. @param corner what the lines are */
export function valueTable(
  caption: Markup,
  corner: string,
  columns: readonly string[],
  parts: readonly ValuePart[],
): Markup {
  return html`<div class="scroll"><table class="values">
<caption>${caption}</caption>
<thead><tr><th scope="col">${corner}</th>${columns.map((name) => html`<th scope="col" class="num">${name}</th>`)}</tr></thead>
${parts.map(
  ({ title, total, lines }) =>
    html`<tbody${total === true && html` class="total"`}>${
      title !== undefined &&
      html`<tr class="group"><th scope="rowgroup" colspan="${columns.length + 1}">${title}</th></tr>\n`
    }${lines.map(({ name, cells }) => html`<tr><th scope="row">${name}</th>${cells.map(cellOf)}</tr>\n`)}</tbody>`,
)}</table></div>
`
}

function cellOf(cell: ValueCell | null): Markup {
  if (cell === null) return html`<td></td>`
  const { value, interval = null, n = null, why = '', heat = null, href } = cell
  if (value === null) return html`<td class="num why">${why === '' ? '–' : why}</td>`
  const beneath = [interval, n === null ? null : `n = ${count(n)}`].filter((part) => part !== null)
  return html`<td class="num${heat !== null && (heat < 0 ? ' below' : ' above')}"${
    heat !== null && html` style="--heat:${Math.min(100, Math.round(Math.abs(heat) * 100))}%"`
  }>${href === undefined ? html`${value}` : html`<a href="${href}">${value}</a>`}${
    beneath.length === 0 ? EMPTY : html`<small>${beneath.map((part) => html`<span>${part}</span> `)}</small>`
  }</td>`
}

import { html, Markup } from '../html/markup.ts'
import { AREA_OPACITY, PART_OPACITY } from './palette.ts'
import { pictureOf, resized } from './picture.ts'
import { COLOUR, PLOT_WIDTH } from './svg.ts'

/** What a picture tells apart by colour and shape, in words. */
export interface LegendItem {
  readonly shape: LegendShape
  readonly word: string
}
export type LegendShape =
  | 'filled'
  | 'outlined'
  | 'win'
  | 'loss'
  | 'tie'
  | 'dot'
  | 'triangle'
  | 'square'
  | 'cross'
  | `part-${'blue' | 'orange' | 'grey' | 'green' | 'none'}`

const LINE = 20
const LEFT = 52
const NARROW_LEFT = 8
const SIZE = 11
/** CSS pixels of a letter at 12 px, and between two items. */
const LETTER = 6.4
const GAP = 18

const box = (fill: string, opacity: number, stroke = fill): string =>
  `<rect x="0.5" width="${SIZE - 1}" height="${SIZE - 1}" y="-9" fill="${fill}" fill-opacity="${opacity}" stroke="${stroke}"/>`

const SWATCHES: Readonly<Record<LegendShape, string>> = {
  filled: box(COLOUR.blue, AREA_OPACITY),
  outlined: box('none', 1, COLOUR.orange),
  win: box(COLOUR.blue, 1),
  loss: box(COLOUR.orange, 1),
  tie: box(COLOUR.grey, 1),
  dot: `<circle cx="5.5" cy="-4" r="4" fill="${COLOUR.blue}" fill-opacity="${AREA_OPACITY}" stroke="${COLOUR.blue}"/>`,
  triangle: `<path d="M5.5,-9.5L10.5,0L0.5,0Z" fill="none" stroke="${COLOUR.orange}" stroke-width="1.5"/>`,
  square: `<rect x="1.5" y="-8" width="8" height="8" fill="none" stroke="${COLOUR.orange}" stroke-width="1.5"/>`,
  cross: `<path d="M1.5,-8L9.5,0M9.5,-8L1.5,0" fill="none" stroke="${COLOUR.grey}" stroke-width="1.5"/>`,
  'part-blue': box(COLOUR.blue, PART_OPACITY),
  'part-orange': box(COLOUR.orange, PART_OPACITY),
  'part-grey': box(COLOUR.grey, PART_OPACITY),
  'part-green': box('var(--green)', PART_OPACITY),
  'part-none': box('var(--tint)', 1, COLOUR.grey),
}

/** The picture with its legend above it, inside the picture: a copy of it says what it shows. */
export function withLegend(svg: Markup, items: readonly LegendItem[]): Markup {
  if (items.length === 0) return svg
  const { width, height, content } = pictureOf(svg)
  const left = width < PLOT_WIDTH / 2 + LEFT ? NARROW_LEFT : LEFT
  let [x, line] = [left, 0]
  const drawn = items.map(({ shape, word }) => {
    const room = SIZE + 6 + LETTER * [...word].length
    if (x > left && x + room > width) [x, line] = [left, line + 1]
    const at = `translate(${Math.round(x)},${14 + LINE * line})`
    x += room + GAP
    return html`<g transform="${at}">${new Markup(SWATCHES[shape])}<text x="${SIZE + 6}" text-anchor="start">${word}</text></g>`
  })
  const room = LINE * (line + 1) + 2
  const legend = html`<g aria-hidden="true">${drawn}</g>`
  return resized(svg, height + room, `${legend.text}<g transform="translate(0,${room})">${content}</g>`)
}

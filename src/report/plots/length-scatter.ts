import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count, decimal } from '../html/numbers.ts'
import { binsOf, countIn } from './bins.ts'
import { AREA_OPACITY } from './palette.ts'
import { COLOUR, renderSvg } from './svg.ts'

/** One pair: chosen minus rejected, in characters and in the model's own unit. */
export interface LengthPoint {
  readonly id: string
  readonly chars: number
  readonly margin: number
}

/** More points than this are drawn as counts in cells: thousands of circles hide each other and weigh megabytes. */
export const MAX_POINTS = 2000

const frameOf = (margin: string) =>
  ({
    height: 340,
    marginLeft: 58,
    marginBottom: 42,
    marginTop: 22,
    x: { label: 'chosen − rejected, characters', labelAnchor: 'center', labelArrow: 'none', nice: true },
    y: { label: margin, labelArrow: 'none', nice: true },
  }) as const
const zeros = [
  Plot.ruleX([0], { stroke: 'currentColor', strokeOpacity: 0.55, strokeDasharray: '4,3' }),
  Plot.ruleY([0], { stroke: 'currentColor', strokeOpacity: 0.55, strokeDasharray: '4,3' }),
]
const grid = [
  Plot.gridX({ stroke: COLOUR.faint, strokeOpacity: 1 }),
  Plot.gridY({ stroke: COLOUR.faint, strokeOpacity: 1 }),
]

/** @param margin name of its axis, with its unit */
export const lengthScatter = (points: readonly LengthPoint[], margin: string, label: string): Markup =>
  points.length > MAX_POINTS ? cells(points, margin, label) : dots(points, margin, label)

function dots(points: readonly LengthPoint[], margin: string, label: string): Markup {
  const title = (point: LengthPoint): string =>
    `${point.id}\n${decimal(point.chars)} characters, margin ${decimal(point.margin)}`
  const of = (wanted: (margin: number) => boolean): readonly LengthPoint[] => points.filter((p) => wanted(p.margin))
  return renderSvg(
    {
      ...frameOf(margin),
      marks: [
        ...grid,
        ...zeros,
        Plot.dot(
          of((m) => m > 0),
          {
            x: 'chars',
            y: 'margin',
            r: 3,
            fill: COLOUR.blue,
            fillOpacity: AREA_OPACITY,
            stroke: COLOUR.blue,
            strokeWidth: 0.8,
            title,
          },
        ),
        Plot.dot(
          of((m) => m < 0),
          { x: 'chars', y: 'margin', r: 3, stroke: COLOUR.orange, strokeWidth: 1.5, symbol: 'triangle', title },
        ),
        Plot.dot(
          of((m) => m === 0),
          { x: 'chars', y: 'margin', r: 3, stroke: COLOUR.grey, strokeWidth: 1.5, symbol: 'times', title },
        ),
      ],
    },
    label,
  )
}

function cells(points: readonly LengthPoint[], margin: string, label: string): Markup {
  const columns = binsOf(points.map((point) => point.chars))
  const rows = binsOf(points.map((point) => point.margin))
  const grouped = columns.map(() => [] as number[])
  // columns are equal bins, so that the index follows from the value
  const first = columns[0]!
  for (const { chars, margin } of points) {
    const at = Math.floor((chars - first.low) / (first.high - first.low) + 1e-9)
    grouped[Math.max(0, Math.min(columns.length - 1, at))]!.push(margin)
  }
  const filled = columns.flatMap((column, i) =>
    countIn(rows, grouped[i]!).flatMap((n, k) =>
      n === 0 ? [] : [{ x1: column.low, x2: column.high, y1: rows[k]!.low, y2: rows[k]!.high, n }],
    ),
  )
  const most = Math.max(...filled.map((cell) => cell.n))
  return renderSvg(
    {
      ...frameOf(margin),
      marks: [
        ...grid,
        Plot.rect(filled, {
          x1: 'x1',
          x2: 'x2',
          y1: 'y1',
          y2: 'y2',
          fill: COLOUR.blue,
          fillOpacity: filled.map((cell) => 0.12 + 0.88 * Math.sqrt(cell.n / most)),
          title: (cell: { n: number }) => count(cell.n),
        }),
        ...zeros,
      ],
      opacity: { type: 'identity' },
    },
    label,
  )
}

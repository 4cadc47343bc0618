import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { decimal, measured } from '../html/numbers.ts'
import { COLOUR, PLOT_WIDTH, renderSvg } from './svg.ts'

/** A line with a band of one tone; the dashes tell it apart where colours do not. */
export interface Curve {
  readonly name: string
  readonly colour: string
  /** SVG's stroke-dasharray; null: solid. */
  readonly dashes: string | null
  /** Ascending in x; a null value breaks the line. */
  readonly points: readonly CurvePoint[]
}
export interface CurvePoint {
  readonly x: number
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** What the value is a mean of. */
  readonly n: number
}
export interface CurveAxes {
  readonly x: string
  readonly y: string
  /** Logarithmic, base 2; for completions per prompt. */
  readonly log: boolean
  readonly ticks: readonly number[]
  readonly tick: (x: number) => string
  /** A second reading of the same places, above the plot. */
  readonly above?: { readonly label: string; readonly tick: (x: number) => string }
  /** Noun of `n` in the tool tips. */
  readonly noun: string
}

const HEIGHT = 340
/** With a second axis above. */
const TOP = 46
const LOW_TOP = 26
const BOTTOM = 42
const LEFT = 52
/** Letters of a name behind its line's end. */
const MOST_LETTERS = 26
const LINE = 14

/** Curves with their bands on one pair of axes, each named where it ends. */
export function curvesPlot(curves: readonly Curve[], axes: CurveAxes, label: string): Markup {
  const [low, high] = extentOf(curves)
  const top = axes.above === undefined ? LOW_TOP : TOP
  const places = endLabels(curves, low, high, HEIGHT - top - BOTTOM)
  const right = 16 + 6.4 * Math.max(4, ...curves.map(({ name }) => Math.min(MOST_LETTERS, name.length)))
  const title =
    ({ name }: Curve) =>
    ({ x, value, low, high, n }: CurvePoint): string =>
      `${name}, ${axes.x} ${axes.tick(x)}: ${value === null ? '–' : measured(value)}${
        low === null || high === null ? '' : ` [${measured(low)}, ${measured(high)}]`
      }, ${decimal(n)} ${axes.noun}`
  const scale = axes.log ? ({ type: 'log', base: 2 } as const) : ({ type: 'linear' } as const)
  const xs = curves.flatMap(({ points }) => points.map(({ x }) => x))
  const above = axes.above
  return renderSvg(
    {
      height: HEIGHT,
      marginLeft: LEFT,
      marginRight: Math.round(Math.min(right, PLOT_WIDTH / 3)),
      marginTop: top,
      marginBottom: BOTTOM,
      x: { ...scale, domain: [Math.min(...xs), Math.max(...xs)], axis: null },
      // beside a second axis there is no room above; elsewhere numbers of any width stand clear of it there
      y: {
        domain: [low, high],
        label: axes.y,
        labelAnchor: above === undefined ? 'top' : 'center',
        labelArrow: 'none',
        ticks: 6,
      },
      marks: [
        Plot.gridX(axes.ticks, { stroke: COLOUR.faint, strokeOpacity: 1 }),
        Plot.gridY({ stroke: COLOUR.faint, strokeOpacity: 1, ticks: 6 }),
        Plot.axisX(axes.ticks, {
          label: axes.x,
          labelAnchor: 'center',
          labelArrow: 'none',
          tickFormat: (x: number) => axes.tick(x),
        }),
        ...(above === undefined
          ? []
          : [
              Plot.axisX(axes.ticks, {
                anchor: 'top',
                label: above.label,
                labelAnchor: 'center',
                labelArrow: 'none',
                tickFormat: (x: number) => above.tick(x),
              }),
            ]),
        ...curves.flatMap((curve) => bands(curve)),
        ...curves.map((curve) => {
          const { points, colour, dashes } = curve
          const line = { x: 'x', y: 'value', stroke: colour, strokeWidth: 2 } as const
          return Plot.line(points, dashes === null ? line : { ...line, strokeDasharray: dashes })
        }),
        ...curves.map((curve) =>
          Plot.dot(
            curve.points.filter(({ value }) => value !== null),
            { x: 'x', y: 'value', r: curve.points.length > 40 ? 1.5 : 2.5, fill: curve.colour, title: title(curve) },
          ),
        ),
        ...places.map(({ name, x, y, shift }) =>
          Plot.text([0], {
            x: () => x,
            y: () => y,
            text: () => short(name),
            title: () => name,
            textAnchor: 'start',
            dx: 8,
            dy: shift,
          }),
        ),
      ],
    },
    label,
  )
}

/** The parts of a curve that have an interval; a band is broken where one has none. */
function bands({ points, colour }: Curve): readonly Plot.Markish[] {
  const parts: CurvePoint[][] = [[]]
  for (const point of points)
    if (point.low === null || point.high === null) parts.push([])
    else parts.at(-1)!.push(point)
  return parts
    .filter((part) => part.length > 1)
    .map((part) => Plot.areaY(part, { x: 'x', y1: 'low', y2: 'high', fill: colour, fillOpacity: 0.14 }))
}

/** From the lowest to the highest value and band, rounded outward to tenths of the range; at least from 0 to 1 for shares. */
function extentOf(curves: readonly Curve[]): readonly [number, number] {
  const values = curves.flatMap(({ points }) =>
    points.flatMap(({ value, low, high }) => [value, low, high].filter((v) => v !== null)),
  )
  if (values.length === 0) return [0, 1]
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (least >= 0 && most <= 1) return [0, 1]
  const room = (most - least || Math.abs(most) || 1) / 20
  return [Math.min(0, least - room), most + room]
}

interface EndLabel {
  readonly name: string
  readonly x: number
  readonly y: number
  /** Pixels down from the line's end, so that names stay apart. */
  readonly shift: number
}

/** Where each name stands: beside its last value, moved down as far as the names above it ask. */
function endLabels(curves: readonly Curve[], low: number, high: number, floor: number): readonly EndLabel[] {
  const pixels = floor / (high - low || 1)
  const right = Math.max(...curves.flatMap(({ points }) => points.map(({ x }) => x)))
  const ends = curves.flatMap(({ name, points }) => {
    const last = points.findLast(({ value }) => value !== null)
    return last === undefined ? [] : [{ name, y: last.value!, at: (high - last.value!) * pixels }]
  })
  const sorted = ends.toSorted((a, b) => a.at - b.at)
  const spots = sorted.map(({ at }) => at)
  for (let i = 1; i < spots.length; i++) spots[i] = Math.max(spots[i]!, spots[i - 1]! + LINE)
  // what ran out at the bottom moves the others up
  for (let i = spots.length - 1; i >= 0; i--) spots[i] = Math.min(spots[i]!, floor - LINE * (spots.length - 1 - i))
  return sorted.map(({ name, y, at }, i) => ({ name, x: right, y, shift: spots[i]! - at }))
}

const short = (name: string): string => (name.length <= MOST_LETTERS ? name : `${name.slice(0, MOST_LETTERS - 1)}…`)

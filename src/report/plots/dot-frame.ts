import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count } from '../html/numbers.ts'
import { axisLabels, labelRoom } from './labels.ts'
import { COLOUR, PLOT_WIDTH, renderSvg } from './svg.ts'

/** A value with its interval, in units of the axis; null: absent. */
export interface DotLine {
  readonly name: string
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** What the value is a share or a mean of; null where that is not known. */
  readonly n: number | null
  /** The value as it is printed. */
  readonly text: string
  /** Name, value, interval and n: a tool tip. */
  readonly title: string
  /** A filled dot in blue, or a hollow one in the figure's other colour. */
  readonly filled: boolean
}
export interface DotAxis {
  readonly label: string
  readonly domain: readonly [number, number]
  readonly ticks: number
  /** Where the dashed line stands: chance, or no effect. null: nowhere. */
  readonly reference: number | null
  /** Over the column of values. */
  readonly heading: string
  /** Of hollow dots. */
  readonly hollow: string
}

/** One room for short labels, so that the axes of plots below each other stand in line; CSS pixels. */
const MIN_LABEL_ROOM = 150
/** Columns of numbers between the labels and the axis, CSS pixels; beside the labels they are seen first where a page is narrow. */
const NUMBERS_ROOM = 116
const VALUE_EDGE = 12
const N_EDGE = 66

/** Dots with intervals, one below another in the given order: names, n and values as columns, then the axis. */
export function dotFrame(lines: readonly DotLine[], axis: DotAxis, label: string): Markup {
  const labels = axisLabels(lines.map(({ name }) => name))
  const marks = lines.flatMap((line, at) => (line.value === null ? [] : [{ ...line, at, value: line.value }]))
  const stroke = ({ filled }: DotLine): string => (filled ? COLOUR.blue : axis.hollow)
  const dot = { x: 'value', y: 'at', title: 'title' } as const
  const beside = (edge: number) =>
    ({
      y: (_: unknown, at: number) => at,
      frameAnchor: 'left',
      textAnchor: 'end',
      dx: -edge,
      fontVariant: 'tabular-nums',
    }) as const
  const heading = (edge: number) =>
    ({ frameAnchor: 'top-left', textAnchor: 'end', dx: -edge, dy: -12, fill: 'var(--muted)' }) as const
  return renderSvg(
    {
      width: PLOT_WIDTH,
      height: 60 + 24 * lines.length,
      marginLeft: Math.max(MIN_LABEL_ROOM, labelRoom(labels)) + NUMBERS_ROOM,
      marginRight: 16,
      marginTop: 20,
      marginBottom: 40,
      x: {
        domain: [...axis.domain],
        label: axis.label,
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: axis.ticks,
      },
      y: { domain: lines.map((_, at) => at), type: 'band', axis: null },
      color: { type: 'identity' },
      marks: [
        Plot.gridX({ stroke: COLOUR.faint, strokeOpacity: 1 }),
        Plot.ruleX(axis.reference === null ? [] : [axis.reference], {
          stroke: 'currentColor',
          strokeOpacity: 0.55,
          strokeDasharray: '4,3',
        }),
        Plot.link(
          marks.filter(({ low, high }) => low !== null && high !== null),
          { x1: 'low', x2: 'high', y1: 'at', y2: 'at', stroke, strokeWidth: 2, title: 'title' },
        ),
        Plot.dot(
          marks.filter(({ filled }) => filled),
          { ...dot, r: 4.5, fill: COLOUR.blue },
        ),
        Plot.dot(
          marks.filter(({ filled }) => !filled),
          { ...dot, r: 4, fill: 'var(--page)', stroke: axis.hollow, strokeWidth: 2 },
        ),
        Plot.text(labels, { ...beside(NUMBERS_ROOM), title: (_: string, at: number) => lines[at]!.name }),
        Plot.text(lines, { ...beside(N_EDGE), text: ({ n }: DotLine) => (n === null ? '' : count(n)) }),
        Plot.text(lines, { ...beside(VALUE_EDGE), text: 'text' }),
        Plot.text(['n'], heading(N_EDGE)),
        Plot.text([axis.heading], heading(VALUE_EDGE)),
      ],
    },
    label,
  )
}

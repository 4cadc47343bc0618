import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count } from '../html/numbers.ts'
import { axisLabels, labelRoom, narrowAxis } from './labels.ts'
import { COLOUR, NARROW_WIDTH, PLOT_WIDTH, renderSvg } from './svg.ts'

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
  const beside = (edge: number) =>
    ({ y: place, frameAnchor: 'left', textAnchor: 'end', dx: -edge, fontVariant: 'tabular-nums' }) as const
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
        ...intervals(lines, axis, 0),
        Plot.text(labels, { ...beside(NUMBERS_ROOM), title: (_: string, at: number) => lines[at]!.name }),
        Plot.text(lines, { ...beside(N_EDGE), text: countOf }),
        Plot.text(lines, { ...beside(VALUE_EDGE), text: 'text' }),
        Plot.text(['n'], heading(N_EDGE)),
        Plot.text([axis.heading], heading(VALUE_EDGE)),
      ],
    },
    label,
    narrowFrame(lines, axis, labels),
  )
}

/** On a narrow page: each name above its interval, n and value at the end of its line. */
function narrowFrame(lines: readonly DotLine[], axis: DotAxis, labels: readonly string[]): Plot.PlotOptions {
  const above = { y: place, dy: -9, fontVariant: 'tabular-nums' } as const
  const end = (edge: number) => ({ ...above, frameAnchor: 'right', textAnchor: 'end', dx: -edge }) as const
  const heading = (edge: number) =>
    ({ frameAnchor: 'top-right', textAnchor: 'end', dx: -edge, dy: -14, fill: 'var(--muted)' }) as const
  const edges = [56, 0] as const
  const name = narrowAxis(axis.label)
  const under = 14 * (name.split('\n').length - 1)
  return {
    width: NARROW_WIDTH,
    height: 64 + 40 * lines.length + under,
    marginBottom: 40 + under,
    marginLeft: 10,
    marginRight: 12,
    marginTop: 22,
    x: {
      domain: [...axis.domain],
      label: name,
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: Math.ceil(axis.ticks / 2),
    },
    marks: [
      ...intervals(lines, axis, 9),
      Plot.text(labels, { ...above, frameAnchor: 'left', textAnchor: 'start', dx: -8 }),
      Plot.text(lines, { ...end(edges[0]), text: countOf }),
      Plot.text(lines, { ...end(edges[1]), text: 'text' }),
      Plot.text(['n'], heading(edges[0])),
      Plot.text([axis.heading], heading(edges[1])),
    ],
  }
}

const place = (_: unknown, at: number): number => at
const countOf = ({ n }: DotLine): string => (n === null ? '' : count(n))

/** Grid, reference, intervals and dots. @param dy pixels below the middle of each line */
function intervals(lines: readonly DotLine[], axis: DotAxis, dy: number): readonly Plot.Markish[] {
  const marks = lines.flatMap((line, at) => (line.value === null ? [] : [{ ...line, at, value: line.value }]))
  const stroke = ({ filled }: DotLine): string => (filled ? COLOUR.blue : axis.hollow)
  const dot = { x: 'value', y: 'at', title: 'title', dy } as const
  return [
    Plot.gridX({ stroke: COLOUR.faint, strokeOpacity: 1 }),
    Plot.ruleX(axis.reference === null ? [] : [axis.reference], {
      stroke: 'currentColor',
      strokeOpacity: 0.55,
      strokeDasharray: '4,3',
    }),
    Plot.link(
      marks.filter(({ low, high }) => low !== null && high !== null),
      { x1: 'low', x2: 'high', y1: 'at', y2: 'at', stroke, strokeWidth: 2, title: 'title', dy },
    ),
    Plot.dot(
      marks.filter(({ filled }) => filled),
      { ...dot, r: 4.5, fill: COLOUR.blue },
    ),
    Plot.dot(
      marks.filter(({ filled }) => !filled),
      { ...dot, r: 4, fill: 'var(--page)', stroke: axis.hollow, strokeWidth: 2 },
    ),
  ]
}

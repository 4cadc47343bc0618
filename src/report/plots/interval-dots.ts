import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count, percent, percentInterval } from '../html/numbers.ts'
import { axisLabels, labelRoom } from './labels.ts'
import { COLOUR, PLOT_WIDTH, renderSvg } from './svg.ts'

/** One line of the plot: a share with its interval, in [0, 1]. */
export interface IntervalDot {
  readonly name: string
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  /** Pairs behind the value, where known. */
  readonly n: number | null
  /** Filled blue (what is reported), or hollow grey (what it is held against). */
  readonly emphasis: boolean
}

/** One room for short labels, so that the axes of plots below each other stand in line; CSS pixels. */
const MIN_LABEL_ROOM = 150
/** Columns of numbers between the labels and the axis, CSS pixels; beside the labels they are seen first where a page is narrow. */
const NUMBERS_ROOM = 116
const VALUE_EDGE = 12
const N_EDGE = 66

/** Shares with intervals, one below another in the given order, on an axis from 0 to 100 % with chance marked (null: none is). */
export function intervalDots(
  dots: readonly IntervalDot[],
  label: string,
  axis = 'accuracy, % (a tie counts ½)',
  chance: number | null = 50,
): Markup {
  const names = dots.map((dot) => dot.name)
  const labels = axisLabels(names)
  const marks = dots.flatMap((dot, line) =>
    dot.value === null
      ? []
      : [{ ...dot, line, value: dot.value * 100, low: percentOf(dot.low), high: percentOf(dot.high) }],
  )
  const title = ({ line }: { readonly line: number }): string => {
    const { name, value, low, high, n } = dots[line]!
    return `${name}: ${percent(value)} ${percentInterval(low, high)}${n === null ? '' : `, n = ${count(n)}`}`
  }
  const stroke = (dot: IntervalDot): string => (dot.emphasis ? COLOUR.blue : COLOUR.grey)
  const tips = { x: 'value', y: 'line', title }
  const beside = (edge: number) =>
    ({
      y: (_: unknown, line: number) => line,
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
      height: 60 + 24 * dots.length,
      marginLeft: Math.max(MIN_LABEL_ROOM, labelRoom(labels)) + NUMBERS_ROOM,
      marginRight: 16,
      marginTop: 20,
      marginBottom: 40,
      x: { domain: [0, 100], label: axis, labelAnchor: 'center', labelArrow: 'none', ticks: 10 },
      y: { domain: dots.map((_, line) => line), type: 'band', axis: null },
      color: { type: 'identity' },
      marks: [
        Plot.gridX({ stroke: COLOUR.faint, strokeOpacity: 1 }),
        Plot.ruleX(chance === null ? [] : [chance], {
          stroke: 'currentColor',
          strokeOpacity: 0.55,
          strokeDasharray: '4,3',
        }),
        Plot.link(
          marks.filter((dot) => dot.low !== null && dot.high !== null),
          { x1: 'low', x2: 'high', y1: 'line', y2: 'line', stroke, strokeWidth: 2, title },
        ),
        Plot.dot(
          marks.filter((dot) => dot.emphasis),
          { ...tips, r: 4.5, fill: COLOUR.blue },
        ),
        Plot.dot(
          marks.filter((dot) => !dot.emphasis),
          { ...tips, r: 4, fill: 'var(--page)', stroke: COLOUR.grey, strokeWidth: 2 },
        ),
        Plot.text(labels, { ...beside(NUMBERS_ROOM), title: (_: string, line: number) => names[line]! }),
        Plot.text(dots, { ...beside(N_EDGE), text: ({ n }: IntervalDot) => (n === null ? '' : count(n)) }),
        Plot.text(dots, { ...beside(VALUE_EDGE), text: ({ value }: IntervalDot) => percent(value) }),
        Plot.text(['n'], heading(N_EDGE)),
        Plot.text(['%'], heading(VALUE_EDGE)),
      ],
    },
    label,
  )
}

const percentOf = (share: number | null): number | null => (share === null ? null : share * 100)

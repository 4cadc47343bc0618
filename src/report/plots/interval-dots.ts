import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count, percent, percentInterval } from '../html/numbers.ts'
import { COLOUR, labelRoom, PLOT_WIDTH, renderSvg, shortLabel } from './svg.ts'

/** One line of the plot: an accuracy with its interval, in [0, 1]. */
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

/** Accuracies with intervals, one below another in the given order, on an axis from 0 to 100 % with chance marked. */
export function intervalDots(dots: readonly IntervalDot[], label: string): Markup {
  const names = dots.map((dot) => dot.name)
  const marks = dots.flatMap((dot, line) =>
    dot.value === null
      ? []
      : [{ ...dot, line, value: dot.value * 100, low: percentOf(dot.low), high: percentOf(dot.high) }],
  )
  const title = (dot: IntervalDot): string => {
    const { value, low, high, n } = dots[names.indexOf(dot.name)]!
    return `${dot.name}: ${percent(value)} ${percentInterval(low, high)}${n === null ? '' : `, n = ${count(n)}`}`
  }
  const stroke = (dot: IntervalDot): string => (dot.emphasis ? COLOUR.blue : COLOUR.grey)
  const tips = { x: 'value', y: 'line', title }
  return renderSvg(
    {
      height: 46 + 24 * dots.length,
      marginLeft: Math.max(MIN_LABEL_ROOM, labelRoom(names)),
      marginRight: 64,
      marginTop: 6,
      marginBottom: 40,
      x: { domain: [0, 100], label: 'accuracy, % (a tie counts ½)', labelAnchor: 'center', ticks: 10 },
      y: {
        domain: dots.map((_, line) => line),
        type: 'band',
        label: null,
        tickFormat: (line: number) => shortLabel(names[line]!),
        tickSize: 0,
      },
      color: { type: 'identity' },
      marks: [
        Plot.gridX({ stroke: COLOUR.faint, strokeOpacity: 1 }),
        Plot.ruleX([50], { stroke: 'currentColor', strokeOpacity: 0.55, strokeDasharray: '4,3' }),
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
        Plot.text(dots, {
          y: (_: IntervalDot, line: number) => line,
          frameAnchor: 'right',
          dx: 60,
          textAnchor: 'end',
          fontVariant: 'tabular-nums',
          text: (dot: IntervalDot) => percent(dot.value),
        }),
      ],
      width: PLOT_WIDTH,
    },
    label,
  )
}

const percentOf = (share: number | null): number | null => (share === null ? null : share * 100)

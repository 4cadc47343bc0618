import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count, interval, measured } from '../html/numbers.ts'
import { axisLabels, labelRoom } from './labels.ts'
import { COLOUR, PLOT_WIDTH, renderSvg } from './svg.ts'

/** One line: a value of any size with its interval. */
export interface ForestLine {
  readonly name: string
  readonly value: number | null
  readonly low: number | null
  readonly high: number | null
  readonly n: number
  /** Filled blue, or hollow orange: of another kind. */
  readonly filled: boolean
}

const MIN_LABEL_ROOM = 150
const NUMBERS_ROOM = 116
const VALUE_EDGE = 12
const N_EDGE = 66

/** Values with intervals, one below another in the given order, on an axis with 0 marked. */
export function forest(lines: readonly ForestLine[], axis: string, label: string): Markup {
  const labels = axisLabels(lines.map(({ name }) => name))
  const marks = lines.flatMap((line, at) => (line.value === null ? [] : [{ ...line, at, value: line.value }]))
  const ends = [0, ...marks.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value])]
  const [least, most] = [Math.min(...ends), Math.max(...ends)]
  const room = 0.04 * (most - least || 1)
  const title = ({ name, value, low, high, n }: ForestLine): string =>
    `${name}: ${value === null ? '–' : measured(value)} ${interval(low, high)}, n = ${count(n)}`
  const stroke = ({ filled }: ForestLine): string => (filled ? COLOUR.blue : COLOUR.orange)
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
      x: { domain: [least - room, most + room], label: axis, labelAnchor: 'center', labelArrow: 'none', ticks: 6 },
      y: { domain: lines.map((_, at) => at), type: 'band', axis: null },
      color: { type: 'identity' },
      marks: [
        Plot.gridX({ stroke: COLOUR.faint, strokeOpacity: 1 }),
        Plot.ruleX([0], { stroke: 'currentColor', strokeOpacity: 0.55, strokeDasharray: '4,3' }),
        Plot.link(
          marks.filter(({ low, high }) => low !== null && high !== null),
          { x1: 'low', x2: 'high', y1: 'at', y2: 'at', stroke, strokeWidth: 2, title },
        ),
        Plot.dot(
          marks.filter(({ filled }) => filled),
          { x: 'value', y: 'at', title, r: 4.5, fill: COLOUR.blue },
        ),
        Plot.dot(
          marks.filter(({ filled }) => !filled),
          { x: 'value', y: 'at', title, r: 4, fill: 'var(--page)', stroke: COLOUR.orange, strokeWidth: 2 },
        ),
        Plot.text(labels, { ...beside(NUMBERS_ROOM), title: (_: string, at: number) => lines[at]!.name }),
        Plot.text(lines, { ...beside(N_EDGE), text: ({ n }: ForestLine) => count(n) }),
        Plot.text(lines, {
          ...beside(VALUE_EDGE),
          text: ({ value }: ForestLine) => (value === null ? '–' : measured(value)),
        }),
        Plot.text(['n'], heading(N_EDGE)),
        Plot.text(['mean'], heading(VALUE_EDGE)),
      ],
    },
    label,
  )
}

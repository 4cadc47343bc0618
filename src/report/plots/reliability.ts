import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count, percent, percentInterval } from '../html/numbers.ts'
import { COLOUR, NARROW_WIDTH, renderSvg } from './svg.ts'

/** Probabilities in [0, 1]. */
interface Bin {
  readonly predicted: number
  readonly observed: number
  readonly low: number | null
  readonly high: number | null
  readonly n: number
}

/** Observed share against predicted probability, with intervals, beside the diagonal of a calibrated model. */
export function reliabilityPlot(bins: readonly Bin[], label: string): Markup {
  const points = bins.toSorted((a, b) => a.predicted - b.predicted)
  // area, not radius, grows with n: a bin of four times the rows looks four times as large
  const most = Math.max(...points.map((bin) => bin.n))
  const title = (bin: Bin): string =>
    `predicted ${percent(bin.predicted)}\nobserved ${percent(bin.observed)} ${percentInterval(bin.low, bin.high)}\nn = ${count(bin.n)}`
  return renderSvg(
    {
      width: 440,
      height: 420,
      marginLeft: 52,
      marginBottom: 42,
      marginTop: 22,
      marginRight: 20,
      x: { domain: [0, 100], label: 'predicted probability, %', labelAnchor: 'center', labelArrow: 'none', ticks: 5 },
      y: { domain: [0, 100], label: 'observed, %', labelArrow: 'none', ticks: 5 },
      marks: [
        Plot.gridX({ stroke: COLOUR.faint, strokeOpacity: 1, ticks: 5 }),
        Plot.gridY({ stroke: COLOUR.faint, strokeOpacity: 1, ticks: 5 }),
        Plot.link([0], {
          x1: 0,
          y1: 0,
          x2: 100,
          y2: 100,
          stroke: 'currentColor',
          strokeDasharray: '4,3',
          strokeOpacity: 0.7,
        }),
        Plot.link(
          points.filter((bin) => bin.low !== null && bin.high !== null),
          {
            x1: (bin: Bin) => bin.predicted * 100,
            x2: (bin: Bin) => bin.predicted * 100,
            y1: (bin: Bin) => bin.low! * 100,
            y2: (bin: Bin) => bin.high! * 100,
            stroke: COLOUR.blue,
            strokeWidth: 2,
            strokeOpacity: 0.7,
          },
        ),
        Plot.line(points, {
          x: (bin: Bin) => bin.predicted * 100,
          y: (bin: Bin) => bin.observed * 100,
          stroke: COLOUR.blue,
          strokeWidth: 1,
        }),
        Plot.dot(points, {
          x: (bin: Bin) => bin.predicted * 100,
          y: (bin: Bin) => bin.observed * 100,
          r: points.map((bin) => 2.5 + 4 * Math.sqrt(bin.n / most)),
          fill: COLOUR.blue,
          title,
        }),
        Plot.ruleX([0], { stroke: 'currentColor' }),
        Plot.ruleY([0], { stroke: 'currentColor' }),
      ],
      r: { type: 'identity' },
    },
    label,
    { width: NARROW_WIDTH, height: 340, marginLeft: 40 },
  )
}

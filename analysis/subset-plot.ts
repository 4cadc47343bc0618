import * as Plot from '@observablehq/plot'
import { percent, percentInterval } from '../src/report/html/numbers.ts'
import { axisLabels, labelRoom } from '../src/report/plots/labels.ts'
import { COLOUR, renderSvg } from '../src/report/plots/svg.ts'
import { quantile } from '../src/stats/index.ts'
import { subsetName } from '../src/subset-name.ts'
import type { SubsetTable } from './subsets.ts'
import { svgFile } from './svg-file.ts'

/** One scorer's accuracy on one subset, per cent. */
interface Dot {
  readonly subset: string
  /** Place from the top, in subsets. */
  readonly y: number
  readonly letter: string
  readonly value: number
  readonly low: number | null
  readonly high: number | null
  readonly title: string
}
/** Middle half and median of the scorers on one subset. */
interface Spread {
  readonly y: number
  readonly low: number
  readonly median: number
  readonly high: number
}

/** So many scorers get lanes, letters and intervals; more are dots about their spread. */
const LANES = 8
const LETTERS = 'ABCDEFGH'

/** Marks of one picture: more cannot be told apart, and a browser draws them slowly. */
const MOST_DOTS = 4000

/**
 * Accuracy by subset of every scorer, ties as ½ (HERM's plot_per_subset_dist and draw_mtbench_analysis): a lane a scorer with its
 * interval, or for many scorers their dots about median and middle half. null where there is nothing to draw. The first subsets where
 * they are too many to draw, which the picture then says.
 */
export function subsetPlot(dataset: string, tables: readonly SubsetTable[]): string | null {
  const all = [...new Set(tables.flatMap((t) => Object.keys(t.table.subsets)))]
  const names = all.slice(0, Math.max(1, Math.floor(MOST_DOTS / tables.length)))
  const left =
    names.length < all.length ? [`the first ${names.length} of ${all.length} subsets; subsets.csv has all`] : []
  const lanes = tables.length <= LANES
  const dots = names.flatMap((subset, s) =>
    tables.flatMap((t, k): Dot[] => {
      const a = t.table.subsets[subset]
      if (a === undefined || a.half === null) return []
      const ci = a.ci.half
      return [
        {
          subset,
          y: s + (lanes ? (k + 1) / (tables.length + 1) : 0.5),
          letter: lanes ? LETTERS[k]! : '',
          value: 100 * a.half,
          low: ci === null ? null : 100 * ci.low,
          high: ci === null ? null : 100 * ci.high,
          title: `${t.scorer}, ${subsetName(subset)}: ${percent(a.half)} ${percentInterval(ci?.low ?? null, ci?.high ?? null)}, n = ${a.n}`,
        },
      ]
    }),
  )
  if (dots.length === 0) return null
  const label = `Accuracy on ${names.length < all.length ? `the first ${names.length} of ${all.length}` : names.length} subsets of ${dataset}, ${tables.length} scorers`
  const labels = axisLabels(names.map(subsetName))
  const plot = renderSvg(
    {
      height: 50 + names.length * Math.max(26, lanes ? 14 * (tables.length + 1) : 0),
      marginLeft: Math.max(90, labelRoom(labels)),
      marginRight: 24,
      marginTop: 6,
      marginBottom: 40,
      x: {
        domain: [0, 100],
        label: 'accuracy, % (a tie counts ½)',
        labelAnchor: 'center',
        labelArrow: 'none',
        ticks: 10,
      },
      y: {
        domain: [0, names.length],
        reverse: true,
        label: null,
        ticks: names.map((_, s) => s + 0.5),
        tickFormat: (y: number) => labels[Math.floor(y)]!,
        tickSize: 0,
      },
      marks: [
        Plot.gridX({ stroke: COLOUR.faint, strokeOpacity: 1 }),
        Plot.ruleY(
          names.map((_, s) => s),
          { stroke: COLOUR.faint },
        ),
        Plot.ruleX([50], { stroke: 'currentColor', strokeOpacity: 0.55, strokeDasharray: '4,3' }),
        ...(lanes ? laneMarks(dots) : spreadMarks(dots, names)),
      ],
    },
    label,
  )
  const key = lanes
    ? tables.map((t, k) => `${LETTERS[k]}  ${t.marked}`)
    : [`${tables.length} scorers; bar: middle half, tick: median`]
  return svgFile(plot, `Accuracy by subset, ${dataset}`, [...key, ...left])
}

const laneMarks = (dots: readonly Dot[]): Plot.Markish[] => [
  Plot.link(
    dots.filter((d) => d.low !== null),
    { x1: 'low', x2: 'high', y1: 'y', y2: 'y', stroke: COLOUR.blue, strokeWidth: 2, title: 'title' },
  ),
  Plot.dot(dots, { x: 'value', y: 'y', r: 4, fill: COLOUR.blue, title: 'title' }),
  // before the interval, where there is room
  ...[false, true].map((left) =>
    Plot.text(
      dots.filter((d) => (d.low ?? d.value) > 5 === left),
      {
        x: (d: Dot) => (left ? (d.low ?? d.value) : (d.high ?? d.value)),
        y: 'y',
        dx: left ? -9 : 9,
        text: 'letter',
        textAnchor: left ? 'end' : 'start',
      },
    ),
  ),
]

function spreadMarks(dots: readonly Dot[], names: readonly string[]): Plot.Markish[] {
  const bySubset = new Map<string, Dot[]>()
  for (const dot of dots) {
    const others = bySubset.get(dot.subset)
    if (others === undefined) bySubset.set(dot.subset, [dot])
    else others.push(dot)
  }
  const spreads = names.flatMap((subset, s): Spread[] => {
    const values = (bySubset.get(subset) ?? []).map((d) => d.value)
    if (values.length === 0) return []
    const [low, median, high] = [0.25, 0.5, 0.75].map((q) => quantile(values, q)!) as [number, number, number]
    return [{ y: s + 0.5, low, median, high }]
  })
  return [
    Plot.link(spreads, {
      x1: 'low',
      x2: 'high',
      y1: 'y',
      y2: 'y',
      stroke: COLOUR.orange,
      strokeOpacity: 0.45,
      strokeWidth: 12,
    }),
    Plot.dot(dots, { x: 'value', y: 'y', r: 3.5, fill: COLOUR.blue, fillOpacity: 0.6, title: 'title' }),
    Plot.link(spreads, {
      x1: 'median',
      x2: 'median',
      y1: (d: Spread) => d.y - 0.3,
      y2: (d: Spread) => d.y + 0.3,
      stroke: 'currentColor',
      strokeWidth: 2,
    }),
  ]
}

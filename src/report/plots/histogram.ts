import * as Plot from '@observablehq/plot'
import type { Markup } from '../html/markup.ts'
import { count, decimal, percent } from '../html/numbers.ts'
import { type Bin, binsOf, countIn } from './bins.ts'
import { AREA_OPACITY } from './palette.ts'
import { COLOUR, NARROW_WIDTH, renderSvg } from './svg.ts'

/** Counts of two groups of values in the same bins. */
export interface TwoHistograms {
  readonly bins: readonly Bin[]
  readonly filled: readonly number[]
  readonly outlined: readonly number[]
}

export function twoHistograms(filled: ArrayLike<number>, outlined: ArrayLike<number>): TwoHistograms {
  const all = new Float64Array(filled.length + outlined.length)
  all.set(filled)
  all.set(outlined, filled.length)
  const bins = binsOf(all)
  return { bins, filled: countIn(bins, filled), outlined: countIn(bins, outlined) }
}

const NARROW = { width: NARROW_WIDTH, marginLeft: 40 } as const

const sum = (counts: readonly number[]): number => counts.reduce((total, n) => total + n, 0)

/** One distribution of a histogram. */
export interface Group {
  readonly name: string
  /** Per bin. */
  readonly counts: readonly number[]
}

/**
 * One distribution, or two over each other, as shares of each group: the first filled, the second an outline, so that they can
 * be told apart without colour.
 */
export function histogramPlot(
  bins: readonly Bin[],
  groups: readonly [Group] | readonly [Group, Group],
  axis: string,
  label: string,
): Markup {
  const shares = groups.map(({ counts }) => counts.map((n) => (100 * n) / Math.max(1, sum(counts))))
  const filled = shares[0]!
  const outlined = shares[1]
  const outline = (outlined ?? []).flatMap((y, i) => [
    { x: bins[i]!.low, y },
    { x: bins[i]!.high, y },
  ])
  const closed = outlined === undefined ? [] : [{ x: bins[0]!.low, y: 0 }, ...outline, { x: bins.at(-1)!.high, y: 0 }]
  const line = (i: number): string =>
    [
      `${decimal(bins[i]!.low)} to ${decimal(bins[i]!.high)}`,
      ...groups.map(({ name, counts }, g) => `${name}: ${count(counts[i]!)} (${percent(shares[g]![i]! / 100)})`),
    ].join('\n')
  const indices = bins.map((_, i) => i)
  return renderSvg(
    {
      height: 250,
      marginLeft: 52,
      marginBottom: 42,
      marginTop: 22,
      x: { label: axis, labelAnchor: 'center', labelArrow: 'none' },
      y: { label: '% of the group', labelArrow: 'none', nice: true, zero: true, ticks: 5 },
      marks: [
        Plot.gridY({ stroke: COLOUR.faint, strokeOpacity: 1, ticks: 5 }),
        Plot.rectY(indices, {
          x1: (i: number) => bins[i]!.low,
          x2: (i: number) => bins[i]!.high,
          y: (i: number) => filled[i]!,
          fill: COLOUR.blue,
          fillOpacity: AREA_OPACITY,
          stroke: COLOUR.blue,
          insetLeft: 0.5,
          insetRight: 0.5,
        }),
        Plot.line(closed, { x: 'x', y: 'y', stroke: COLOUR.orange, strokeWidth: 2, strokeLinejoin: 'miter' }),
        Plot.ruleY([0], { stroke: 'currentColor' }),
        // unseen full-height bars carry the tool tips of both groups
        Plot.rect(indices, {
          x1: (i: number) => bins[i]!.low,
          x2: (i: number) => bins[i]!.high,
          fill: 'transparent',
          title: line,
        }),
      ],
    },
    label,
    NARROW,
  )
}

/** Margins: losses left of 0, wins right of it, exact ties as a bar of their own at 0. */
export interface MarginHistogram {
  readonly bins: readonly Bin[]
  readonly counts: readonly number[]
  readonly ties: number
}

export function marginHistogram(margins: readonly number[]): MarginHistogram {
  const decided = margins.filter((margin) => margin !== 0)
  // 0 takes part in the choice of edges: then it is one, and no bar holds both wins and losses
  const bins = decided.length === 0 ? [] : binsOf([...decided, 0])
  const counts = bins.map(() => 0)
  const of = (values: readonly number[], part: readonly Bin[]): readonly number[] => countIn(part, values)
  const below = bins.filter((bin) => bin.high <= 0)
  const above = bins.slice(below.length)
  const losses = of(
    decided.filter((margin) => margin < 0),
    below,
  )
  const wins = of(
    decided.filter((margin) => margin > 0),
    above,
  )
  ;[...losses, ...wins].forEach((n, i) => {
    counts[i] = n
  })
  return { bins, counts, ties: margins.length - decided.length }
}

/** @param axis margin, with its unit */
export function marginPlot(data: MarginHistogram, axis: string, label: string): Markup {
  const bars = data.bins.map((bin, i) => ({ ...bin, n: data.counts[i]!, loss: bin.high <= 0 }))
  const width = data.bins.length === 0 ? 1 : data.bins[0]!.high - data.bins[0]!.low
  const tie = data.ties === 0 ? [] : [{ low: -width / 6, high: width / 6, n: data.ties }]
  const title = (bar: Bin & { n: number }): string => `${decimal(bar.low)} to ${decimal(bar.high)}: ${count(bar.n)}`
  const ticks = Math.min(5, Math.max(data.ties, ...data.counts)) // pairs are whole
  return renderSvg(
    {
      height: 240,
      marginLeft: 52,
      marginBottom: 42,
      marginTop: 22,
      x: {
        label: `← rejected scored higher · ${axis} · chosen scored higher →`,
        labelAnchor: 'center',
        labelArrow: 'none',
      },
      y: { label: 'pairs', labelArrow: 'none', nice: true, zero: true, ticks },
      color: { type: 'identity' },
      marks: [
        Plot.gridY({ stroke: COLOUR.faint, strokeOpacity: 1, ticks }),
        Plot.rectY(bars, {
          x1: 'low',
          x2: 'high',
          y: 'n',
          fill: (bar: { loss: boolean }) => (bar.loss ? COLOUR.orange : COLOUR.blue),
          insetLeft: 0.5,
          insetRight: 0.5,
          title,
        }),
        Plot.rectY(tie, { x1: 'low', x2: 'high', y: 'n', fill: COLOUR.grey, title: () => `ties: ${count(data.ties)}` }),
        Plot.ruleY([0], { stroke: 'currentColor' }),
        Plot.ruleX([0], { stroke: 'currentColor', strokeDasharray: '4,3' }),
      ],
    },
    label,
    { ...NARROW, x: { label: `← rejected · ${axis} · chosen →`, labelAnchor: 'center', labelArrow: 'none' } },
  )
}

import { linesWhere } from '../../../statistic-lines.ts'
import { curvesPlot } from '../../plots/curves.ts'
import { figure } from '../figure.ts'
import type { ReportInput, SensitivityRecord } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { decimal, measured, plural } from '../numbers.ts'
import { differenceAxis } from '../scale.ts'
import type { Section } from '../section.ts'
import { ALL, foldedTable, ofSubset, statisticTable } from '../statistic-table.ts'

/** Margin over chemical distance; null for a run in which no two answers are molecules. */
export function sensitivity({ statistics, sensitivity: curve = [], run }: ReportInput, limits: Limits): Section | null {
  const own = [...linesWhere(statistics, ({ scope }) => scope === 'sensitivity')]
  if (own.length === 0 || curve.length === 0) return null
  const margin = differenceAxis(run, 'margin')
  const ranks = own.filter(({ statistic }) => !statistic.includes('@'))
  return {
    id: 'sensitivity',
    title: 'Near and far molecules',
    body: html`${curveFigure(curve, margin, 'tanimoto_distance', '1 − Tanimoto similarity of the two answers')}${curveFigure(curve, margin, 'edit_distance', 'edit steps between the two answers, tokens of the canonical SMILES')}${statisticTable(
      ranks.filter(({ subset }) => subset === ALL),
      html`Distance against margin, over the pairs of two molecules. Above 0: the further the wrong molecule, the wider the margin.`,
    )}${foldedTable(
      ranks.filter(({ subset }) => subset !== ALL),
      'The same by subset',
      limits.tableRows,
      ofSubset,
    )}`,
  }
}

function curveFigure(all: readonly SensitivityRecord[], margin: string, measure: string, axis: string): Markup {
  const own = all.filter((point) => point.measure === measure)
  if (own.length < 2) return EMPTY
  const points = own.map(({ distance, margin }) => ({
    x: distance,
    value: margin.value,
    low: margin.ciLow,
    high: margin.ciHigh,
    n: margin.n,
  }))
  const pairs = points.reduce((sum, { n }) => sum + n, 0)
  return figure({
    id: `margin-over-${measure.replaceAll('_', '-')}`,
    picture: curvesPlot(
      [{ name: 'mean margin', colour: 'var(--blue)', dashes: null, points }],
      {
        x: axis,
        y: margin,
        log: false,
        ticks: points.map(({ x }) => x),
        tick: decimal,
        noun: 'pairs',
      },
      `Margin over distance: ${points.map(({ x, value }) => `${decimal(x)} ${value === null ? '–' : measured(value)}`).join(', ')}.`,
    ),
    caption: html`<b>Margin over ${axis}</b>, ${plural(pairs, 'pair')} in ${plural(own.length, 'bin')}, each at the mean distance of its pairs. The band is a 95% interval, prompts resampled; a bin without one has too few. A score that reads molecules has a margin above 0 everywhere, and a wider one the further the wrong molecule is.`,
    data: {
      header: ['bin', 'distance', 'margin', 'ci_low', 'ci_high', 'accuracy_half', 'n'],
      rows: own.map(({ bin, distance, margin, accuracy }) => [
        bin,
        distance,
        margin.value,
        margin.ciLow,
        margin.ciHigh,
        accuracy.value,
        margin.n,
      ]),
    },
  })
}

import { reliabilityPlot } from '../../plots/reliability.ts'
import { figure } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import { EMPTY, html } from '../markup.ts'
import { count, percent, plural } from '../numbers.ts'
import { absent, type Section } from '../section.ts'
import { statisticsOf, statisticTable } from '../statistic-table.ts'
import { titleOf } from '../statistic-titles.ts'

/** Does a margin mean what the Bradley–Terry model says it means? */
export function calibration({ calibration: data, pairs, statistics }: ReportInput): Section {
  const title = 'Calibration'
  const table = statisticTable(
    statisticsOf(statistics, 'calibration'),
    html`Losses of the probabilities, lower is better. Cross-fitted: the temperature comes from other prompts than those it is judged on.`,
    (line) => `${titleOf(line)} (${line.scope})`,
  )
  if (data === null || data.bins.length === 0) {
    const why = pairs.some((pair) => pair.margin !== null)
      ? 'No reliability curve: the run computed none for its pairs.'
      : 'No reliability curve: no pair has a margin.'
    return { id: 'calibration', title, body: html`${pairs.length === 0 ? EMPTY : absent(why)}${table}` }
  }
  const total = data.bins.reduce((sum, bin) => sum + bin.n, 0)
  const curve = figure({
    id: 'reliability',
    picture: reliabilityPlot(
      data.bins,
      `Reliability curve: ${data.bins.map((bin) => `predicted ${percent(bin.predicted)}, observed ${percent(bin.observed)}`).join('; ')}.`,
    ),
    caption: html`<b>Reliability.</b> ${data.method} On the dashed line a probability means what it says; a curve flatter than it is too sure, a steeper one not sure enough. ${plural(data.bins.length, 'bin')}, n = ${count(total)} in all; the area of a dot is its share of n, bars are 95% intervals.`,
    data: {
      header: ['predicted', 'observed', 'ci_low', 'ci_high', 'n'],
      rows: data.bins.map((bin) => [bin.predicted, bin.observed, bin.low, bin.high, bin.n]),
    },
  })
  return { id: 'calibration', title, body: html`${curve}${table}` }
}

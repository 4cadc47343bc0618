import type { ScoredCompletion } from '../../../types.ts'
import { binsOf, countIn } from '../../plots/bins.ts'
import { histogramPlot, marginHistogram, marginPlot, twoHistograms } from '../../plots/histogram.ts'
import { figure, legend } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, decimal, plural } from '../numbers.ts'
import { differenceAxis, scaleSentence, scoreAxis } from '../scale.ts'
import { absent, type Section } from '../section.ts'

/** How the learned scores lie: chosen and rejected, passed and failed, and the margins between them. */
export function scores(input: ReportInput): Section {
  const title = 'Learned scores'
  const scored = input.completions.filter((completion) => completion.score !== null)
  if (scored.length === 0)
    return { id: 'scores', title, body: absent('No scores: the run has no model, or no completion could be scored.') }
  const valuesOf = (wanted: (completion: (typeof scored)[number]) => boolean): readonly number[] =>
    scored.filter(wanted).map((completion) => completion.score!)
  const paired = input.pairs.length > 0
  const axis = scoreAxis(input.run)
  const byRole = [valuesOf((c) => c.role === 'chosen'), valuesOf((c) => c.role === 'rejected')] as const
  const byVerdict = [
    valuesOf((c) => c.verifiableStatus === 'pass'),
    valuesOf((c) => c.verifiableStatus === 'fail'),
  ] as const
  const body = html`${
    bothFilled(byRole)
      ? twoGroups('scores-by-role', axis, ['chosen', 'rejected'], byRole)
      : paired
        ? absent('No distribution of chosen against rejected: one of the two was never scored.')
        : EMPTY
  }${
    bothFilled(byVerdict)
      ? twoGroups('scores-by-verdict', axis, ['verifier passes', 'verifier fails'], byVerdict, verdictRemark(scored))
      : absent('No distribution by verdict: not both a passed and a failed completion were scored.')
  }${
    bothFilled(byRole) || bothFilled(byVerdict)
      ? EMPTY
      : oneGroup(
          axis,
          valuesOf(() => true),
        )
  }${margins(input)}`
  return { id: 'scores', title, body }
}

/** Where verdict and role divide the completions alike, the two figures are one, and the page says so. */
function verdictRemark(scored: readonly ScoredCompletion[]): string {
  const partial = scored.filter((c) => c.verifiableStatus === 'partial').length
  const same = scored.every(
    ({ role, verifiableStatus }) =>
      (role === 'chosen' && verifiableStatus === 'pass') || (role === 'rejected' && verifiableStatus === 'fail'),
  )
  if (same)
    return ' Here these are the groups of the figure before: the verifier passes exactly the chosen completions.'
  return partial === 0 ? '' : ` Left out: ${plural(partial, 'completion')} with partial credit.`
}

type TwoGroups = readonly [readonly number[], readonly number[]]
const bothFilled = (groups: TwoGroups): boolean => groups.every((values) => values.length > 0)
const mean = (values: readonly number[]): string =>
  decimal(values.reduce((sum, value) => sum + value, 0) / values.length)

function twoGroups(id: string, axis: string, names: readonly [string, string], groups: TwoGroups, remark = ''): Markup {
  const data = twoHistograms(...groups)
  const said = names.map((name, i) => `${name}: n = ${count(groups[i]!.length)}, mean ${mean(groups[i]!)}`)
  return figure({
    id,
    picture: histogramPlot(
      data.bins,
      [
        { name: names[0], counts: data.filled },
        { name: names[1], counts: data.outlined },
      ],
      axis,
      `Histogram of scores. ${said.join('; ')}.`,
    ),
    legend: legend(['filled', names[0]], ['outlined', names[1]]),
    caption: html`<b>Learned score, ${names[0]} and ${names[1]}.</b> ${said.join('; ')}. Each group adds up to 100%.${remark}`,
    data: {
      header: ['low', 'high', names[0], names[1]],
      rows: data.bins.map((bin, i) => [bin.low, bin.high, data.filled[i]!, data.outlined[i]!]),
    },
  })
}

/** All scores as one group, where nothing divides them. */
function oneGroup(axis: string, values: readonly number[]): Markup {
  const bins = binsOf(values)
  const counts = countIn(bins, values)
  const said = `n = ${count(values.length)}, mean ${mean(values)}`
  return figure({
    id: 'scores',
    picture: histogramPlot(bins, [{ name: 'completions', counts }], axis, `Histogram of scores. ${said}.`),
    caption: html`<b>Learned score of all completions.</b> ${said}.`,
    data: { header: ['low', 'high', 'completions'], rows: bins.map((bin, i) => [bin.low, bin.high, counts[i]!]) },
  })
}

function margins({ pairs, run }: ReportInput): Markup {
  const values = pairs.flatMap((pair) => (pair.margin === null ? [] : [pair.margin]))
  if (pairs.length === 0) return EMPTY // the headline says so
  if (values.length === 0) return absent('No margins: no pair has two scores.')
  const data = marginHistogram(values)
  const wins = values.filter((margin) => margin > 0).length
  const said = `${plural(wins, 'win')}, ${plural(data.ties, 'tie')}, ${plural(values.length - wins - data.ties, 'loss', 'losses')}`
  if (data.bins.length === 0) return absent(`No histogram of margins: all of them are 0 (${said}).`)
  return figure({
    id: 'margins',
    picture: marginPlot(data, differenceAxis(run, 'margin'), `Histogram of margins: ${said}.`),
    legend: legend(['win', 'win'], ['loss', 'loss'], ...(data.ties > 0 ? [['tie', 'tie'] as const] : [])),
    caption: html`<b>Margins</b> of ${plural(values.length, 'pair')}, score of the chosen minus score of the rejected completion: ${said}. ${scaleSentence(run)}`,
    data: {
      header: ['low', 'high', 'pairs'],
      rows: [
        ...data.bins.map((bin, i) => [bin.low, bin.high, data.counts[i]!]),
        ...(data.ties > 0 ? [[0, 0, data.ties]] : []),
      ],
    },
  })
}

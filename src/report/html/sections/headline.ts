import type { Statistic } from '../../../types.ts'
import { type IntervalDot, intervalDots } from '../../plots/interval-dots.ts'
import { figure } from '../figure.ts'
import type { AccuracySummary, ReportInput } from '../input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, percent, percentInterval, plural } from '../numbers.ts'
import { absent, type Section } from '../section.ts'
import { ALL } from '../statistic-table.ts'

/** The number that the run is about, beside what scorers reach that know no chemistry. */
export function headline(input: ReportInput): Section {
  const { accuracy } = input
  const body =
    accuracy === null || accuracy.overall.half === null
      ? html`${withoutAccuracy(input)}${verdictTiles(input)}`
      : html`${leadTiles(accuracy, input)}${againstNulls(accuracy, input)}`
  return { id: 'headline', title: 'Result', body }
}

const tile = (value: string, unit: string, what: Markup): Markup =>
  html`<div class="tile"><p class="value">${value}<small>${unit}</small></p><p>${what}</p></div>
`

function leadTiles({ overall }: AccuracySummary, input: ReportInput): Markup {
  const strict = overall.ties === 0 ? EMPTY : html` Strictly, a tie lost: ${percent(overall.strict)}.`
  return html`<div class="tiles">
${tile(
  percent(overall.half),
  percentInterval(overall.ci.half?.low ?? null, overall.ci.half?.high ?? null),
  html`<b>Accuracy.</b> The chosen completion scores higher in this share of ${plural(overall.n, 'pair')} (${plural(overall.clusters, 'prompt')}); ${overall.ties === 0 ? 'no ties' : `${plural(overall.ties, 'tie')}, each counted ½`}.${strict}`,
)}${nullTile(input)}${agreementTile(input)}</div>
`
}

function nullTile(input: ReportInput): Markup {
  const best = nullsOf(input).reduce<IntervalDot | null>(
    (top, next) => (next.value !== null && next.value > (top?.value ?? -1) ? next : top),
    null,
  )
  if (best === null) return EMPTY
  const lead = leadOver(input, best.name)
  const said =
    lead === undefined || lead.value === null
      ? EMPTY
      : html` The model is ${points(lead.value)} points above it${
          lead.ciLow === null || lead.ciHigh === null ? '' : ` [${points(lead.ciLow)}, ${points(lead.ciHigh)}]`
        }.`
  return tile(
    percent(best.value),
    percentInterval(best.low, best.high),
    html`<b>Best null.</b> “${best.name}” knows no chemistry and reaches this on the same pairs.${said}`,
  )
}

const points = (share: number): string => (share * 100).toFixed(1).replace('-', '−')

function agreementTile({ pairs, statistics }: ReportInput): Markup {
  const decided = pairs.filter((pair) => pair.agree !== null)
  if (decided.length === 0) return tile('–', '', html`<b>Agreement.</b> No pair where both model and verifier decide.`)
  const agreeing = decided.filter((pair) => pair.agree === 1).length
  const rate = statistics.find((s) => s.scope === 'pairs' && s.subset === ALL && s.statistic === 'agreement_rate')
  return tile(
    percent(agreeing / decided.length),
    rate === undefined ? '' : percentInterval(rate.ciLow, rate.ciHigh),
    html`<b>Agreement.</b> Model and verifiable reward prefer the same completion in ${count(agreeing)} of ${plural(decided.length, 'pair')} where both decide.`,
  )
}

/** Null scorers of agreement.csv: scorers that know no chemistry, on the same pairs. */
const nullsOf = ({ statistics }: ReportInput): readonly IntervalDot[] =>
  statistics.flatMap(({ scope, subset, statistic, value, ciLow, ciHigh, n }) =>
    scope.startsWith('null:') && subset === ALL && statistic === 'accuracy_half'
      ? [{ name: scope.slice(5).replaceAll('_', ' '), value, low: ciLow, high: ciHigh, n, emphasis: false }]
      : [],
  )

/** How much better the model is than a null, from the same resamples. */
const leadOver = ({ statistics }: ReportInput, name: string): Statistic | undefined =>
  statistics.find(
    ({ scope, statistic }) => statistic === 'model_minus_null' && scope.slice(5).replaceAll('_', ' ') === name,
  )

function againstNulls({ overall }: AccuracySummary, input: ReportInput): Markup {
  const nulls = nullsOf(input)
  const own: IntervalDot = {
    name: input.run.model,
    value: overall.half,
    low: overall.ci.half?.low ?? null,
    high: overall.ci.half?.high ?? null,
    n: overall.n,
    emphasis: true,
  }
  const dots = [own, ...nulls]
  const method = overall.ci.method
  return figure({
    id: 'accuracy-against-nulls',
    picture: intervalDots(
      dots,
      `Accuracy with intervals: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
    ),
    caption: html`<b>Accuracy against scorers that know no chemistry.</b> ${
      nulls.length === 0 ? 'The run gave no null scorers.' : 'Hollow: null scorers on the same pairs.'
    } Bars are 95% intervals${method === null ? '' : ` (${method})`}; the dashed line is a coin.`,
    data: {
      header: ['scorer', 'accuracy', 'ci_low', 'ci_high', 'n'],
      rows: dots.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
    },
  })
}

function withoutAccuracy({ pairs, completions, accuracy }: ReportInput): Markup {
  if (completions.length === 0) return absent('No row of the run could be used; the failures are listed below.')
  if (pairs.length === 0)
    return absent('No accuracy: the data holds no pairs, its completions stand alone or in groups.')
  if (accuracy === null) return absent('No accuracy: the run has no model, only verifiable rewards.')
  return absent(
    `No accuracy: none of ${plural(pairs.length, 'pair')} has a margin (${accuracy.overall.reason ?? 'not scored'}).`,
  )
}

function verdictTiles({ completions }: ReportInput): Markup {
  if (completions.length === 0) return EMPTY
  const of = (...statuses: readonly string[]): number =>
    completions.filter((completion) => statuses.includes(completion.verifiableStatus)).length
  const verified = of('pass', 'partial', 'fail')
  return html`<div class="tiles">
${tile(
  verified === 0 ? '–' : percent(of('pass') / verified),
  verified === 0 ? '' : `${count(of('pass'))} / ${count(verified)}`,
  html`<b>Pass.</b> Completions whose verifiable reward is 1, of those that could be verified.`,
)}
${tile(count(of('unverifiable')), `of ${count(completions.length)}`, html`<b>Unverifiable.</b> No target, or an oracle without an answer; never counted as a fail.`)}
</div>
`
}

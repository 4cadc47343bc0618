import { linesWhere, type StatisticLines } from '../../../statistic-lines.ts'
import { subsetName } from '../../../subset-name.ts'
import type { ScoredPair, Statistic } from '../../../types.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { csvLink, figure } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, decimal, numberCell, percent, plural } from '../numbers.ts'
import { absent, rowKey, rowsHref, type Section } from '../section.ts'
import { ALL, foldedTable, MIN_PROMPTS, ofSubset, statisticsOf, statisticTable } from '../statistic-table.ts'

/** Learned against verifiable: the cross table of decisions and every statistic that the run computed. */
export function agreement(input: ReportInput, limits: Limits): Section {
  const { pairs, statistics } = input
  return {
    id: 'agreement',
    title: 'Agreement of model and verifier',
    body: html`${crossTable(pairs)}${pairs.some(({ verifiableOutcome }) => verifiableOutcome === 'loss') ? bySubset(statistics) : oneMeasurement(pairs)}${disagreements(pairs)}${statisticTables(statistics, limits)}`,
  }
}

const LEARNED = [
  ['win', 'Model prefers chosen'],
  ['tie', 'Model ties'],
  ['loss', 'Model prefers rejected'],
  [null, 'Not scored'],
] as const
const VERIFIED = [
  ['win', 'Verifier prefers chosen'],
  ['tie', 'Verifier ties'],
  ['loss', 'Verifier prefers rejected'],
  [null, 'Unverifiable'],
] as const

/** The 2×2 of decisions; ties and absences get their line or column where there are any. */
function crossTable(pairs: readonly ScoredPair[]): Markup {
  if (pairs.length === 0) return EMPTY // the headline says so
  if (pairs.every((pair) => pair.verifiableOutcome === null))
    return absent('No cross table: no pair could be verified on both sides (no target, or no verifier in the run).')
  if (pairs.every((pair) => pair.outcome === null)) return absent('No cross table: no pair was scored by a model.')
  const cell = (learned: string | null, verified: string | null): number =>
    pairs.filter((pair) => pair.outcome === learned && pair.verifiableOutcome === verified).length
  const decided = (outcome: string | null): boolean => outcome === 'win' || outcome === 'loss'
  const lines = LEARNED.filter(([word]) => decided(word) || pairs.some((pair) => pair.outcome === word))
  const columns = VERIFIED.filter(([word]) => decided(word) || pairs.some((pair) => pair.verifiableOutcome === word))
  const shade = (learned: string | null, verified: string | null): string =>
    decided(learned) && decided(verified) ? (learned === verified ? 'agrees' : 'differs') : 'undecided'
  const link = (learned: string | null, verified: string | null): string =>
    rowsHref('pairs', { outcome: learned ?? 'unscored', verifiable_outcome: verified ?? 'unverifiable' })
  const rowOf = ([learned, words]: (typeof LEARNED)[number]): Markup =>
    html`<tr><th scope="row">${words}</th>${columns.map(([verified]) => {
      const n = cell(learned, verified)
      return html`<td class="${shade(learned, verified)}">${n === 0 ? html`0` : html`<a href="${link(learned, verified)}">${count(n)}</a>`}<small>${percent(n / pairs.length)}</small></td>`
    })}</tr>\n`
  const data = {
    header: ['learned', 'verifiable', 'pairs'],
    rows: lines.flatMap(([learned]) =>
      columns.map(([verified]) => [learned ?? 'unscored', verified ?? 'unverifiable', cell(learned, verified)]),
    ),
  }
  return html`<div class="scroll"><table class="cross">
<caption>Decisions on ${plural(pairs.length, 'pair')}, learned × verifiable. ■ agree, ▨ disagree. Choose a number to see its rows. ${csvLink('cross-table', data)}</caption>
<thead><tr><td></td>${columns.map(([, words]) => html`<th scope="col">${words}</th>`)}</tr></thead>
<tbody>${lines.map(rowOf)}</tbody></table></div>
`
}

/** Where the verifier always prefers the chosen one, agreement by subset is the accuracy by subset of the chapter before. */
function oneMeasurement(pairs: readonly ScoredPair[]): Markup {
  const won = pairs.filter(({ verifiableOutcome }) => verifiableOutcome === 'win').length
  return won === 0
    ? EMPTY
    : html`<p class="note">The verifier prefers the chosen completion in ${won === 1 ? 'the only pair' : `all ${plural(won, 'pair')}`} that it decides: agreement by subset is accuracy by subset, and is not shown again.</p>
`
}

/** Agreement rate of every subset, with its interval, from agreement.csv. */
function bySubset(statistics: StatisticLines): Markup {
  const lines = [
    ...linesWhere(statistics, ({ scope, statistic }) => scope === 'pairs' && statistic === 'agreement_rate'),
  ]
  if (lines.every(({ value }) => value === null)) return EMPTY
  const dots = [...lines.filter(({ subset }) => subset !== ALL), ...lines.filter(({ subset }) => subset === ALL)].map(
    ({ subset, value, ciLow, ciHigh, n, clusters }) => ({
      name: subset === ALL ? 'overall' : subsetName(subset),
      value,
      low: ciLow,
      high: ciHigh,
      n,
      emphasis: clusters >= MIN_PROMPTS,
    }),
  )
  return figure({
    id: 'agreement-by-subset',
    picture: intervalDots(
      dots,
      `Agreement by subset: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
      'pairs where model and verifier agree, % of those that both decide',
    ),
    caption: html`<b>Agreement by subset.</b> n counts the pairs that both decide. Bars are 95% intervals, unadjusted for the number of subsets. Hollow: fewer than ${MIN_PROMPTS} prompts, which carry no conclusion.`,
    data: {
      header: ['subset', 'agreement_rate', 'ci_low', 'ci_high', 'n'],
      rows: dots.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
    },
  })
}

const WORST = 10

/** The pairs where the model is surest and the verifier says the opposite: the first to read. */
function disagreements(pairs: readonly ScoredPair[]): Markup {
  const against = pairs
    .filter((pair) => pair.agree === 0 && pair.margin !== null)
    .sort((a, b) => Math.abs(b.margin!) - Math.abs(a.margin!))
  if (against.length === 0) return EMPTY
  return html`<div class="scroll"><table>
<caption>The ${against.length > WORST ? `${WORST} of ${count(against.length)} disagreements` : plural(against.length, 'disagreement')} with the widest margin: candidates for a reward that can be hacked, or for a verifier at fault.</caption>
<thead><tr><th scope="col">Row</th><th scope="col">Subset</th><th scope="col" class="num">Chosen</th><th scope="col" class="num">Rejected</th><th scope="col" class="num">Margin</th><th scope="col">Rejected verdict</th></tr></thead>
<tbody>${against
    .slice(0, WORST)
    .map(
      (pair) =>
        html`<tr><th scope="row"><a href="${rowsHref('pairs', { agree: 'no', sort: 'margin', open: rowKey(pair.id, pair.rejectedIndex, pair.chosen.index) })}">${pair.id}</a></th><td>${subsetName(pair.subset)}</td>${numberCell(
          decimal(pair.chosen.score),
        )}${numberCell(decimal(pair.rejected.score))}${numberCell(decimal(pair.margin))}<td>${pair.rejected.verifiableReason ?? pair.rejected.verifiableStatus}</td></tr>\n`,
    )}</tbody></table></div>
`
}

/** Scopes that have a chapter of their own. */
const OWN_CHAPTER = /^(groups|advantages|steps|step_verdicts|invariance|sensitivity)(:|$)/

function statisticTables(statistics: StatisticLines, limits: Limits): Markup {
  if (statistics.length === 0) return absent('The run computed no statistics (agreement.csv is empty).')
  const own = statisticsOf(statistics, 'agreement')
  const rest = linesWhere(
    statistics,
    ({ scope, subset }) =>
      !OWN_CHAPTER.test(scope) && (subset !== ALL || (scope !== 'pairs' && scope !== 'completions')),
  )
  const of = (scope: string): readonly Statistic[] => own.filter((statistic) => statistic.scope === scope)
  return html`${statisticTable(of('pairs'), html`Decisions on pairs, over all of them. An absent value gives its reason.`)}${statisticTable(
    of('completions'),
    html`Score against verifiable reward, over all completions.`,
  )}${foldedTable(rest, 'The same by subset, stratum and baseline', limits.tableRows, (line) => `${line.scope} · ${ofSubset(line)}`)}`
}

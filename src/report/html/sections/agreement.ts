import type { ScoredPair, Statistic } from '../../../types.ts'
import type { ReportInput } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, decimal, interval, numberCell, percent, plural } from '../numbers.ts'
import { absent, rowsHref, type Section } from '../section.ts'

/** Learned against verifiable: the cross table of decisions and every statistic that the run computed. */
export function agreement(input: ReportInput, limits: Limits): Section {
  const { pairs, statistics } = input
  return {
    id: 'agreement',
    title: 'Agreement of model and verifier',
    body: html`${crossTable(pairs)}${disagreements(pairs)}${statisticTables(statistics, limits)}`,
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
  if (pairs.length === 0) return absent('No cross table: the data holds no pairs.')
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
  return html`<table class="cross">
<caption>Decisions on ${plural(pairs.length, 'pair')}, learned × verifiable. ■ agree, ▨ disagree. Choose a number to see its rows.</caption>
<thead><tr><td></td>${columns.map(([, words]) => html`<th scope="col">${words}</th>`)}</tr></thead>
<tbody>${lines.map(rowOf)}</tbody></table>
`
}

const WORST = 10

/** The pairs where the model is surest and the verifier says the opposite: the first to read. */
function disagreements(pairs: readonly ScoredPair[]): Markup {
  const against = pairs
    .filter((pair) => pair.agree === 0 && pair.margin !== null)
    .sort((a, b) => Math.abs(b.margin!) - Math.abs(a.margin!))
  if (against.length === 0) return EMPTY
  return html`<div class="scroll"><table>
<caption>The ${against.length > WORST ? `${WORST} of ${count(against.length)}` : count(against.length)} disagreements with the widest margin: candidates for a reward that can be hacked, or for a verifier at fault.</caption>
<thead><tr><th scope="col">Row</th><th scope="col">Subset</th><th scope="col" class="num">Chosen</th><th scope="col" class="num">Rejected</th><th scope="col" class="num">Margin</th><th scope="col">Rejected verdict</th></tr></thead>
<tbody>${against
    .slice(0, WORST)
    .map(
      (pair) =>
        html`<tr><th scope="row"><a href="${rowsHref('pairs', { agree: 'no', sort: 'margin', open: openKey(pair) })}">${pair.id}</a></th><td>${pair.subset}</td>${numberCell(
          decimal(pair.chosen.score),
        )}${numberCell(decimal(pair.rejected.score))}${numberCell(decimal(pair.margin))}<td>${pair.rejected.verifiableReason ?? pair.rejected.verifiableStatus}</td></tr>\n`,
    )}</tbody></table></div>
`
}

/** How the browser names a row in its address. */
export const openKey = (pair: ScoredPair): string =>
  pair.rejectedIndex === 0 ? pair.id : `${pair.id}/${pair.rejectedIndex}`

const OVERALL = new Set(['', 'all', 'overall'])

function statisticTables(statistics: readonly Statistic[], limits: Limits): Markup {
  if (statistics.length === 0) return absent('The run computed no statistics (agreement.csv is empty).')
  const overall = statistics.filter((statistic) => OVERALL.has(statistic.subset))
  const rest = statistics.filter((statistic) => !OVERALL.has(statistic.subset))
  const scopes = [...new Set(overall.map((statistic) => statistic.scope))]
  return html`<div class="scroll"><table>
<caption>Statistics over all rows; with the subsets they are agreement.csv. An absent value gives its reason.</caption>
${STATISTIC_HEAD}
${scopes.map(
  (scope) => html`<tbody><tr class="group"><th colspan="6" scope="rowgroup">${words(scope)}</th></tr>
${overall.filter((statistic) => statistic.scope === scope).map((statistic) => statisticRow(statistic, statistic.statistic))}</tbody>
`,
)}</table></div>
${rest.length === 0 ? EMPTY : bySubset(rest, limits)}`
}

function bySubset(rest: readonly Statistic[], limits: Limits): Markup {
  const shown = rest.slice(0, limits.tableRows)
  return html`<details class="data"><summary>Statistics by subset (${plural(rest.length, 'row')})</summary>
${shown.length < rest.length && html`<p class="note">The first ${count(shown.length)} are shown; agreement.csv has all.</p>`}
<div class="scroll"><table>
${STATISTIC_HEAD}
<tbody>${shown.map((statistic) => statisticRow(statistic, `${words(statistic.scope)} · ${statistic.subset} · ${words(statistic.statistic)}`))}</tbody></table></div></details>
`
}

const STATISTIC_HEAD = html`<thead><tr><th scope="col">Statistic</th><th scope="col" class="num">Value</th><th scope="col" class="num">95% interval</th><th scope="col" class="num">n</th><th scope="col" class="num">Prompts</th><th scope="col" class="num">Missing</th></tr></thead>`

function statisticRow(statistic: Statistic, name: string): Markup {
  const { value, ciLow, ciHigh, ciMethod, reason } = statistic
  return html`<tr><th scope="row">${words(name)}</th>${
    value === null
      ? html`<td class="why" colspan="2">${words(reason ?? 'absent')}</td>`
      : html`${numberCell(decimal(value))}<td class="num"${ciMethod !== null && html` title="${ciMethod}"`}>${interval(ciLow, ciHigh)}</td>`
  }${numberCell(count(statistic.n))}${numberCell(count(statistic.clusters))}${numberCell(count(statistic.missing))}</tr>
`
}

const words = (name: string): string => name.replaceAll('_', ' ')

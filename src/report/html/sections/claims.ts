import { type ShareBar, shareBars } from '../../plots/share-bars.ts'
import { figure, legend } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, numberCell, percent, plural } from '../numbers.ts'
import { absent, rowKey, rowsHref, type Section } from '../section.ts'
import { ALL, statisticTable } from '../statistic-table.ts'
import type { ClaimRecord, StepVerdictRecord, StepWord } from '../step-input.ts'

/** What RDKit says of the statements in the steps. null where none were looked for. */
export function claims({ steps: report, statistics }: ReportInput): Section | null {
  if (report === undefined || report.verdicts === null) return null
  const { verdicts } = report
  const own = statistics.filter(({ scope, subset }) => scope === 'step_verdicts' && subset === ALL)
  const title = 'Claims of the steps'
  if (verdicts.length === 0) return { id: 'claims', title, body: absent('No step to verify.') }
  return {
    id: 'claims',
    title,
    body: html`${bars(verdicts)}${kinds(verdicts)}${firstWrong(verdicts)}${statisticTable(own, html`Learned rewards of the steps beside the verdicts on their claims. An absent value gives its reason.`)}`,
  }
}

const WORDS = [
  ['pass', 'blue'],
  ['fail', 'orange'],
  ['unverifiable', 'grey'],
] as const satisfies readonly (readonly [StepWord, string])[]

function bars(verdicts: readonly StepVerdictRecord[]): Markup {
  const parts = (of: (verdict: StepVerdictRecord) => boolean): ShareBar['parts'] =>
    WORDS.map(([word, colour]) => ({
      name: word,
      colour,
      n: verdicts.filter((one) => of(one) && one.verdict === word).length,
    }))
  const found = [
    { name: 'steps', parts: parts(({ candidate }) => candidate === null) },
    { name: 'candidates', parts: parts(({ candidate }) => candidate !== null) },
  ].filter((bar) => bar.parts.some(({ n }) => n > 0))
  const said = (bar: ShareBar): string =>
    `${bar.name}: ${bar.parts.map(({ name, n }) => `${name} ${count(n)}`).join(', ')}`
  const all = verdicts.flatMap((one) => one.claims)
  const decided = all.filter(({ outcome }) => outcome !== 'unverifiable').length
  return figure({
    id: 'step-verdicts',
    picture: shareBars(found, `Verdicts on steps. ${found.map(said).join('; ')}.`, '% of the steps'),
    legend: legend(...WORDS.map(([word, colour]) => [`part-${colour}`, word] as const)),
    caption: html`<b>Verdicts on ${plural(verdicts.length, 'step')}</b>, candidates among them where there are any, by the claims found in them: ${plural(all.length, 'claim')}, ${count(decided)} decided. A step fails if a decided claim fails, passes if one is decided and none fails; what is not understood, questioned, negated or supposed is unverifiable, and never counted as a fail.`,
    data: {
      header: ['of', 'verdict', 'n'],
      rows: found.flatMap((bar) => bar.parts.map((part) => [bar.name, part.name, part.n])),
    },
  })
}

function kinds(verdicts: readonly StepVerdictRecord[]): Markup {
  const tally = new Map<string, Record<StepWord, number>>()
  for (const { claims } of verdicts)
    for (const { kind, outcome } of claims) {
      const line = tally.get(kind) ?? { pass: 0, fail: 0, unverifiable: 0 }
      line[outcome]++
      tally.set(kind, line)
    }
  if (tally.size === 0) return EMPTY
  const lines = [...tally].sort((a, b) => b[1].fail - a[1].fail || b[1].pass - a[1].pass || (a[0] < b[0] ? -1 : 1))
  return html`<div class="scroll"><table>
<caption>Claims by kind, those that fail most first. The share is of the decided ones.</caption>
<thead><tr><th scope="col">Kind</th><th scope="col" class="num">Pass</th><th scope="col" class="num">Fail</th><th scope="col" class="num">Failing</th><th scope="col" class="num">Unverifiable</th></tr></thead>
<tbody>${lines.map(
    ([kind, { pass, fail, unverifiable }]) =>
      html`<tr><th scope="row">${kind.replaceAll('_', ' ')}</th>${[
        count(pass),
        count(fail),
        percent(pass + fail === 0 ? null : fail / (pass + fail)),
        count(unverifiable),
      ].map(numberCell)}</tr>\n`,
  )}</tbody></table></div>
`
}

const SHOWN = 10

/** The first claims that fail, one per row: what to read. */
function firstWrong(verdicts: readonly StepVerdictRecord[]): Markup {
  const seen = new Set<string>()
  const wrong = verdicts.filter(({ id, candidate, verdict }) => {
    if (verdict !== 'fail' || candidate !== null || seen.has(id)) return false
    seen.add(id)
    return true
  })
  if (wrong.length === 0) return EMPTY
  const row = ({ id, step, claims }: StepVerdictRecord): Markup => {
    const claim: ClaimRecord | undefined = claims.find(({ outcome }) => outcome === 'fail')
    return html`<tr><th scope="row"><a href="${rowsHref('steps', { open: rowKey(id) })}">${id}</a></th>${numberCell(count(step + 1))}<td>${(claim?.kind ?? '–').replaceAll('_', ' ')}</td><td>${claim?.text ?? '–'}</td><td>${claim?.reason ?? '–'}</td></tr>\n`
  }
  return html`<div class="scroll"><table>
<caption>The first wrong step of ${wrong.length > SHOWN ? `${SHOWN} of ${plural(wrong.length, 'row')} that have one` : `each of ${plural(wrong.length, 'row')} that ${wrong.length === 1 ? 'has' : 'have'} one`}.</caption>
<thead><tr><th scope="col">Row</th><th scope="col" class="num">Step</th><th scope="col">Claim</th><th scope="col">As it stands</th><th scope="col">Why it fails</th></tr></thead>
<tbody>${wrong.slice(0, SHOWN).map(row)}</tbody></table></div>
`
}

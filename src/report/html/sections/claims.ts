import { linesWhere } from '../../../statistic-lines.ts'
import { type ShareBar, shareBars } from '../../plots/share-bars.ts'
import { figure, legend } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, numberCell, percent, plural } from '../numbers.ts'
import { absent, rowKey, rowsHref, type Section } from '../section.ts'
import { ALL, foldedTable, ofSubset, statisticTable } from '../statistic-table.ts'
import type { ClaimRecord, StepTally, StepVerdictRecord, StepWord, WordTally } from '../step-input.ts'

/** What RDKit says of the statements in the steps. null where none were looked for. */
export function claims({ steps: report, statistics }: ReportInput, limits: Limits): Section | null {
  if (report === undefined || report.tally === null) return null
  const own = [...linesWhere(statistics, ({ scope }) => scope === 'step_verdicts')]
  const title = 'Claims of the steps'
  const { steps, candidates, kinds } = report.tally
  if (sum(steps) + sum(candidates) === 0) return { id: 'claims', title, body: absent('No step to verify.') }
  return {
    id: 'claims',
    title,
    body: html`${bars(report.tally)}${kindTable(kinds)}${firstWrong(report.verdicts ?? [])}${statisticTable(
      own.filter(({ subset }) => subset === ALL),
      html`Verdicts on the claims of the steps, and learned rewards beside them. An absent value gives its reason.`,
    )}${foldedTable(
      own.filter(({ subset }) => subset !== ALL),
      'The same by subset and kind of claim',
      limits.tableRows,
      ofSubset,
    )}`,
  }
}

const WORDS = [
  ['pass', 'blue'],
  ['fail', 'orange'],
  ['unverifiable', 'grey'],
] as const satisfies readonly (readonly [StepWord, string])[]

const sum = ({ pass, fail, unverifiable }: WordTally): number => pass + fail + unverifiable

function bars({ steps, candidates, kinds }: StepTally): Markup {
  const bar = (name: string, tally: WordTally): ShareBar => ({
    name,
    parts: WORDS.map(([word, colour]) => ({ name: word, colour, n: tally[word] })),
  })
  const found = [bar('steps', steps), bar('candidates', candidates)].filter(({ parts }) => parts.some(({ n }) => n > 0))
  const said = (one: ShareBar): string =>
    `${one.name}: ${one.parts.map(({ name, n }) => `${name} ${count(n)}`).join(', ')}`
  const all = [...kinds.values()]
  const decided = all.reduce((n, { pass, fail }) => n + pass + fail, 0)
  return figure({
    id: 'step-verdicts',
    picture: shareBars(found, `Verdicts on steps. ${found.map(said).join('; ')}.`, '% of the steps'),
    legend: legend(...WORDS.map(([word, colour]) => [`part-${colour}`, word] as const)),
    caption: html`<b>Verdicts on ${plural(sum(steps) + sum(candidates), 'step')}</b>${sum(candidates) === 0 || sum(steps) === 0 ? '' : `, ${count(sum(candidates))} of them candidates`}, by the claims found in them: ${plural(
      all.reduce((n, tally) => n + sum(tally), 0),
      'claim',
    )}, ${count(decided)} decided. A step fails if a decided claim fails, passes if one is decided and none fails; what is not understood, questioned, negated or supposed is unverifiable, and never counted as a fail.`,
    data: {
      header: ['of', 'verdict', 'n'],
      rows: found.flatMap((one) => one.parts.map((part) => [one.name, part.name, part.n])),
    },
  })
}

function kindTable(kinds: StepTally['kinds']): Markup {
  if (kinds.size === 0) return EMPTY
  const lines = [...kinds].sort((a, b) => b[1].fail - a[1].fail || b[1].pass - a[1].pass || (a[0] < b[0] ? -1 : 1))
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
    return html`<tr><th scope="row"><a href="${rowsHref('steps', { open: rowKey(id) })}">${id}</a></th>${numberCell(count(step))}<td>${(claim?.kind ?? '–').replaceAll('_', ' ')}</td><td>${claim?.text ?? '–'}</td><td>${claim?.reason ?? '–'}</td></tr>\n`
  }
  return html`<div class="scroll"><table>
<caption>The first wrong step of ${wrong.length > SHOWN ? `${SHOWN} of ${plural(wrong.length, 'row')} that have one` : `each of ${plural(wrong.length, 'row')} that ${wrong.length === 1 ? 'has' : 'have'} one`}. Steps are counted from 0, as in the CSV files.</caption>
<thead><tr><th scope="col">Row</th><th scope="col" class="num">Step</th><th scope="col">Claim</th><th scope="col">As it stands</th><th scope="col">Why it fails</th></tr></thead>
<tbody>${wrong.slice(0, SHOWN).map(row)}</tbody></table></div>
`
}

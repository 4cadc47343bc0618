import { subsetName } from '../../../subset-name.ts'
import type { ScoredCompletion } from '../../../types.ts'
import { decilesOf } from '../../plots/bins.ts'
import { type ReasonLine, reasonDeciles } from '../../plots/reason-deciles.ts'
import { figure } from '../figure.ts'
import type { ReportInput, Suspect } from '../input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, decimal, numberCell, plural } from '../numbers.ts'
import { verdictWord } from '../row-table.ts'
import { absent, rowKey, rowsHref, type Section } from '../section.ts'
import { statisticsOf, statisticTable } from '../statistic-table.ts'

/** Which faults does the model see, which does it reward? */
export function reasons({ completions, statistics, suspects, tiedSuspects }: ReportInput): Section {
  const title = 'Verdicts and scores'
  const scored = completions.filter((completion) => completion.score !== null)
  const verified = scored.filter((completion) => completion.verifiableStatus !== 'unverifiable')
  if (verified.length === 0) {
    const why = scored.length === 0 ? 'no completion was scored' : 'no scored completion has a verdict'
    return { id: 'reasons', title, body: absent(`No heat map of reasons: ${why}.`) }
  }
  const deciles = decilesOf(verified.map((completion) => completion.score!))
  const counts = new Map<string, number[]>()
  verified.forEach((completion, i) => {
    const word = verdictWord(completion)
    if (!counts.has(word)) counts.set(word, new Array<number>(10).fill(0))
    counts.get(word)![deciles[i]!]!++
  })
  const total = (line: ReasonLine): number => line.counts.reduce((sum, n) => sum + n, 0)
  const lines = [...counts]
    .map(([reason, line]) => ({ reason, counts: line }))
    .sort((a, b) => total(b) - total(a) || (a.reason < b.reason ? -1 : 1))
  const left = scored.length - verified.length
  const map = figure({
    id: 'reasons-by-decile',
    picture: reasonDeciles(
      lines,
      `Completions by verdict and score decile. ${lines.map((line) => `${line.reason}: ${line.counts.join(', ')}`).join('; ')}.`,
    ),
    caption: html`<b>Verdicts by decile of the learned score</b>, ${plural(verified.length, 'completion')}, equal scores in one decile. Numbers are completions; the shade is their share of the line, so that a fault that the model does not see is even across. A fault with much weight on the right is rewarded.${
      left > 0 ? ` ${count(left)} scored completions without a verdict are left out.` : ''
    }`,
    data: {
      header: ['verdict', ...Array.from({ length: 10 }, (_, i) => `decile_${i + 1}`)],
      rows: lines.map((line) => [line.reason, ...line.counts]),
    },
  })
  const rates = statisticTable(
    statisticsOf(statistics, 'reasons'),
    html`Completions with a high score that the verifier fails.`,
  )
  return {
    id: 'reasons',
    title,
    body: html`${map}${rates}${suspectTable(suspects, 'hack', tiedSuspects?.hack)}${suspectTable(suspects, 'verifier', tiedSuspects?.verifier)}`,
  }
}

const CAPTIONS = {
  hack: 'Failed, yet scored in the top tenth: what a policy trained on this model would learn to write.',
  verifier:
    'Passed, yet scored in the bottom tenth: the model may be wrong, or the verifier (a tautomer, a salt, another isomer).',
} as const
const SHOWN = 10

/** @param tied completions of this kind that share the score at the border with more than fit into the tenth */
function suspectTable(suspects: readonly Suspect[], kind: Suspect['kind'], tied = 0): Markup {
  const found = suspects.filter((suspect) => suspect.kind === kind)
  const end = kind === 'hack' ? 'top' : 'bottom'
  const left =
    tied === 0
      ? ''
      : ` ${plural(tied, 'completion')} that the verifier ${kind === 'hack' ? 'fails' : 'passes'} ${tied === 1 ? 'has' : 'have'} the score at the border of the ${end} tenth, which more have than fit into it: not listed.`
  if (found.length === 0) return left === '' ? EMPTY : html`<p class="note">${left.trimStart()}</p>\n`
  return html`<div class="scroll"><table>
<caption>${CAPTIONS[kind]}${found.length > SHOWN ? ` The first ${SHOWN} of ${count(found.length)}.` : ''}${left}</caption>
<thead><tr><th scope="col">Row</th><th scope="col">Completion</th><th scope="col">Subset</th><th scope="col" class="num">Score</th><th scope="col" class="num">Rank, %</th><th scope="col">Verdict</th></tr></thead>
<tbody>${found
    .slice(0, SHOWN)
    .map(
      ({ completion, percentile }) =>
        html`<tr><th scope="row"><a href="${suspectHref(completion)}">${completion.id}</a></th><td>${completion.role}</td><td>${subsetName(completion.subset)}</td>${numberCell(
          decimal(completion.score),
        )}${numberCell((percentile * 100).toFixed(1))}<td>${verdictWord(completion)}</td></tr>\n`,
    )}</tbody></table></div>
`
}

function suspectHref({ id, role, index }: ScoredCompletion): string {
  if (role === 'completion') return rowsHref('completions', { open: rowKey(id, index) })
  return rowsHref('pairs', { open: role === 'chosen' ? rowKey(id, 0, index) : rowKey(id, index) })
}

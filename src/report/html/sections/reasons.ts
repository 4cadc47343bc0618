import { subsetName } from '../../../subset-name.ts'
import type { ScoredCompletion, VerdictCause } from '../../../types.ts'
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
export function reasons(input: ReportInput): Section {
  const { completions, statistics, suspects, tiedSuspects } = input
  const title = 'Verdicts and scores'
  const scored = completions.filter((completion) => completion.score !== null)
  const verified = scored.filter((completion) => completion.verifiableStatus !== 'unverifiable')
  if (verified.length === 0) {
    const why = scored.length === 0 ? 'no completion was scored' : 'no scored completion has a verdict'
    return {
      id: 'reasons',
      title,
      body: html`${absent(`No heat map of reasons: ${why}.`)}${causes(completions)}${hinges(input)}`,
    }
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
    body: html`${map}${causes(completions)}${hinges(input)}${rates}${suspectTable(suspects, 'hack', tiedSuspects?.hack)}${suspectTable(suspects, 'verifier', tiedSuspects?.verifier)}`,
  }
}

const CAUSED_BY: Readonly<Record<VerdictCause, string>> = {
  answer: 'the answer',
  target: 'the target: a solution by which nothing can be judged',
  oracle: 'an oracle without an answer',
  verifier: 'the verifier, which was given up',
}

/** Who is at fault where a completion does not pass: only what the answer causes says something of the answer. */
function causes(completions: readonly ScoredCompletion[]): Markup {
  const counts = new Map<string, number>()
  for (const { verdictCause, verifiableReason } of completions) {
    if (verdictCause == null) continue
    const key = JSON.stringify([verdictCause, verifiableReason ?? 'no reason given'])
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  if (counts.size === 0) return EMPTY
  const order = Object.keys(CAUSED_BY)
  const lines = [...counts]
    .map(([key, n]) => ({ words: JSON.parse(key) as [VerdictCause, string], n }))
    .sort((a, b) => order.indexOf(a.words[0]) - order.indexOf(b.words[0]) || b.n - a.n)
  return html`<div class="scroll"><table>
<caption>Completions that do not pass, by who is at fault. Only what the answer causes is a fail; the others are unverifiable.</caption>
<thead><tr><th scope="col">Caused by</th><th scope="col">Reason</th><th scope="col" class="num">Completions</th></tr></thead>
<tbody>${lines.map(
    ({ words: [cause, reason], n }) =>
      html`<tr><th scope="row">${CAUSED_BY[cause]}</th><td>${reason}</td>${numberCell(count(n))}</tr>\n`,
  )}</tbody></table></div>
`
}

/** How many verdicts rest on a filter that is not ether0's own. */
function hinges({ completions, run }: ReportInput): Markup {
  if (!run.provenance.some(({ standIn }) => standIn === true)) return EMPTY
  const verified = completions.filter(({ verifiableStatus }) => verifiableStatus !== 'unverifiable').length
  const counts = new Map<string, number>()
  for (const { hingesOn } of completions) if (hingesOn != null) counts.set(hingesOn, (counts.get(hingesOn) ?? 0) + 1)
  const words = [...counts].map(([filter, n]) => `${FILTERS[filter] ?? filter}: ${count(n)}`)
  const all = [...counts.values()].reduce((sum, n) => sum + n, 0)
  return html`<p class="note">${
    all === 0
      ? `No verdict hinges on a filter that stands in for ether0’s own: without the filters of ring systems, Morgan environments and purchasable molecules all ${plural(verified, 'verdict')} would be the same.`
      : `${count(all)} of ${plural(verified, 'verdict')} ${all === 1 ? 'hinges' : 'hinge'} on a filter that stands in for ether0’s own and would be another without it (${words.join(', ')}): the column hinges_on of scores.csv names them.`
  }</p>
`
}
const FILTERS: Readonly<Record<string, string>> = {
  rings: 'ring systems',
  fingerprints: 'Morgan environments',
  'rings+fingerprints': 'both of these together',
  purchasable: 'purchasable molecules',
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

import { intervalDots } from '../../plots/interval-dots.ts'
import { figure } from '../figure.ts'
import type { FaultRecord, ReportInput } from '../input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, numberCell, percent, percentInterval, plural } from '../numbers.ts'
import { MIN_PROMPTS } from '../statistic-table.ts'

/** The stratum that the page leads with; null where no pair is in it, or none of its pairs was scored. */
export const headlineStratum = ({ faults = [] }: ReportInput): FaultRecord | null =>
  faults.find(({ level, half }) => level === 'both_well_formed' && half.value !== null) ?? null

/** Accuracy by why the rejected answer is wrong, with the mix of the data beside it. */
export function byFault({ faults = [] }: ReportInput): Markup {
  if (faults.length === 0) return EMPTY
  const scored = faults.some(({ half }) => half.value !== null)
  return html`${scored ? picture(faults) : EMPTY}${mix(faults, scored)}`
}

function picture(faults: readonly FaultRecord[]): Markup {
  const dots = faults.map(({ title, part, half: { value, ciLow, ciHigh, n, clusters } }) => ({
    ...{ name: part ? `of these ${title}` : title, value, low: ciLow, high: ciHigh, n },
    emphasis: clusters >= MIN_PROMPTS,
  }))
  return figure({
    id: 'accuracy-by-fault',
    picture: intervalDots(
      dots,
      `Accuracy by why the rejected answer is wrong: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
    ),
    caption: html`<b>Accuracy by why the rejected answer is wrong.</b> n counts pairs. Bars are 95% intervals; the dashed line is a coin. Hollow: fewer than ${MIN_PROMPTS} prompts, which carry no conclusion.`,
    data: {
      header: ['why', 'share', 'accuracy', 'ci_low', 'ci_high', 'n'],
      rows: faults.map(({ title, share, half }) => [
        title,
        share?.value ?? null,
        half.value,
        half.ciLow,
        half.ciHigh,
        half.n,
      ]),
    },
  })
}

/** What each level says, and how much of the data it is. */
function mix(faults: readonly FaultRecord[], scored: boolean): Markup {
  const total = faults.find(({ share }) => share !== null)?.share?.n ?? 0
  const line = ({ title, part, definition, share, half }: FaultRecord): Markup =>
    html`<tr><th scope="row"${part === true && html` class="part"`}>${title}</th><td class="words">${definition ?? ''}</td>${numberCell(count(half.n + half.missing))}${
      share === null
        ? html`<td></td><td></td>`
        : html`${numberCell(percent(share.value))}${numberCell(percentInterval(share.ciLow, share.ciHigh))}`
    }</tr>\n`
  return html`<div class="scroll"><table>
<caption>Why the rejected answer is wrong: what the ${plural(total, 'pair')} are made of.${scored ? '' : ' No pair was scored.'}${faults.some(({ part }) => part) ? html` Set in are the parts of <i>both well-formed</i>, which add up to it.` : EMPTY} The share has its 95% interval.</caption>
<thead><tr><th scope="col">Rejected</th><th scope="col">Meaning</th><th scope="col" class="num">Pairs</th><th scope="col" class="num">Share</th><th scope="col" class="num">95% interval</th></tr></thead>
<tbody>${faults.map(line)}</tbody></table></div>
`
}

import type { ReportInput } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, numberCell, plural } from '../numbers.ts'
import type { Section } from '../section.ts'

/** What could not be used, what was not scored and why, and what was mended on the way. */
export function failures(input: ReportInput, limits: Limits): Section {
  return {
    id: 'failures',
    title: 'Failures and repairs',
    body: html`${warnings(input.run.warnings)}${failedRows(input, limits)}${input.completions.length === 0 ? EMPTY : unscored(input)}${repairs(input.run)}`,
  }
}

const warnings = (lines: readonly string[]): Markup =>
  lines.length === 0 ? EMPTY : html`<ul class="warnings">${lines.map((line) => html`<li>${line}</li>`)}</ul>\n`

/** Nothing to report, which is worth a line. */
const fine = (sentence: string): Markup => html`<p class="note">${sentence}</p>\n`

function failedRows({ failures: rows }: ReportInput, limits: Limits): Markup {
  if (rows.length === 0) return fine('Every row of the data could be read.')
  const shown = rows.slice(0, limits.tableRows)
  return html`<div class="scroll"><table>
<caption>${plural(rows.length, 'row')} could not be used; no number above includes them.${
    shown.length < rows.length ? ` The first ${count(shown.length)} are shown, run.json lists all.` : ''
  }</caption>
<thead><tr><th scope="col">Where</th><th scope="col">Row</th><th scope="col">Reason</th><th scope="col">What</th></tr></thead>
<tbody>${shown.map(
    (row) =>
      html`<tr><th scope="row">${row.where}</th><td>${row.id ?? '–'}</td><td>${row.reason}</td><td>${row.message}${row.hint !== null && html`<br><small>${row.hint}</small>`}</td></tr>\n`,
  )}</tbody></table></div>
`
}

function unscored({ completions }: ReportInput): Markup {
  const tally = new Map<string, number>()
  for (const { score, scoreReason } of completions)
    if (score === null) tally.set(scoreReason ?? 'no model', (tally.get(scoreReason ?? 'no model') ?? 0) + 1)
  return tallyTable(tally, 'Completions without a score, by reason.', 'Every completion has a score.')
}

function repairs({ repairs: words, truncations }: ReportInput['run']): Markup {
  const tally = new Map([
    ...Object.entries(words),
    ...(truncations > 0 && words.cut_left === undefined && words.cut_right === undefined
      ? [['truncated', truncations] as const]
      : []),
  ])
  return tallyTable(tally, 'Repairs and cuts, in completions.', 'Nothing was repaired or cut.')
}

function tallyTable(tally: ReadonlyMap<string, number>, caption: string, none: string): Markup {
  if (tally.size === 0) return fine(none)
  const lines = [...tally].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  return html`<table class="narrow"><caption>${caption}</caption>
<tbody>${lines.map(([word, n]) => html`<tr><th scope="row">${word.replaceAll('_', ' ')}</th>${numberCell(count(n))}</tr>\n`)}</tbody></table>
`
}

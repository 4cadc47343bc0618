import { EMPTY, html, type Markup } from '../../html/markup.ts'
import { count, decimal, interval, measured, numberCell, percent, percentInterval, points } from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { type FileRow, rowsOf } from '../csv-file.ts'
import type { CompareInput } from '../input.ts'
import { shownName } from '../names.ts'
import { verdictOf } from './differences.ts'

/** Runs of one model: computed otherwise (number format, device, batch), or with and without its reference. null without such. */
export function drift({ files }: CompareInput): Section | null {
  const twins = rowsOf(files, 'drift.csv')
  const references = rowsOf(files, 'ref-free.csv').filter((row) => row.text('subset') === 'all')
  if (twins.length === 0 && references.length === 0) return null
  return {
    id: 'drift',
    title: 'One model, computed otherwise',
    body: html`${twinTable(twins)}${referenceTable(references)}`,
  }
}

function twinTable(rows: readonly FileRow[]): Markup {
  if (rows.length === 0) return EMPTY
  const cell = (value: number | null): Markup => numberCell(value === null ? '–' : measured(value))
  return html`<div class="scroll"><table>
<caption>Two runs of the same weights and texts (drift.csv): differences of the scores, a − b, and pairs whose outcome turns. Such runs count once in ensembles and tests. <i>Equivalent</i>: p that the mean differs by less than 2% of a standard deviation.</caption>
<thead><tr><th scope="col">a</th><th scope="col">b</th><th scope="col">Differs in</th><th scope="col" class="num">Largest |a − b|</th><th scope="col" class="num">RMS</th><th scope="col" class="num">Bias</th><th scope="col" class="num">Limits of agreement</th><th scope="col" class="num">ρ</th><th scope="col" class="num">Flips</th><th scope="col" class="num">95% interval</th><th scope="col" class="num">Pairs</th><th scope="col" class="num">Completions</th><th scope="col" class="num">Equivalent</th></tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr><th scope="row">${shownName(row.text('a'))}</th><th scope="row">${shownName(row.text('b'))}</th><td>${row.text('differs') || 'not said'}</td>${cell(
      row.number('largest_difference'),
    )}${cell(row.number('rms_difference'))}${cell(row.number('bias'))}${numberCell(
      interval(row.number('limit_low'), row.number('limit_high')),
    )}${cell(row.number('spearman'))}${numberCell(
      row.number('flips') === null ? '–' : `${count(row.number('flips')!)} (${percent(row.number('flip_rate'))})`,
    )}${numberCell(percentInterval(row.number('flip_low'), row.number('flip_high')))}${numberCell(
      count(row.number('pairs') ?? 0),
    )}${numberCell(count(row.number('completions') ?? 0))}${numberCell(decimal(row.number('equivalence_p')))}</tr>
`,
  )}</tbody></table></div>
`
}

function referenceTable(rows: readonly FileRow[]): Markup {
  if (rows.length === 0) return EMPTY
  return html`<div class="scroll"><table>
<caption>A DPO policy with its reference model less the same without (ref-free.csv): half accuracy, points of a percent, all subsets together.</caption>
<thead><tr><th scope="col">With reference</th><th scope="col">Without</th><th scope="col" class="num">Difference</th><th scope="col" class="num">95% interval</th><th scope="col" class="num">p</th><th scope="col" class="num">Holm</th><th scope="col" class="num">n</th><th scope="col" class="num">Prompts</th><th scope="col">By the interval</th></tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr><th scope="row">${shownName(row.text('reference'))}</th><th scope="row">${shownName(row.text('ref_free'))}</th>${
      row.number('difference') === null
        ? html`<td class="why" colspan="2">absent</td>`
        : html`${numberCell(points(row.number('difference')!))}${numberCell(
            percentInterval(row.number('ci_low'), row.number('ci_high')),
          )}`
    }${numberCell(decimal(row.number('p')))}${numberCell(decimal(row.number('p_holm')))}${numberCell(
      count(row.number('n') ?? 0),
    )}${numberCell(count(row.number('clusters') ?? 0))}<td>${verdictOf(row, null, ['reference', 'ref_free']) ?? '–'}</td></tr>
`,
  )}</tbody></table></div>
`
}

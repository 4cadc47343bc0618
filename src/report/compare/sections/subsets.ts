import { subsetName } from '../../../subset-name.ts'
import type { Limits } from '../../html/limits.ts'
import { EMPTY, html, type Markup } from '../../html/markup.ts'
import { count, decimal, numberCell, percent, percentInterval, plural } from '../../html/numbers.ts'
import { rowsHref, type Section } from '../../html/section.ts'
import { MIN_PROMPTS } from '../../html/statistic-table.ts'
import { type FileRow, rowsOf } from '../csv-file.ts'
import { accuracyHeat } from '../heat.ts'
import type { CompareInput } from '../input.ts'
import { shownName } from '../names.ts'
import { type ValueCell, type ValuePart, valueTable } from '../value-table.ts'

/** Every subset, section and all pairs against every model. null without pairs in common. */
export function subsets({ files, rows: listed }: CompareInput, limits: Limits): Section | null {
  const rows = rowsOf(files, 'subsets.csv')
  if (rows.length === 0) return null
  const scorers = [...new Set(rows.map((row) => row.text('scorer')))]
  const of = (level: string): readonly string[] => [
    ...new Set(rows.filter((row) => row.text('level') === level).map((row) => row.text('subset'))),
  ]
  const all = of('subset').filter((name, _, names) => name !== '' || names.length > 1)
  const shown = all.slice(0, limits.tableRows)
  const index = new Map(rows.map((row) => [keyOf(row), row]))
  const line = (level: string, subset: string, name: Markup) => ({
    name,
    cells: scorers.map((scorer) => cellOf(index.get([level, subset, scorer].join('\0')))),
  })
  const linked = (name: string): Markup =>
    listed === null
      ? html`${subsetName(name)}`
      : html`<a href="${rowsHref('pairs', { subset: name })}">${subsetName(name)}</a>`
  const parts: readonly ValuePart[] = [
    { lines: shown.map((name) => line('subset', name, linked(name))) },
    ...(of('section').length === 0
      ? []
      : [{ title: 'Sections', lines: of('section').map((name) => line('section', name, html`${name}`)) }]),
    { total: true, lines: of('overall').map((name) => line('overall', name, html`All pairs`)) },
  ]
  const left =
    shown.length < all.length
      ? ` The first ${count(shown.length)} of ${count(all.length)} subsets; subsets.csv has all.`
      : ''
  return {
    id: 'subsets',
    title: 'Accuracy by subset',
    body: html`${valueTable(
      html`Accuracy of each model on each subset, on the pairs that it scored itself; a tie counts ½. Beneath: the 95% interval, prompts resampled, and the pairs. Tinted blue above one half, orange below; <i>†</i> fewer than ${MIN_PROMPTS} prompts.${listed === null ? '' : ' Choose a subset to see its rows.'}${left}`,
      'Subset',
      scorers.map(shownName),
      parts,
    )}${heterogeneity(files)}`,
  }
}

const keyOf = (row: FileRow): string => [row.text('level'), row.text('subset'), row.text('scorer')].join('\0')

function cellOf(row: FileRow | undefined): ValueCell | null {
  if (row === undefined) return null
  const half = row.number('half')
  const few = (row.number('clusters') ?? 0) < MIN_PROMPTS
  const missing = row.number('missing') ?? 0
  return {
    value: half === null ? null : `${percent(half)}${few ? ' †' : ''}`,
    interval: row.number('half_low') === null ? null : percentInterval(row.number('half_low'), row.number('half_high')),
    n: row.number('n'),
    why: `${row.text('reason').replaceAll('_', ' ')}${missing === 0 ? '' : `, ${plural(missing, 'pair')} not scored`}`,
    heat: accuracyHeat(half),
  }
}

function heterogeneity(files: CompareInput['files']): Markup {
  const rows = rowsOf(files, 'heterogeneity.csv')
  if (rows.length === 0) return EMPTY
  return html`<div class="scroll"><table>
<caption>Do the subsets of a model differ beyond chance? Cochran’s Q of their accuracies, I² the share of their variation beyond chance, p adjusted by Benjamini–Hochberg over the models.</caption>
<thead><tr><th scope="col">Model</th><th scope="col" class="num">Q</th><th scope="col" class="num">df</th><th scope="col" class="num">I²</th><th scope="col" class="num">p</th><th scope="col" class="num">BH</th><th scope="col" class="num">Subsets</th><th scope="col">Left out</th></tr></thead>
<tbody>${rows.map(
    (row) => html`<tr><th scope="row">${shownName(row.text('scorer'))}</th>${
      row.number('cochran_q') === null
        ? html`<td class="why" colspan="5">${row.text('reason').replaceAll('_', ' ')}</td>`
        : html`${numberCell(decimal(row.number('cochran_q')))}${numberCell(decimal(row.number('df')))}${numberCell(
            percent(row.number('i_squared')),
          )}${numberCell(decimal(row.number('p')))}${numberCell(decimal(row.number('p_bh')))}`
    }${numberCell(count(row.number('k') ?? 0))}<td>${row.number('left_out') === 0 ? 'none' : `${count(row.number('left_out') ?? 0)}: ${row.text('left_out_subsets')}`}</td></tr>
`,
  )}</tbody></table></div>
`
}

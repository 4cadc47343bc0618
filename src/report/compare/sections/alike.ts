import type { Limits } from '../../html/limits.ts'
import { EMPTY, html, type Markup } from '../../html/markup.ts'
import { count, measured, numberCell, percent } from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { type FileRow, rowsOf } from '../csv-file.ts'
import { accuracyHeat } from '../heat.ts'
import type { CompareInput } from '../input.ts'
import { type Letters, lettersOf, shownName } from '../names.ts'
import { type ValueCell, valueTable } from '../value-table.ts'

/** More scorers than this make no matrix. */
const MAX_SCORERS = 30

/** How alike two scorers decide. null where there is one scorer. */
export function alike(input: CompareInput, limits: Limits): Section | null {
  const letters = lettersOf(input)
  const rows = rowsOf(input.files, 'scorer-agreement.csv')
  if (rows.length === 0) return null
  const names = [...new Set(rows.flatMap((row) => [row.text('a'), row.text('b')]))]
  const index = new Map(
    rows.flatMap((row) => [
      [`${row.text('a')}\0${row.text('b')}`, row] as const,
      [`${row.text('b')}\0${row.text('a')}`, row] as const,
    ]),
  )
  return {
    id: 'alike',
    title: 'Agreement between scorers',
    body: html`${names.length > MAX_SCORERS ? EMPTY : matrix(names, index, letters)}${table(rows, names.length > MAX_SCORERS ? null : letters, limits)}`,
  }
}

const matrix = (names: readonly string[], index: ReadonlyMap<string, FileRow>, letters: Letters): Markup =>
  valueTable(
    html`Pairs that two scorers decide alike, of those that neither ties; beneath, how many these are. One half is what two coins do; two scorers of high accuracy agree often for that reason alone (error consistency, in the table below, takes it out).`,
    'Scorer',
    names.map((name) => letters.of(name)),
    [
      {
        lines: names.map((a, i) => ({
          name: letters.named(a),
          cells: names.map((b, k): ValueCell | null => {
            const row = k === i ? undefined : index.get(`${a}\0${b}`)
            if (row === undefined) return null
            const rate = row.number('agreement_rate')
            return {
              value: rate === null ? null : percent(rate),
              n: row.number('n'),
              why: 'no pair',
              heat: accuracyHeat(rate),
            }
          }),
        })),
      },
    ],
  )

const VALUES = [
  ['kappa', 'κ'],
  ['error_consistency', 'Error consistency'],
  ['spearman', 'Spearman’s ρ'],
  ['pearson', 'Pearson’s r'],
  ['icc', 'ICC'],
] as const

/** @param letters of the matrix above; null where there is none */
function table(rows: readonly FileRow[], letters: Letters | null, limits: Limits): Markup {
  const named = (scorer: string): string => letters?.of(scorer) ?? shownName(scorer)
  const absent = rows.some((row) => row.text('reason') !== '')
  const shown = rows.slice(0, limits.tableRows)
  const left =
    shown.length < rows.length
      ? ` The first ${count(shown.length)} of ${count(rows.length)}; scorer-agreement.csv has all.`
      : ''
  const cell = (value: number | null): Markup => numberCell(value === null ? '–' : measured(value))
  return html`<details class="data"><summary>Every two scorers (${count(rows.length)})</summary>
<div class="scroll"><table>
<caption>Which completion stands first is not in it: each pair counts in both orders. <i>Error consistency</i>: κ of right and wrong, 0 where two scorers are right on the same pairs as often as their accuracies make likely. Correlations are of the margins; ICC takes their scale in.${left}</caption>
<thead><tr><th scope="col">A</th><th scope="col">B</th><th scope="col" class="num">Decided alike</th>${VALUES.map(([, title]) => html`<th scope="col" class="num">${title}</th>`)}<th scope="col" class="num">n</th><th scope="col" class="num">Ties</th><th scope="col" class="num">Missing</th>${absent && html`<th scope="col">Absent because</th>`}</tr></thead>
<tbody>${shown.map(
    (
      row,
    ) => html`<tr><th scope="row">${named(row.text('a'))}</th><th scope="row">${named(row.text('b'))}</th>${numberCell(
      percent(row.number('agreement_rate')),
    )}${VALUES.map(([column]) => cell(row.number(column)))}${numberCell(count(row.number('n') ?? 0))}${numberCell(
      count(row.number('ties') ?? 0),
    )}${numberCell(count(row.number('missing') ?? 0))}${absent && html`<td class="why">${row.text('reason').replaceAll('_', ' ')}</td>`}</tr>
`,
  )}</tbody></table></div></details>
`
}

import { html, type Markup } from '../../html/markup.ts'
import { count, decimal, numberCell, percent } from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { rowsOf } from '../csv-file.ts'
import type { CompareInput } from '../input.ts'
import { shownName } from '../names.ts'

/** How long the completions are, in each run's own tokens and in characters. null without lengths. */
export function lengths({ files }: CompareInput): Section | null {
  const rows = rowsOf(files, 'lengths.csv').filter((row) => row.text('subset') === 'all' && row.number('mean') !== null)
  if (rows.length === 0) return null
  // characters are those of the data: one line serves every run that has the same pairs
  const once = new Map(
    rows.map((row) => {
      const numbers = ['n', 'mean', 'min', 'median', 'max', 'longer_share', 'pairs'].map((column) => row.number(column))
      const characters = row.text('unit') === 'characters'
      return [JSON.stringify([characters ? '' : row.text('scorer'), row.text('unit'), row.text('side'), numbers]), row]
    }),
  )
  const named = (scorer: string, unit: string): Markup =>
    unit === 'characters' ? html`<i>the data</i>` : html`${shownName(scorer)}`
  return {
    id: 'length',
    title: 'Lengths',
    body: html`<div class="scroll"><table>
<caption>Length of the completions, each once, over all subsets: in tokens of each run’s own tokenizer, and in characters. <i>Longer</i>: pairs in which this side is the longer one, ties as ½; what the baseline <i>longest</i> reaches. By subset in lengths.csv; what length explains of a score is under Scores and verifiable rewards.</caption>
<thead><tr><th scope="col">Of</th><th scope="col">Unit</th><th scope="col">Side</th><th scope="col" class="num">Mean</th><th scope="col" class="num">Least</th><th scope="col" class="num">Median</th><th scope="col" class="num">Most</th><th scope="col" class="num">Longer</th><th scope="col" class="num">n</th><th scope="col" class="num">Missing</th></tr></thead>
<tbody>${[...once.values()].map(
      (
        row,
      ) => html`<tr><th scope="row">${named(row.text('scorer'), row.text('unit'))}</th><td>${row.text('unit')}</td><td>${row.text('side')}</td>${[
        'mean',
        'min',
        'median',
        'max',
      ].map((column) =>
        numberCell(decimal(row.number(column))),
      )}${numberCell(percent(row.number('longer_share')))}${numberCell(
        count(row.number('n') ?? 0),
      )}${numberCell(count(row.number('missing') ?? 0))}</tr>
`,
    )}</tbody></table></div>
`,
  }
}

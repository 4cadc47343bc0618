import { EMPTY, html, type Markup } from '../../html/markup.ts'
import { count, plural } from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { madeInterval } from '../../html/statistic-table.ts'
import type { ComparedRun, CompareInput } from '../input.ts'
import { shownName } from '../names.ts'
import { statisticsOf } from '../statistics.ts'

/** Which runs these are, of which weights and data, and how the numbers were made. */
export function provenance(input: CompareInput): Section {
  const { command, settings, runs, dataset } = input
  const methods = [
    ...new Set(
      input.ciMethods ?? statisticsOf(input.files).flatMap(({ ciMethod }) => (ciMethod === null ? [] : [ciMethod])),
    ),
  ]
  return {
    id: 'provenance',
    title: 'Methods and provenance',
    body: html`<div class="prose">
<p>A <b>margin</b> is a score of the chosen completion less that of the rejected one. <b>Accuracy</b> is the share of pairs with a margin above 0, a tie counted ½. Scorers are ranked on the pairs that every ranked model scored, and two of them are compared on the pairs that both scored; an <b>ensemble</b> combines the scores of all models, each standardised over its own run (mean, least, or mean less one standard deviation). A <b>baseline</b> knows no chemistry. Where two runs score the same model, one of them is in ensembles and tests.</p>
<p>Intervals are at 95%, unadjusted for the number of lines: prompts resampled ${count(settings.resamples)} times, seed ${settings.seed}, unless the files name another method${methods.filter(madeInterval).length === 0 ? '' : ` (${methods.filter(madeInterval).sort().join('; ')})`}. They cover the drawing of prompts, not the faults of the verifier or of the data. An absent number gives its reason. Every number of this page stands in the CSV files beside it; codebook.md says what their columns mean.</p>
</div>
${facts('The analysis', [
  ['Command', command],
  ['Data set', dataset],
  ['Runs', count(runs.length)],
  [
    'CSV files beside this page',
    Object.entries(input.files)
      .map(([name, { rows }]) => `${name} (${plural(rows.length, 'row')})`)
      .join(', '),
  ],
])}${runs.map((run) => facts(shownName(run.scorer), factsOf(run)))}`,
  }
}

type Fact = readonly [name: string, value: string | null]

const factsOf = (run: ComparedRun): readonly Fact[] => [
  ['Read from', run.where],
  ['Not said', run.silent],
  ['Kind', run.kind],
  ...run.models.flatMap((model): Fact[] => [
    [
      model.role,
      [model.name, model.revision === null ? null : `revision ${model.revision}`, model.dtype]
        .filter((part) => part !== null)
        .join(', '),
    ],
    [`${model.role}, SHA-256 of the weights`, model.weightsSha256],
  ]),
  ['Score', run.score],
  ['Data', run.dataset],
  ['SHA-256 of the data', run.dataSha256],
  ['Rows', `${count(run.pairs)} pairs, ${count(run.completions)} completions`],
  ['Device', run.device],
  ['Command', run.command],
  ['Run at', run.created],
  [
    'Versions',
    Object.entries(run.versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ') || null,
  ],
]

function facts(caption: string, all: readonly Fact[]): Markup {
  const known = all.filter(([, value]) => value !== null)
  if (known.length === 0) return EMPTY
  return html`<div class="scroll"><table class="facts"><caption>${caption}</caption>
<tbody>${known.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>\n`)}</tbody></table></div>
`
}

import type { ReportInput } from '../input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import type { Section } from '../section.ts'

/** What made these numbers, and how. */
export function provenance(input: ReportInput): Section {
  const { run, statistics } = input
  const facts: readonly (readonly [string, unknown])[] = [
    ['Command', run.command],
    ['Model', run.model],
    ['Reference', run.reference],
    ['Data set', run.dataset],
    ['Device', run.provider === null ? run.device : `${run.device ?? '–'} (${run.provider})`],
    ['Number type', run.dtype],
    ['Seed', run.seed],
    ...Object.entries(run.versions).map(([name, version]) => [`Version of ${name}`, version] as const),
    ...Object.entries(run.details),
  ]
  const methods = [...new Set(statistics.flatMap(({ ciMethod }) => (ciMethod === null ? [] : [ciMethod])))].sort()
  return {
    id: 'provenance',
    title: 'Methods and provenance',
    body: html`${methodText(methods)}${table('The run', facts)}${run.provenance.map((record, i) =>
      table(nameOf(record) ?? `Data file ${i + 1}`, Object.entries(record)),
    )}`,
  }
}

const methodText = (methods: readonly string[]): Markup => html`<div class="prose">
<p>A <b>margin</b> is the learned score of the chosen completion minus that of the rejected one. <b>Accuracy</b> is the share of pairs with a margin above 0, a tie counted ½; <b>strict</b> accuracy counts a tie as nothing. The <b>verifiable outcome</b> compares the two verifiable rewards in the same way. Model and verifier <b>agree</b> on a pair where both decide and decide alike; where either ties or is absent, the pair is in no agreement.</p>
<p>A completion that could not be verified (no target, an oracle without an answer) is never counted as a fail, and one that could not be scored is in no accuracy. Both are counted beside the numbers. An absent number gives its reason instead of a value.</p>
<p>Intervals are at 95%${methods.length === 0 ? '' : `: ${methods.join('; ')}`}. They cover the drawing of prompts, not the faults of the verifier or of the data. Histograms use equal bins over all values; no outlier is left out.</p>
</div>
`

const nameOf = (record: Readonly<Record<string, unknown>>): string | null =>
  [record.name, record.file, record.title].find((value) => typeof value === 'string') ?? null

function table(caption: string, facts: readonly (readonly [string, unknown])[]): Markup {
  const known = facts.filter(([, value]) => value !== null && value !== undefined)
  if (known.length === 0) return EMPTY
  return html`<div class="scroll"><table class="facts"><caption>${caption}</caption>
<tbody>${known.map(([name, value]) => html`<tr><th scope="row">${name.replaceAll('_', ' ')}</th><td>${shown(value)}</td></tr>\n`)}</tbody></table></div>
`
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

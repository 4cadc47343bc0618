import type { StatisticLines } from '../../../statistic-lines.ts'
import type { ReportInput } from '../input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import type { Section } from '../section.ts'
import { madeInterval } from '../statistic-table.ts'

/** What made these numbers, and how. */
export function provenance(input: ReportInput): Section {
  const { run, statistics } = input
  // the manifest repeats what stands in a table or chapter of its own
  const elsewhere = new Set(
    [run.versions, run.provenance, run.warnings, run.repairs].map((part) => JSON.stringify(part)),
  )
  const facts: readonly (readonly [string, unknown])[] = [
    ['Command', run.command],
    ['Model', run.model],
    ['Reference', run.reference],
    ['Data set', run.dataset],
    ['Device', run.provider === null ? run.device : `${run.device ?? '–'} (${run.provider})`],
    ['Number type', run.dtype],
    ['Seed', run.seed],
    ...Object.entries(run.details).filter(([, value]) => !elsewhere.has(JSON.stringify(value))),
  ]
  const methods = [...methodsIn(statistics)]
  return {
    id: 'provenance',
    title: 'Methods and provenance',
    body: html`${remarkText(run.remarks)}${methodText(input, methods.filter(madeInterval).sort())}${table('The run', facts, elsewhere)}${table('Versions', Object.entries(run.versions), new Set())}${run.provenance.map(
      (record, i) => table(nameOf(record) ?? `Data file ${i + 1}`, Object.entries(record), new Set()),
    )}`,
  }
}

const remarkText = (remarks: readonly string[]): Markup =>
  remarks.length === 0
    ? EMPTY
    : html`<div class="prose">
<p>${remarks.join(' ')}</p>
</div>
`

const methodText = (
  { pairs, groups, steps }: ReportInput,
  methods: readonly string[],
): Markup => html`<div class="prose">
${groups !== undefined && GROUP_TEXT}${steps !== undefined && STEP_TEXT}${(pairs.length > 0 || (groups === undefined && steps === undefined)) && PAIR_TEXT}<p>A completion that could not be verified (no target, an oracle without an answer) is never counted as a fail, and one that could not be scored is in no accuracy. Both are counted beside the numbers. An absent number gives its reason instead of a value.</p>
<p>Intervals are at 95%${methods.length === 0 ? '' : `: ${methods.join('; ')}`}. They cover the drawing of prompts, not the faults of the verifier or of the data. Where there is none, its place says why. Histograms use equal bins over all values; no outlier is left out.</p>
</div>
`

const GROUP_TEXT = html`<p>A <b>group</b> is the completions of one prompt. The <b>highest score</b> is the completion that the model ranks first, equal scores counting for the earlier one. A <b>vote</b> goes to the answer that most completions give, by exact text or as the same molecule, a tie to the answer seen first; a completion without an answer does not vote. <b>Best of n</b> is the expected verifiable reward of the highest score among n completions drawn from the group without replacement, computed exactly; the <b>ceiling</b> is that of the best of them, and <b>regret</b> what lies between. An <b>advantage</b> is a reward less the mean of its group; a group without one teaches a policy nothing.</p>
`
const STEP_TEXT = html`<p>The <b>likelihood</b> of a candidate is Σ log p of its tokens behind the prompt, the rationale and the steps so far: decayed, each token counts 0.9 times as much as the one before, over the number of tokens; mean, all count the same. A heuristic chooses the highest, the earlier of equal ones. <b>Choice accuracy</b> is the share of rows in which that candidate is right.</p>
`
const PAIR_TEXT = html`<p>A <b>margin</b> is the learned score of the chosen completion minus that of the rejected one. <b>Accuracy</b> is the share of pairs with a margin above 0, a tie counted ½; <b>strict</b> accuracy counts a tie as nothing. The <b>verifiable outcome</b> compares the two verifiable rewards in the same way. Model and verifier <b>agree</b> on a pair where both decide and decide alike; where either ties or is absent, the pair is in no agreement.</p>
`

function nameOf(record: Readonly<Record<string, unknown>>): string | null {
  if (typeof record.oracle === 'string') return `Oracle: ${record.oracle}`
  return [record.name, record.file, record.title].find((value) => typeof value === 'string') ?? null
}

function table(
  caption: string,
  facts: readonly (readonly [string, unknown])[],
  elsewhere: ReadonlySet<string>,
): Markup {
  const known = facts.filter(([, value]) => value !== null && value !== undefined)
  if (known.length === 0) return EMPTY
  return html`<div class="scroll"><table class="facts"><caption>${caption}</caption>
<tbody>${known.map(([name, value]) => html`<tr><th scope="row">${words(name)}</th><td>${shown(value, elsewhere)}</td></tr>\n`)}</tbody></table></div>
`
}

const words = (name: string): string => name.replaceAll('_', ' ')

/** A value of the manifest; a record as a list of its leaves with their paths, so that nobody has to read JSON. */
function shown(value: unknown, elsewhere: ReadonlySet<string>): Markup {
  const all = leaves(value, elsewhere, '')
  if (all.length === 0) return html`none`
  if (all.length === 1 && all[0]![0] === '') return html`${all[0]![1]}`
  return html`<dl>${all.map(([path, text]) => html`<div><dt>${path}</dt><dd>${text}</dd></div>`)}</dl>`
}

/** [path, text] of every value inside, but for what stands elsewhere; what is empty or null has no line. */
function leaves(value: unknown, elsewhere: ReadonlySet<string>, path: string): readonly (readonly [string, string])[] {
  if (value === null || value === undefined || elsewhere.has(JSON.stringify(value))) return []
  if (typeof value !== 'object') return [[path, String(value)]]
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item !== 'object'))
    return [[path, value.join(', ')]]
  return Object.entries(value).flatMap(([name, part]) => {
    const step = Array.isArray(value) ? `${Number(name) + 1}` : name
    return leaves(part, elsewhere, path === '' ? step : `${path} › ${step}`)
  })
}

function methodsIn(lines: StatisticLines): Set<string> {
  const methods = new Set<string>()
  for (const { ciMethod } of lines) if (ciMethod !== null) methods.add(ciMethod)
  return methods
}

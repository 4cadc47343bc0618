import type { Joined } from '../collect.ts'
import { isReadyMade } from '../model/ready-made/open.ts'
import type { LoadedModel } from '../setup/models.ts'
import type { OpenSubject } from '../setup/subject.ts'
import type { Certified } from './certify.ts'
import type { DriftRecord } from './drift.ts'
import { comparisonLines, type GraphComparison } from './graph-comparison.ts'

/** What of a run its remarks come from. */
export interface Remarked {
  readonly models: readonly Pick<
    LoadedModel,
    'choice' | 'name' | 'opened' | 'description' | 'tokenizer' | 'tokenizerFrom'
  >[]
  readonly subjects: readonly Pick<OpenSubject, 'text'>[]
  readonly comparison?: GraphComparison | null
  readonly certified: readonly Certified[]
}

/** Sentences for methods.md and the report on what only some runs do; none for a run that does nothing of it. */
export function methodRemarks(
  { models, subjects, comparison = null, certified }: Remarked,
  { truncations, completions }: Pick<Joined, 'truncations' | 'completions'>,
  drift: DriftRecord | null,
): string[] {
  const text = subjects[0]?.text
  const whole = (line: string): string => `${line}.`
  return [
    ...models.flatMap(graphRemark),
    ...(comparison === null ? [] : comparisonLines(comparison).map(({ text }) => whole(text))),
    ...certified.flatMap(certificateRemark),
    ...tokenizerRemarks(models[0]),
    ...(text === undefined ? [] : typeRemark(models, text.chat_template)),
    ...(text?.steps == null ? [] : [stepsRemark(text.steps)]),
    ...(truncations === 0
      ? []
      : [`${truncations} of ${completions.length} texts were longer than the limit and were cut.`]),
    ...(drift === null ? [] : [driftRemark(drift)]),
  ]
}

const graphRemark = ({ choice, opened }: Remarked['models'][number]): string[] =>
  isReadyMade(opened) ? [`The graph of the ${choice.role} is the ready-made file ${opened.file.name}.`] : []

const CERTIFIED: Readonly<Record<Exclude<Certified['outcome'], 'none'>, string>> = {
  certified: "certified: a fixed set of probes has transformers' numbers",
  consistent: 'not certified: a fixed set of probes has the same numbers in every batch, and no more is known',
  failed: 'not certified: an earlier certificate failed',
}
const certificateRemark = ({ role, outcome, reason }: Certified): string[] =>
  outcome === 'none' ? [] : [`The ${role} is ${CERTIFIED[outcome]}${reason === null ? '' : ` (${reason})`}.`]

const tokenizerRemarks = (model: Remarked['models'][number] | undefined): string[] => {
  const from = model?.tokenizerFrom ?? null
  if (from === null) return []
  return [
    `Texts were read with the tokenizer of ${from.name}${from.revision === null ? '' : ` (revision ${from.revision})`}.`,
  ]
}

const typeRemark = (models: Remarked['models'], template: string): string[] =>
  template === 'pair' &&
  models.some(({ description, tokenizer }) => description.tokenTypes > 1 && !tokenizer.tokenTypes)
    ? ['Prompt and completion are a text pair without token types: the tokenizer gives none.']
    : []

function stepsRemark({ mark, separator, turns }: NonNullable<OpenSubject['text']['steps']>): string {
  const ends = separator === null ? 'the data have the marks' : `${JSON.stringify(separator)} ends a step in the data`
  if (turns)
    return `Of the steps of a completion, ${ends}; each is a turn of the user, the first behind the prompt, and is read where the assistant answers ${JSON.stringify(turns.right)} or ${JSON.stringify(turns.wrong)}.`
  const reads = mark === null ? 'the separator itself is read' : `${JSON.stringify(mark)} stands behind each step`
  return `Of the steps of a completion, ${ends}, and ${reads}.`
}

function driftRemark(drift: DriftRecord): string {
  if (!drift.measured) return `The drift of ${drift.dtype} against float32 was not measured: ${drift.reason}.`
  const share = (value: number | null): string => (value === null ? '–' : `${(100 * value).toPrecision(2)} %`)
  const { dtype, rows, rmsShare, largestShare, flips, pairs } = drift
  return `Against float32, on ${rows} rows, scores in ${dtype} move by ${share(rmsShare)} (rms) and at most ${share(largestShare)} of their spread (95th less 5th percentile)${pairs === 0 ? '' : `, and ${flips} of ${pairs} pairs flip`}.`
}

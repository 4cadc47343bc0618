import { isRecord } from '../is-record.ts'
import type { Completion, Row, RowFailure } from '../types.ts'
import { carried } from './carried.ts'
import { checkCharacters } from './characters.ts'
import { COLUMN_WISE, isColumnWise, RECORDS_HINT } from './column-wise.ts'
import { type ColumnNames, Columns, requireNamed } from './columns.ts'
import { BadRecord, badRow, nameOf, README_HINT } from './failure.ts'
import type { Notes } from './message.ts'
import { type Place, parseId, parseName, parseSolution, promptOf, solutionType } from './parse.ts'
import { firstErrorLabels, stepLabels, whichAreRight } from './step-labels.ts'

/** A row of which the next step is chosen. Its `completions` are the whole trajectories, one a candidate: the steps so far and the candidate, a line each. */
export interface StepRow extends Row {
  readonly form: 'choice'
  /** So far. */
  readonly steps: readonly string[]
  readonly candidates: readonly string[]
  /** What was thought between the lines; null where the row has none. */
  readonly rationale: string | null
  /** Which candidates are right; null where the row does not say. */
  readonly label: readonly number[] | null
}
/** A whole answer in steps, each with its label; its one completion is the answer, a line a step. */
export interface LabelledRow extends Row {
  readonly form: 'labelled'
  readonly steps: readonly string[]
  /** Whether each step is right; null where that was not judged. */
  readonly labels: readonly (boolean | null)[]
}
/** A rationale and the text that follows it, for the filter; it has no completions. */
export interface RationaleRow extends Row {
  readonly form: 'rationale'
  readonly steps: readonly string[]
  readonly rationale: string
  readonly following: string
}
/** An annotated text beside the text as it was, for the check before the filter. */
export interface AnnotatedRow extends Row {
  readonly form: 'annotated'
  readonly input: string
  readonly output: string
}
/** Steps whose statements are checked; it has no completions. */
export interface TrajectoryRow extends Row {
  readonly form: 'trajectory'
  readonly steps: readonly string[]
  /** A whole answer where the row has no steps: its sentences and lines are the steps. Null where the row has steps. */
  readonly answer: string | null
  /** For the next step; none where the row has none. */
  readonly candidates: readonly string[]
  /** False where the row has no prompt: `prompt` is empty then. */
  readonly hasPrompt: boolean
}
export type ProcessRow = StepRow | LabelledRow | RationaleRow | AnnotatedRow | TrajectoryRow

/** What stands between steps, and behind each in what a model reads (RATIONALYST joins lines). */
export const STEP_END = '\n'

/** One record of a file of steps as a row, or why it is none. Never throws for bad data. */
export const parseStepRecord = (record: unknown, place: Place, names: ColumnNames = {}): ProcessRow | RowFailure =>
  rowOf(record, place, names, (columns, id, where) => {
    const form = FORMS.find(({ fits }) => fits(columns))
    if (form === undefined) throw noForm(columns)
    return form.parse(columns, id, where)
  })

/** What `parse` makes of a record of steps, or why it cannot be used. */
export function rowOf<R>(
  record: unknown,
  { number, where }: Place,
  names: ColumnNames,
  parse: (columns: Columns, id: string, where: string) => R,
): R | RowFailure {
  let id: string | null = null
  try {
    if (!isRecord(record))
      throw new BadRecord('not_an_object', `the record is ${nameOf(record)}, expected an object`, README_HINT)
    if (isColumnWise(record)) throw new BadRecord('column_wise', COLUMN_WISE, RECORDS_HINT)
    const columns = new Columns(record, names)
    id = parseId(columns, number)
    requireNamed(record, names)
    return parse(columns, id, where)
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error
    return badRow(error, where, id)
  }
}

// ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Form {
  fits(columns: Columns): boolean
  parse(columns: Columns, id: string, where: string): ProcessRow
}

/** In the order in which they are tried. */
const FORMS: readonly Form[] = [
  { fits: (columns) => columns.stands('candidates'), parse: parseChoice },
  { fits: (columns) => columns.stands('following'), parse: parseRationale },
  { fits: (columns) => columns.stands('input') && columns.stands('output'), parse: parseAnnotated },
  {
    fits: (columns) =>
      (columns.has('completions') && columns.has('labels')) ||
      (columns.has('steps') && (columns.has('labels') || columns.has('label'))),
    parse: parseLabelled,
  },
]

function noForm(columns: Columns): BadRecord {
  if (columns.has('chosen') || columns.has('completions'))
    return new BadRecord('no_steps', 'this is a pair or a group of completions', 'run-rm and run-dpo score such rows.')
  return new BadRecord(
    'no_candidates',
    'there are neither "candidates" nor labelled steps ("steps" or "completions" with "labels")',
    README_HINT,
  )
}

function parseChoice(columns: Columns, id: string, where: string): StepRow {
  const notes: Notes = new Set()
  const prompt = promptOf(columns, notes)
  const steps = columns.has('steps') ? textList(columns, 'steps', notes) : []
  const candidates = textList(columns, 'candidates', notes)
  if (candidates.length < 2)
    throw new BadRecord(
      candidates.length === 0 ? 'no_candidates' : 'one_candidate',
      candidates.length === 0 ? '"candidates" is an empty list' : 'there is one candidate: nothing is to be chosen',
      'A step is chosen among two or more.',
    )
  const given = columns.get('rationale')
  const rationale = given === undefined ? null : textOf(given, 'rationale')
  if (rationale === '') notes.add('empty_rationale')
  const read = { prompt: prompt.columns, steps: ['steps'], candidates: ['candidates'], rationale: ['rationale'] }
  return {
    form: 'choice',
    ...base(columns, id, where, { ...read, label: ['label'] }, notes),
    kind: 'group',
    prompt: prompt.text,
    steps,
    candidates,
    rationale: rationale === '' ? null : rationale,
    label: whichAreRight(columns.get('label'), candidates.length),
    completions: candidates.map(
      (candidate, index): Completion => ({ role: 'completion', index, text: [...steps, candidate].join(STEP_END) }),
    ),
  }
}

function parseLabelled(columns: Columns, id: string, where: string): LabelledRow {
  const notes: Notes = new Set()
  const prompt = promptOf(columns, notes)
  const column = columns.has('steps') ? 'steps' : 'completions'
  const steps = textList(columns, column, notes)
  if (steps.length === 0) throw new BadRecord('empty_list', `"${column}" is an empty list, expected at least one step`)
  const given = columns.has('labels') ? 'labels' : 'label'
  const value = columns.get(given)
  const labels = given === 'labels' ? stepLabels(value, steps.length) : firstErrorLabels(value, steps.length)
  return {
    form: 'labelled',
    ...base(columns, id, where, { prompt: prompt.columns, steps: [column], labels: [given] }, notes),
    kind: 'single',
    prompt: prompt.text,
    steps,
    labels,
    completions: [{ role: 'completion', index: 0, text: steps.join(STEP_END) }],
  }
}

function parseRationale(columns: Columns, id: string, where: string): RationaleRow {
  const notes: Notes = new Set()
  const prompt = promptOf(columns, notes)
  const read = { prompt: prompt.columns, steps: ['steps'], rationale: ['rationale'], following: ['following'] }
  return {
    form: 'rationale',
    ...base(columns, id, where, read, notes),
    kind: 'single',
    prompt: prompt.text,
    steps: columns.has('steps') ? textList(columns, 'steps', notes) : [],
    rationale: textOf(columns.get('rationale') ?? '', 'rationale'),
    following: textOf(columns.get('following') ?? '', 'following'),
    completions: [],
  }
}

function parseAnnotated(columns: Columns, id: string, where: string): AnnotatedRow {
  return {
    form: 'annotated',
    ...base(columns, id, where, { input: ['input'], output: ['output'] }, new Set()),
    kind: 'single',
    prompt: '',
    input: textOf(columns.get('input') ?? '', 'input'),
    output: textOf(columns.get('output') ?? '', 'output'),
    completions: [],
  }
}

// ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const ALWAYS = ['id', 'subset', 'problem_type', 'solution'] as const

export function base(
  columns: Columns,
  id: string,
  where: string,
  read: Readonly<Record<string, readonly string[]>>,
  notes: Notes,
): Pick<Row, 'id' | 'subset' | 'problemType' | 'solution' | 'where' | 'extra' | 'reading'> {
  const solution = parseSolution(columns.get('solution'))
  const problemType = parseName(columns, 'problem_type') ?? solutionType(columns, solution)
  const found = Object.entries(read).flatMap(([part, names]) => {
    // a prompt's columns are those that it was read from
    const there = names.filter((name) => part === 'prompt' || columns.has(name))
    return there.length === 0 ? [] : [[part, there.map((name) => columns.source(name)).join(' + ')] as const]
  })
  const always = ALWAYS.filter((part) => columns.has(part)).map((part) => [part, columns.source(part)] as const)
  return {
    id,
    subset: parseName(columns, 'subset') ?? problemType ?? '',
    problemType,
    solution,
    where,
    extra: Object.fromEntries(
      columns
        .rest(new Set([...ALWAYS, ...Object.values(read).flat()]))
        .map(([name, value]) => [name, carried(value, name)]),
    ),
    reading: { columns: Object.fromEntries([...found, ...always]), notes: [...notes] },
  }
}

export function textOf(value: unknown, at: string): string {
  if (typeof value !== 'string')
    throw new BadRecord('wrong_type', `"${at}" is ${nameOf(value)}, expected a string`, README_HINT)
  return checkCharacters(value, at)
}

/** A list of texts, also as JSON text (CSV). */
export function textList(columns: Columns, name: string, notes: Notes): readonly string[] {
  const given = columns.get(name)
  const value = typeof given === 'string' ? fromJson(given, name, notes) : (given ?? [])
  if (!Array.isArray(value))
    throw new BadRecord(
      'wrong_type',
      `"${columns.source(name)}" is ${nameOf(value)}, expected a list of texts`,
      README_HINT,
    )
  return value.map((item: unknown, i) => textOf(item, `${name}[${i}]`))
}

function fromJson(text: string, name: string, notes: Notes): unknown {
  try {
    const value: unknown = JSON.parse(text)
    notes.add('json_text')
    return value
  } catch {
    throw new BadRecord('wrong_type', `"${name}" is a string, expected a list of texts`, README_HINT)
  }
}

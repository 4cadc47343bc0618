import { isRecord } from '../is-record.ts'
import type { RowFailure } from '../types.ts'
import { COLUMN_WISE, isColumnWise, RECORDS_HINT } from './column-wise.ts'
import { type ColumnNames, Columns, requireNamed } from './columns.ts'
import { BadRecord, nameOf, README_HINT } from './failure.ts'
import type { Notes } from './message.ts'
import { type Place, parseId, promptOf } from './parse.ts'
import { hasPrompt } from './prompt.ts'
import { base, type TrajectoryRow, textList, textOf } from './steps.ts'

/**
 * A record of `--verify-steps`: `steps` or `candidates`, or both, or a `completion`, whose
 * sentences are the steps (a group of one completion, as `run-process --generate` writes them, is one); `prompt` and `id` where they are there. Rows of steps in TRL's form have
 * their steps in `completions`, with `labels`. Never throws for bad data.
 */
export function parseTrajectory(record: unknown, place: Place, names: ColumnNames = {}): TrajectoryRow | RowFailure {
  let id: string | null = null
  try {
    if (!isRecord(record))
      throw new BadRecord('not_an_object', `the record is ${nameOf(record)}, expected an object`, README_HINT)
    if (isColumnWise(record)) throw new BadRecord('column_wise', COLUMN_WISE, RECORDS_HINT)
    const columns = new Columns(record, names)
    id = parseId(columns, place.number)
    requireNamed(record, names)
    return parse(columns, id, place.where)
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error
    return { where: place.where, id, reason: error.reason, message: error.message, hint: error.hint }
  }
}

function parse(columns: Columns, id: string, where: string): TrajectoryRow {
  const notes: Notes = new Set()
  const inCompletions = !columns.has('steps') && columns.has('completions') && columns.has('labels')
  const column = inCompletions ? 'completions' : 'steps'
  const whole =
    columns.has(column) || columns.has('candidates')
      ? undefined
      : (columns.get('completion') ?? onlyAnswer(columns.get('completions')))
  if (!columns.has(column) && !columns.has('candidates') && whole === undefined)
    throw new BadRecord('no_steps', 'there are neither "steps" nor "candidates", nor a "completion"', README_HINT)
  const asked = hasPrompt(columns)
  const prompt = asked ? promptOf(columns, notes) : { text: '', columns: [] }
  const steps = columns.has(column) ? textList(columns, column, notes) : []
  const candidates = columns.has('candidates') ? textList(columns, 'candidates', notes) : []
  const read = {
    prompt: prompt.columns,
    steps: [column],
    candidates: ['candidates'],
    completion: [columns.has('completion') ? 'completion' : 'completions'],
  }
  return {
    form: 'trajectory',
    ...base(columns, id, where, read, notes),
    kind: 'single',
    prompt: prompt.text,
    hasPrompt: asked,
    steps,
    answer: whole === undefined ? null : textOf(whole, 'completion'),
    candidates,
    completions: [],
  }
}

/** The completion of a group of one; of several none is meant. */
function onlyAnswer(list: unknown): unknown {
  if (!Array.isArray(list) || list.length === 0) return undefined
  if (list.length > 1)
    throw new BadRecord(
      'no_steps',
      `"completions" are ${list.length} answers, expected the steps of one`,
      'Give each answer a row of its own, {id, prompt, completion}.',
    )
  const [only] = list
  return isRecord(only) && 'completion' in only ? only.completion : only
}

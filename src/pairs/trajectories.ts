import { isRecord } from '../is-record.ts'
import type { RowFailure } from '../types.ts'
import type { ColumnNames, Columns } from './columns.ts'
import { BadRecord, README_HINT } from './failure.ts'
import type { Notes } from './message.ts'
import { type Place, promptOf } from './parse.ts'
import { hasPrompt } from './prompt.ts'
import { base, rowOf, type TrajectoryRow, textList, textOf } from './steps.ts'

/**
 * A record of `--verify-steps`: `steps` or `candidates`, or both, or a `completion`, whose
 * sentences are the steps (a group of one completion, as `run-process --generate` writes them, is one); `prompt` and `id` where they are there. Rows of steps in TRL's form have
 * their steps in `completions`, with `labels`. Never throws for bad data.
 */
export const parseTrajectory = (record: unknown, place: Place, names: ColumnNames = {}): TrajectoryRow | RowFailure =>
  rowOf(record, place, names, parse)

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

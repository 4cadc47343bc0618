import type { Completion, CompletionRole, Row, RowFailure, SolutionInput, Text } from '../types.ts'
import { BadRecord, nameOf, README_HINT } from './failure.ts'
import { nearest } from './nearest.ts'
import { checkCharacters, isConversation, isDict, parseText, sharedPrompt, withoutPrompt } from './text.ts'

/** Where a record stands. `number` counts the records of the data set from 1 and is the default id. */
export interface Place {
  readonly where: string
  readonly number: number
}
export interface ParseOptions {
  /** A row without a completion is usable too (prompts to be completed). */
  readonly prompts?: boolean
}

/** Columns that we read; the rest goes to `extra`. */
const KNOWN = [
  'prompt', 'problem', 'chosen', 'rejected', 'completion', 'completions', 'messages', 'ideal', 'solution', 'id', 'subset', 'problem_type',
] as const // biome-ignore format: one line says it
type Columns = Map<string, unknown>

/** One raw record of a data file as a row, or why it is none. Forms: test/data/pairs/README.md. Never throws for bad data. */
export function parseRecord(record: unknown, place: Place, options: ParseOptions = {}): Row | RowFailure {
  let id: string | null = null
  try {
    if (!isDict(record))
      throw new BadRecord('not_an_object', `the record is ${nameOf(record)}, expected an object`, README_HINT)
    const columns: Columns = new Map(
      Object.entries(record).filter(([, value]) => value !== null && value !== undefined),
    )
    id = parseId(columns.get('id'), place.number)
    return parseColumns(columns, id, place.where, options)
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error
    return { where: place.where, id, reason: error.reason, message: error.message, hint: error.hint }
  }
}

function parseColumns(columns: Columns, id: string, where: string, options: ParseOptions): Row {
  if (columns.has('candidates') && columns.has('steps'))
    throw new BadRecord('step_row', 'this is a step row (steps, candidates)', 'Use run-process for steps.')
  const form = (['pair', 'group', 'completion', 'messages', 'ideal', 'prompt'] as const).find((name) =>
    FORMS[name].fits(columns),
  )
  if (form === undefined) throw missing(columns, 'no "chosen" and "rejected", no "completions" and no "messages"')
  const body = FORMS[form].parse(columns)
  if (body.completions.length === 0 && !options.prompts)
    throw missing(columns, `no completion: "chosen" and "rejected", "completions", "completion" or "ideal" is missing`)
  const solution = parseSolution(columns.get('solution'))
  const problemType = parseName(columns, 'problem_type') ?? solutionType(columns, solution)
  return {
    kind: form === 'pair' || form === 'group' ? form : 'single',
    id,
    subset: parseName(columns, 'subset') ?? problemType ?? '',
    problemType,
    prompt: body.prompt,
    completions: body.completions,
    solution,
    where,
    extra: Object.fromEntries([...[...columns].filter(([name]) => !body.read.has(name)), ...(body.extra ?? [])]),
  }
}

// ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Body {
  readonly prompt: Text
  readonly completions: readonly Completion[]
  readonly read: ReadonlySet<string>
  readonly extra?: readonly [string, unknown][]
}
interface Form {
  fits(columns: Columns): boolean
  parse(columns: Columns): Body
}

const ALWAYS = ['id', 'subset', 'problem_type', 'solution'] as const
const read = (...names: string[]): ReadonlySet<string> => new Set([...ALWAYS, ...names])
const completionsOf = (role: CompletionRole, texts: readonly Text[]): Completion[] =>
  texts.map((text, index) => ({ role, index, text }))

const FORMS: Readonly<Record<'pair' | 'group' | 'completion' | 'messages' | 'ideal' | 'prompt', Form>> = {
  pair: { fits: (columns) => columns.has('chosen') || columns.has('rejected'), parse: parsePair },
  group: { fits: (columns) => columns.has('completions'), parse: parseGroup },
  completion: {
    fits: (columns) => columns.has('completion'),
    parse(columns) {
      const [prompt, name] = promptOf(columns)
      const text = parseText(columns.get('completion'), 'completion')
      const rest = withoutPrompt(prompt, [text]) ?? [text]
      return { prompt, completions: completionsOf('completion', rest), read: read(name, 'completion') }
    },
  },
  messages: { fits: (columns) => columns.has('messages'), parse: parseMessages },
  ideal: {
    fits: (columns) => columns.has('ideal') && hasPrompt(columns),
    parse(columns) {
      const [prompt, name] = promptOf(columns)
      const text = parseText(columns.get('ideal'), 'ideal')
      return { prompt, completions: completionsOf('completion', [text]), read: read(name) }
    },
  },
  prompt: {
    fits: hasPrompt,
    parse(columns) {
      const [prompt, name] = promptOf(columns)
      return { prompt, completions: [], read: read(name) }
    },
  },
}

function parsePair(columns: Columns): Body {
  for (const name of ['chosen', 'rejected'])
    if (!columns.has(name)) throw missing(columns, `"${name}" is missing`, name)
  const chosen = parseTexts(columns.get('chosen'), 'chosen')
  const rejected = parseTexts(columns.get('rejected'), 'rejected')
  const all = [...chosen, ...rejected]
  const body = (prompt: Text, texts: readonly Text[], ...names: string[]): Body => ({
    prompt,
    completions: [
      ...completionsOf('chosen', texts.slice(0, chosen.length)),
      ...completionsOf('rejected', texts.slice(chosen.length)),
    ],
    read: read('chosen', 'rejected', ...names),
  })
  if (!hasPrompt(columns)) {
    const shared = sharedPrompt(all)
    if (shared === null)
      throw missing(columns, '"prompt" is missing and chosen and rejected share no beginning', 'prompt', 'no_prompt')
    return body(shared.prompt, shared.rest)
  }
  const [prompt, name] = promptOf(columns)
  // As TRL's maybe_extract_prompt: a text prompt beside whole conversations repeats what these begin with.
  const whole = all.every((text) => typeof text !== 'string' && text[0]!.role !== 'assistant')
  if (typeof prompt === 'string' && whole) {
    const shared = sharedPrompt(all)
    if (
      shared === null ||
      typeof shared.prompt === 'string' ||
      !shared.prompt.some((turn) => turn.content.includes(prompt.trim()))
    )
      throw new BadRecord(
        'prompt_mismatch',
        `chosen and rejected are whole conversations that do not share a beginning with "${name}" in it`,
        'Give the prompt as messages, or only the last turns in chosen and rejected.',
      )
    return body(shared.prompt, shared.rest, name)
  }
  return body(prompt, withoutPrompt(prompt, all) ?? all, name)
}

/** One text or conversation, or a list of them (best-of-n, RewardBench 2). */
function parseTexts(value: unknown, column: string): readonly Text[] {
  if (!Array.isArray(value) || isConversation(value)) return [parseText(value, column)]
  if (value.length === 0)
    throw new BadRecord('empty_list', `"${column}" is an empty list, expected at least one completion`)
  return value.map((text, i) => parseText(text, `${column}[${i}]`))
}

function parseGroup(columns: Columns): Body {
  const value = columns.get('completions')
  if (!Array.isArray(value))
    throw new BadRecord('wrong_type', `"completions" is ${nameOf(value)}, expected a list`, README_HINT)
  if (value.length === 0)
    throw new BadRecord('empty_list', '"completions" is an empty list, expected at least one completion')
  const [prompt, name] = promptOf(columns)
  const details: Record<string, unknown>[] = []
  const texts = value.map((item: unknown, i): Text => {
    const at = `completions[${i}]`
    if (!isDict(item)) {
      details.push({})
      return parseText(item, at)
    }
    if ('role' in item && 'content' in item) {
      details.push({})
      return parseText([item], at)
    }
    if (!('completion' in item)) throw new BadRecord('wrong_type', `"${at}" has no "completion"`, README_HINT)
    const { completion, ...rest } = item
    details.push(rest)
    return parseText(completion, `${at}.completion`)
  })
  return {
    prompt,
    completions: completionsOf('completion', withoutPrompt(prompt, texts) ?? texts),
    read: read(name, 'completions'),
    extra: details.some((detail) => Object.keys(detail).length > 0) ? [['completion_details', details]] : [],
  }
}

function parseMessages(columns: Columns): Body {
  const messages = parseText(columns.get('messages'), 'messages')
  const last = typeof messages === 'string' ? undefined : messages.at(-1)
  if (typeof messages === 'string')
    throw new BadRecord('wrong_type', '"messages" is a string, expected messages', README_HINT)
  if (last?.role !== 'assistant')
    throw new BadRecord(
      'no_completion',
      `"messages" ends with a turn of ${JSON.stringify(last?.role)}, expected one of "assistant"`,
    )
  const completion: Completion = { role: 'completion', index: 0, text: messages.slice(-1) }
  return { prompt: messages.slice(0, -1), completions: [completion], read: read('messages') }
}

// ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function hasPrompt(columns: Columns): boolean {
  return columns.has('prompt') || columns.has('problem')
}

/** The prompt and the column it came from. */
function promptOf(columns: Columns): [Text, string] {
  const name = columns.has('prompt') ? 'prompt' : 'problem'
  if (!columns.has(name)) throw missing(columns, '"prompt" is missing', 'prompt', 'no_prompt')
  return [parseText(columns.get(name), name), name]
}

function parseId(value: unknown, number: number): string {
  if (value === undefined || value === '') return String(number)
  if (typeof value === 'string') return checkCharacters(value, 'id')
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'number')
    throw new BadRecord('wrong_type', `"id" is ${nameOf(value)}, expected a string or a number`)
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new BadRecord('wrong_type', `"id" ${value} is too large for a JSON number`, 'Write it as a string.')
  return String(value)
}

/** A name such as the subset: a string (numbers are written as text); an empty one counts as absent. */
function parseName(columns: Columns, column: string): string | null {
  const value = columns.get(column)
  if (value === undefined || value === '') return null
  if (typeof value === 'string') return checkCharacters(value, column)
  if (typeof value === 'number') return String(value)
  throw new BadRecord('wrong_type', `"${column}" is ${nameOf(value)}, expected a string`)
}

const SOLUTION_KEYS = ['fxn_name', 'answer_info', 'problem_type'] as const

/** A string is kept as given (whether it is ether0's form shows when it is verified); an object must have the three keys. */
function parseSolution(value: unknown): SolutionInput | null {
  if (value === undefined || value === '') return null
  if (typeof value === 'string') return checkCharacters(value, 'solution')
  if (!isDict(value))
    throw new BadRecord('wrong_type', `"solution" is ${nameOf(value)}, expected a string or an object`, README_HINT)
  for (const key of SOLUTION_KEYS)
    if (typeof value[key] !== 'string')
      throw new BadRecord('wrong_type', `"solution.${key}" is ${nameOf(value[key])}, expected a string`, README_HINT)
  const [fxn_name, answer_info, problem_type] = SOLUTION_KEYS.map((key) =>
    checkCharacters(value[key] as string, `solution.${key}`),
  )
  return { fxn_name: fxn_name!, answer_info: answer_info!, problem_type: problem_type! }
}

/** ether0's variants name the type `type`; else it is the third part of the solution. */
function solutionType(columns: Columns, solution: SolutionInput | null): string | null {
  if (solution === null) return null
  const type = columns.get('type')
  if (typeof type === 'string' && type !== '') return checkCharacters(type, 'type')
  if (typeof solution !== 'string') return solution.problem_type || null
  return /^[\s\S]*?!:![\s\S]*?!:!([\s\S]+)$/.exec(solution)?.[1] ?? null
}

/** A missing column, with the column that was probably meant. */
function missing(columns: Columns, message: string, wanted?: string, reason?: string): BadRecord {
  const names = wanted === undefined ? KNOWN : [wanted]
  for (const name of columns.keys()) {
    const meant = (KNOWN as readonly string[]).includes(name) ? null : nearest(name, names)
    if (meant !== null)
      return new BadRecord(reason ?? 'missing_column', message, `Is "${name}" meant to be "${meant}"?`)
  }
  return new BadRecord(reason ?? (wanted === undefined ? 'no_completion' : 'missing_column'), message, README_HINT)
}

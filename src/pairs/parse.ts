import { isRecord } from '../is-record.ts'
import { nearest } from '../nearest.ts'
import type { Completion, CompletionRole, Row, RowFailure, SolutionInput, Text } from '../types.ts'
import { carried } from './carried.ts'
import { checkCharacters, checkId, checkName } from './characters.ts'
import { COLUMN_WISE, isColumnWise, RECORDS_HINT } from './column-wise.ts'
import { type ColumnNames, Columns, requireNamed } from './columns.ts'
import { BadRecord, badRow, nameOf, README_HINT } from './failure.ts'
import { isMessageLike, type Notes } from './message.ts'
import { conversationColumn, findPrompt, hasPrompt, PROMPT_LIKE, type Prompt, refuseUnreadPrompt } from './prompt.ts'
import { isWhole, sharedPrompt, withoutPrompt } from './shared.ts'
import { listFromJson, parseText, parseTexts } from './text.ts'
import { transcriptTurns } from './transcript.ts'
import { variantOf } from './variant.ts'
import { comparedColumns, isComparison } from './verdict.ts'

/** Where a record stands. `number` counts the records of the data set from 1 and is the default id. */
export interface Place {
  readonly where: string
  readonly number: number
}
export interface ParseOptions {
  /** A row without a completion is usable too (prompts to be completed). */
  readonly prompts?: boolean
  /** Columns that were named for a part of the row. */
  readonly columns?: ColumnNames
}

/** Columns that we read; the rest goes to `extra`. */
const KNOWN = [
  'prompt', 'problem', 'chosen', 'rejected', 'completion', 'completions', 'messages', 'ideal', 'solution', 'id', 'subset', 'problem_type',
] as const // biome-ignore format: one line says it
/** Columns of text that a model would be shown elsewhere and that we do not read: said where they are filled. */
const UNREAD = ['system', 'system_prompt', 'history', 'tools', 'images', 'image'] as const

/** One raw record of a data file as a row, or why it is none. Forms: test/data/pairs/README.md. Never throws for bad data. */
export function parseRecord(record: unknown, place: Place, options: ParseOptions = {}): Row | RowFailure {
  let id: string | null = null
  try {
    if (!isRecord(record))
      throw new BadRecord(
        'not_an_object',
        `the record is ${nameOf(record)}, expected an object`,
        Array.isArray(record) ? RECORDS_HINT : README_HINT,
      )
    if (isColumnWise(record)) throw new BadRecord('column_wise', COLUMN_WISE, RECORDS_HINT)
    const names = options.columns ?? {}
    const columns = new Columns(record, names)
    id = parseId(columns, place.number)
    requireNamed(record, names)
    return parseColumns(columns, id, place.where, options)
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error
    return badRow(error, place.where, id)
  }
}

function parseColumns(columns: Columns, id: string, where: string, options: ParseOptions): Row {
  refuseSteps(columns)
  const form = Object.values(FORMS).find(({ fits }) => fits(columns))
  if (form === undefined) throw missing(columns, 'no "chosen" and "rejected", no "completions" and no "messages"')
  const notes: Notes = new Set()
  const body = form.parse(columns, notes, options)
  if (body.completions.length === 0 && !options.prompts)
    throw missing(columns, `no completion: "chosen" and "rejected", "completions", "completion" or "ideal" is missing`)
  const solution = parseSolution(columns.get('solution'))
  const problemType = parseName(columns, 'problem_type') ?? solutionType(columns, solution)
  const rest = columns.rest(new Set([...ALWAYS, ...Object.values(body.read).flat()]))
  const unread = rest.filter(([name, value]) => (UNREAD as readonly string[]).includes(name) && isFilled(value))
  for (const [name] of unread) notes.add(`unread:${name}`)
  return {
    kind: form === FORMS.pair || form === FORMS.comparison ? 'pair' : form === FORMS.group ? 'group' : 'single',
    id,
    subset: parseName(columns, 'subset') ?? problemType ?? '',
    problemType,
    prompt: body.prompt,
    completions: body.completions,
    solution,
    where,
    extra: Object.fromEntries([...rest, ...(body.extra ?? [])].map(([name, value]) => [name, carried(value, name)])),
    reading: { columns: readColumns(columns, body), notes: [...notes] },
  }
}

const isFilled = (value: unknown): boolean =>
  typeof value === 'string' ? value.trim() !== '' : Array.isArray(value) ? value.length > 0 : true

/** Part → column, for every part that the row has. */
function readColumns(columns: Columns, { read }: Body): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [part, names] of Object.entries(read))
    if (names.length > 0) found[part] = names.map((name) => columns.source(name)).join(' + ')
  for (const part of ALWAYS) if (columns.has(part)) found[part] = columns.source(part)
  return found
}

/** Steps are no alternatives: scored as such, they would look like a group. */
function refuseSteps(columns: Columns): void {
  if (columns.has('candidates') && columns.has('steps'))
    throw new BadRecord(
      'step_row',
      'this is a step row (steps, candidates)',
      'run-process chooses among the candidates; to score whole answers give them as completions, with --step-separator for a process reward model.',
    )
  const list = (name: string): unknown => {
    const value = columns.get(name)
    if (typeof value !== 'string' || !/^\s*\[/.test(value)) return value
    try {
      return JSON.parse(value.replace(/\bTrue\b/g, 'true').replace(/\bFalse\b/g, 'false'))
    } catch {
      return value
    }
  }
  const [completions, labels] = [list('completions'), list('labels')]
  if (!Array.isArray(completions) || !Array.isArray(labels) || labels.length === 0) return
  if (!labels.every((label) => label === null || typeof label === 'boolean' || typeof label === 'number')) return
  if (labels.length !== completions.length)
    throw new BadRecord(
      'wrong_type',
      `"labels" has ${labels.length} entries, "completions" ${completions.length}`,
      'Steps have one label each; alternative answers have "rewards", or no such column.',
    )
  throw new BadRecord(
    'step_row',
    'this is a row of stepwise supervision (TRL: "completions" with a label each): steps of one answer, not alternative answers',
    'run-process holds the labels against a process reward model. Give alternative answers without "labels", or the whole answer as "completion".',
  )
}

// ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Body {
  readonly prompt: Text
  readonly completions: readonly Completion[]
  /** Part of the row → the columns that it was read from. */
  readonly read: Readonly<Record<string, readonly string[]>>
  readonly extra?: readonly [string, unknown][]
}
interface Form {
  fits(columns: Columns): boolean
  parse(columns: Columns, notes: Notes, options: ParseOptions): Body
}

const ALWAYS = ['id', 'subset', 'problem_type', 'solution'] as const
const completionsOf = (role: CompletionRole, texts: readonly Text[]): Completion[] =>
  texts.map((text, index) => ({ role, index, text }))

/** One completion behind its prompt. */
function parseSingle(columns: Columns, name: string, notes: Notes): Body {
  const prompt = promptOf(columns, notes)
  const text = parseText(columns.get(name), name, notes)
  const { prompt: whole, rest } = withoutPrompt(prompt.text, [text], notes)
  return {
    prompt: whole,
    completions: completionsOf('completion', rest),
    read: { prompt: prompt.columns, completion: [name] },
  }
}

/** In the order in which they are tried. */
const FORMS: Readonly<Record<'pair' | 'comparison' | 'group' | 'completion' | 'messages' | 'ideal' | 'prompt', Form>> =
  {
    pair: { fits: (columns) => columns.has('chosen') || columns.has('rejected'), parse: parsePair },
    comparison: { fits: isComparison, parse: parseComparison },
    group: { fits: (columns) => columns.has('completions'), parse: parseGroup },
    completion: {
      fits: (columns) => columns.has('completion'),
      parse: (columns, notes) => parseSingle(columns, 'completion', notes),
    },
    messages: { fits: (columns) => SINGLES.some((name) => columns.has(name)), parse: parseMessages },
    ideal: {
      fits: (columns) => columns.has('ideal') && hasPrompt(columns),
      // ether0's benchmark: its own reader carries the ideal answer on as a column
      parse: (columns, notes) => ({
        ...parseSingle(columns, 'ideal', notes),
        extra: [['ideal', columns.get('ideal')]],
      }),
    },
    prompt: {
      fits: hasPrompt,
      parse(columns, notes) {
        const { text, columns: names } = promptOf(columns, notes)
        return { prompt: text, completions: [], read: { prompt: names } }
      },
    },
  }
/** Columns that hold a whole conversation with its answer. */
const SINGLES = ['messages', 'conversations', 'conversation'] as const

function parsePair(columns: Columns, notes: Notes): Body {
  for (const part of ['chosen', 'rejected'])
    if (!columns.has(part)) throw missing(columns, `"${columns.source(part)}" is missing`, part)
  return pairOf(columns, ['chosen', 'rejected'], notes)
}

function parseComparison(columns: Columns, notes: Notes): Body {
  const [chosen, rejected, verdict] = comparedColumns(columns)
  const body = pairOf(columns, [chosen, rejected], notes)
  return { ...body, read: { ...body.read, preference: [verdict] } }
}

/** Pairs of one row: each is a line of pairs.csv, and some 3 kB of memory to the end of the run. */
const MOST_PAIRS = 100_000

function pairOf(columns: Columns, [chosenColumn, rejectedColumn]: readonly [string, string], notes: Notes): Body {
  const chosen = parseTexts(columns.get(chosenColumn), columns.source(chosenColumn), notes)
  const rejected = parseTexts(columns.get(rejectedColumn), columns.source(rejectedColumn), notes)
  if (chosen.length * rejected.length > MOST_PAIRS)
    throw new BadRecord(
      'too_many_pairs',
      `${chosen.length.toLocaleString('en-US')} chosen × ${rejected.length.toLocaleString('en-US')} rejected completions are more than ${MOST_PAIRS.toLocaleString('en-US')} pairs`,
      'Give the completions as a group ("completions"), or in several rows.',
    )
  const all = [...chosen, ...rejected]
  const body = (prompt: Text, texts: readonly Text[], names: readonly string[]): Body => ({
    prompt,
    completions: [
      ...completionsOf('chosen', texts.slice(0, chosen.length)),
      ...completionsOf('rejected', texts.slice(chosen.length)),
    ],
    read: { prompt: names, chosen: [chosenColumn], rejected: [rejectedColumn] },
  })
  const whole = all.every(isWhole)
  const prompt = findPrompt(columns, notes) ?? (whole ? null : conversationOf(columns, notes))
  if (prompt === null) {
    const shared = implicitPrompt(columns, all, notes)
    return body(shared.prompt, shared.rest, [])
  }
  // As TRL's maybe_extract_prompt: a text prompt beside whole conversations repeats what these begin with.
  if (typeof prompt.text === 'string' && whole) {
    const question = prompt.text.trim()
    const shared = sharedPrompt(all)
    if (
      shared === null ||
      typeof shared.prompt === 'string' ||
      !shared.prompt.some((turn) => turn.content.includes(question))
    )
      throw new BadRecord(
        'prompt_mismatch',
        `chosen and rejected are whole conversations that do not share a beginning with "${columns.source(prompt.columns[0]!)}" in it`,
        'Give the prompt as messages, or only the last turns in chosen and rejected.',
      )
    notes.add('repeated_prompt')
    return body(shared.prompt, shared.rest, prompt.columns)
  }
  if (typeof prompt.text === 'string' && /^\s*Human:[\s\S]*\n\nAssistant:\s*$/.test(prompt.text))
    notes.add('transcript_prompt')
  if (repeatsText(prompt.text, all)) notes.add('prompt_in_completions')
  const { prompt: joined, rest } = withoutPrompt(prompt.text, all, notes)
  return body(joined, rest, prompt.columns)
}

/** A conversation beside the answers is the prompt, if it ends where an answer is due. */
function conversationOf(columns: Columns, notes: Notes): Prompt | null {
  const name = conversationColumn(columns)
  if (name === null) return null
  const text = parseText(columns.get(name), name, notes)
  const last = typeof text === 'string' ? undefined : text.at(-1)
  if (last?.role === 'assistant')
    throw new BadRecord(
      'ambiguous_prompt',
      `there is no "prompt", and "${name}" ends with a turn of "assistant"`,
      `Choose with --prompt-column ${name}, or give the prompt without the answer.`,
    )
  return { text, columns: [name] }
}

/** What whole texts, transcripts or conversations share, where no column is the prompt. */
function implicitPrompt(columns: Columns, all: readonly Text[], notes: Notes) {
  const refuse = (): BadRecord =>
    missing(columns, '"prompt" is missing and chosen and rejected share no beginning', 'prompt', 'no_prompt')
  let texts = all
  if (all.every((text) => typeof text === 'string')) {
    refuseUnreadPrompt(columns)
    const turns = all.map((text) => transcriptTurns(text, 'chosen or rejected'))
    if (turns.every((found) => found !== null)) {
      notes.add('transcript')
      texts = turns
    }
  }
  const shared = sharedPrompt(texts)
  if (shared === null) throw refuse()
  notes.add(typeof shared.prompt === 'string' ? 'implicit_prompt_text' : 'implicit_prompt')
  return shared
}

/** Completions that begin with the prompt's text may repeat it, or may be meant so (C and CCO): kept, and said. */
const repeatsText = (prompt: Text, texts: readonly Text[]): boolean =>
  typeof prompt === 'string' &&
  prompt.trim() !== '' &&
  texts.every((text) => typeof text === 'string' && text.startsWith(prompt))

function parseGroup(columns: Columns, notes: Notes): Body {
  const given = columns.get('completions')
  const value = typeof given === 'string' ? listFromJson(given, 'completions', notes) : given
  if (!Array.isArray(value))
    throw new BadRecord('wrong_type', `"completions" is ${nameOf(value)}, expected a list`, README_HINT)
  if (value.length === 0)
    throw new BadRecord('empty_list', '"completions" is an empty list, expected at least one completion')
  const prompt = promptOf(columns, notes)
  const details: Record<string, unknown>[] = []
  const texts = value.map((item: unknown, i): Text => {
    const at = `completions[${i}]`
    if (!isRecord(item) || (!('completion' in item) && isMessageLike(item))) {
      details.push({})
      return parseText(isRecord(item) ? [item] : item, at, notes)
    }
    if (!('completion' in item)) throw new BadRecord('wrong_type', `"${at}" has no "completion"`, README_HINT)
    const { completion, ...rest } = item
    details.push(rest)
    return parseText(completion, `${at}.completion`, notes)
  })
  const joined = withoutPrompt(prompt.text, texts, notes)
  const completions = completionsOf('completion', joined.rest).map((completion, i) => {
    const variant = variantOf(details[i]!, `completions[${i}]`, notes)
    if (variant === null) return completion
    const { transformation: _, same: __, family: ___, ...rest } = details[i]!
    details[i] = rest
    return { ...completion, variant }
  })
  return {
    prompt: joined.prompt,
    completions,
    read: { prompt: prompt.columns, completions: ['completions'] },
    extra: details.some((detail) => Object.keys(detail).length > 0) ? [['completion_details', details]] : [],
  }
}

function parseMessages(columns: Columns, notes: Notes, { prompts = false }: ParseOptions): Body {
  const name = SINGLES.find((column) => columns.has(column))!
  if (columns.source('prompt') !== 'prompt')
    throw new BadRecord(
      'ambiguous_prompt',
      `"${columns.source('prompt')}" is named as the prompt, and "${name}" holds one with its answer`,
      'Leave --prompt-column out, or name the completions too.',
    )
  const messages = parseText(columns.get(name), name, notes)
  const last = typeof messages === 'string' ? undefined : messages.at(-1)
  if (typeof messages === 'string')
    throw new BadRecord('wrong_type', `"${name}" is a string, expected messages`, README_HINT)
  if (last?.role !== 'assistant' && prompts) return { prompt: messages, completions: [], read: { prompt: [name] } }
  if (last?.role !== 'assistant')
    throw new BadRecord(
      'no_completion',
      `"${name}" ends with a turn of ${JSON.stringify(last?.role)}, expected one of "assistant"`,
    )
  const completion: Completion = { role: 'completion', index: 0, text: messages.slice(-1) }
  return { prompt: messages.slice(0, -1), completions: [completion], read: { completion: [name] } }
}

// ── columns ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export function promptOf(columns: Columns, notes: Notes): Prompt {
  const prompt = findPrompt(columns, notes) ?? conversationOf(columns, notes)
  if (prompt === null) throw missing(columns, '"prompt" is missing', 'prompt', 'no_prompt')
  return prompt
}

export function parseId(columns: Columns, number: number): string {
  const value = columns.get('id')
  const name = columns.source('id')
  if (value === undefined || value === '') return String(number)
  if (typeof value === 'string') return checkId(value, name)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new BadRecord('wrong_type', `"${name}" is ${nameOf(value)}, expected a string or a number`)
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new BadRecord(
      'wrong_type',
      `"${name}" ${value} is rounded: it is too large for a floating-point number`,
      'Write it as a string or an integer.',
    )
  return String(value)
}

/** A name such as the subset: a string (numbers are written as text); an empty one counts as absent. */
export function parseName(columns: Columns, part: string): string | null {
  const value = columns.get(part)
  const name = columns.source(part)
  if (value === undefined || value === '') return null
  if (typeof value === 'string') return checkName(value, name)
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) return String(value)
  throw new BadRecord('wrong_type', `"${name}" is ${nameOf(value)}, expected a string`)
}

const SOLUTION_KEYS = ['fxn_name', 'answer_info', 'problem_type'] as const

/** A string is kept as given (whether it is ether0's form shows when it is verified); an object must have the three keys. */
export function parseSolution(value: unknown): SolutionInput | null {
  if (value === undefined || value === '') return null
  if (typeof value === 'string') return checkCharacters(value, 'solution')
  if (!isRecord(value))
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
export function solutionType(columns: Columns, solution: SolutionInput | null): string | null {
  if (solution === null) return null
  const type = columns.get('type')
  if (typeof type === 'string' && type !== '') return checkName(type, 'type')
  const third =
    typeof solution === 'string' ? /^[\s\S]*?!:![\s\S]*?!:!([\s\S]+)$/.exec(solution)?.[1] : solution.problem_type
  return third ? checkName(third, "solution's problem type") : null
}

/** A missing column, with the column that was probably meant, or those that there are. */
function missing(columns: Columns, message: string, wanted?: string, reason?: string): BadRecord {
  const names: readonly string[] = wanted === undefined ? KNOWN : [wanted]
  const known = [...KNOWN, ...PROMPT_LIKE] as readonly string[]
  const word = reason ?? (wanted === undefined ? 'no_completion' : 'missing_column')
  const absent = names.filter((part) => !columns.has(part))
  const meant = columns.names().flatMap((name) => {
    const one = known.includes(name) ? null : nearest(name, absent)
    return one === null ? [] : [`"${name}" meant to be "${one}"`]
  })
  if (meant.length > 0) return new BadRecord(word, message, `Is ${meant.slice(0, 6).join(', is ')}?`)
  const there = columns.names().filter((name) => !known.includes(name))
  const listed = there.slice(0, 12).map((name) => `"${name}"`)
  const more = there.length > 12 ? ` and ${there.length - 12} more` : ''
  return new BadRecord(
    word,
    message,
    there.length === 0
      ? README_HINT
      : `There are ${listed.join(', ')}${more}: name columns with --prompt-column, --chosen-column, --rejected-column${word === 'no_completion' ? '; one answer is "completion", several to one prompt are a list in "completions"' : ''}.`,
  )
}

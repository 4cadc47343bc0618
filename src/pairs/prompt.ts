import { isRecord } from '../is-record.ts'
import type { Text } from '../types.ts'
import { carried } from './carried.ts'
import type { Columns } from './columns.ts'
import { BadRecord, README_HINT } from './failure.ts'
import { isMessageLike, type Notes } from './message.ts'
import { parseText } from './text.ts'

/** Columns that are the prompt where there is no `prompt`; `instruction` with `input` is one of the two with a newline between. */
export const PROMPT_LIKE = ['problem', 'question', 'query', 'instruction', 'input'] as const
/** Columns that are the prompt where they hold a conversation. */
const CONVERSATIONS = ['messages', 'conversations', 'conversation', 'context'] as const
/** Names of columns that may well hold what was asked: with one of them unread a prompt is not guessed from the answers. */
const SUSPECT =
  /^(?:(?:user|input|full|raw|original)?[_ -]?(?:prompts?|questions?|quer(?:y|ies)|instructions?|inputs?|problems?|requests?|messages?)(?:[_ -]?(?:text|body|content|str|string))?|contexts?|history|posts?|dialog(?:ue)?s?|conversations?|human|user|problem_statement|passage|document|article)$/i

export interface Prompt {
  readonly text: Text
  /** Columns that it was made from. */
  readonly columns: readonly string[]
}

export const hasPrompt = (columns: Columns): boolean =>
  columns.has('prompt') || PROMPT_LIKE.some((name) => columns.has(name))

/** Whether a value is a conversation, also as JSON text; a string that is something else is not one. */
function holdsConversation(value: unknown, name: string): boolean {
  if (typeof value !== 'string')
    return Array.isArray(value) ? value.some(isMessageLike) : isRecord(value) && isMessageLike(value)
  return /^\s*[[{]/.test(value) && typeof parseText(value, name, new Set()) !== 'string'
}

/** The columns of conversations that a row has. */
export const conversationColumn = (columns: Columns): string | null =>
  CONVERSATIONS.find((name) => columns.has(name) && holdsConversation(columns.get(name), name)) ?? null

/** The prompt: `prompt`, else the one prompt-like column that is filled; null where there is none. */
export function findPrompt(columns: Columns, notes: Notes): Prompt | null {
  const others = PROMPT_LIKE.filter((name) => columns.has(name))
  const filled = others.filter((name) => columns.get(name) !== '')
  if (columns.has('prompt')) {
    const text = parseText(columns.get('prompt'), columns.source('prompt'), notes)
    if (text === '' && filled.length > 0 && columns.source('prompt') === 'prompt')
      throw new BadRecord(
        'ambiguous_prompt',
        `"prompt" is empty and "${filled[0]}" is not`,
        `Choose with --prompt-column ${filled[0]} or --prompt-column prompt.`,
      )
    if (text === '') notes.add('empty_prompt')
    return { text, columns: [columns.source('prompt')] }
  }
  const [first] = others
  if (first === undefined) return null
  if (filled.length === 0) {
    notes.add('empty_prompt')
    return { text: '', columns: [first] }
  }
  if (filled.length === 2 && filled[0] === 'instruction') return withInput(columns)
  const written = filled.length === 1 ? [] : filled.map((name) => JSON.stringify(carried(columns.get(name), name)))
  if (new Set(written).size > 1) throw ambiguous(filled)
  return { text: parseText(columns.get(filled[0]!), filled[0]!, notes), columns: [filled[0]!] }
}

/** Alpaca's two columns. */
function withInput(columns: Columns): Prompt {
  const [instruction, input] = [columns.get('instruction'), columns.get('input')]
  if (typeof instruction !== 'string' || typeof input !== 'string') throw ambiguous(['instruction', 'input'])
  const texts = [parseText(instruction, 'instruction', new Set()), parseText(input, 'input', new Set())]
  if (texts.some((text) => typeof text !== 'string')) throw ambiguous(['instruction', 'input'])
  return { text: texts.join('\n'), columns: ['instruction', 'input'] }
}

const ambiguous = (names: readonly string[]): BadRecord =>
  new BadRecord(
    'ambiguous_prompt',
    `there is no "prompt", and ${names.map((name) => `"${name}"`).join(' and ')} may each be it`,
    `Choose with --prompt-column, such as --prompt-column ${names[0]}.`,
  )

/** @throws BadRecord where a column stands unread that may well be the prompt, so that it is not guessed from the answers' texts */
export function refuseUnreadPrompt(columns: Columns): void {
  const empty = ['prompt', ...PROMPT_LIKE].find((name) => columns.stands(name))
  if (empty !== undefined)
    throw new BadRecord('no_prompt', `"${empty}" is null, and no other column is the prompt`, README_HINT)
  const suspect = columns.names().find((name) => SUSPECT.test(name) && saysSomething(columns.get(name)))
  if (suspect !== undefined)
    throw new BadRecord(
      'no_prompt',
      `"prompt" is missing, and "${suspect}" may be it`,
      `Name it with --prompt-column ${suspect}. Without such a column, what chosen and rejected share is the prompt.`,
    )
}

/** Text of more than one word, or something with parts; a name or a number is a property of the row. */
const saysSomething = (value: unknown): boolean =>
  typeof value === 'string' ? /\S\s+\S/.test(value) : typeof value === 'object'

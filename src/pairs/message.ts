import { isRecord } from '../is-record.ts'
import type { Message } from '../types.ts'
import { shownJson } from '../visible-text.ts'
import { checkCharacters } from './characters.ts'
import { BadRecord, nameOf, README_HINT } from './failure.ts'

export type Dict = Readonly<Record<string, unknown>>
/** What was done to read a row and is worth a word; see `Reading`. */
export type Notes = Set<string>

const FIELDS = ['role', 'content', 'from', 'value'] as const
/** Whether a value is one chat turn, `{role, content}` or ShareGPT's `{from, value}`, perhaps a faulty one. */
export const isMessageLike = (value: unknown): value is Dict =>
  isRecord(value) && FIELDS.some((field) => value[field] !== undefined && value[field] !== null)

/** Whether a list is one conversation (messages) rather than a list of texts. */
export const isConversation = (value: unknown): boolean => Array.isArray(value) && value.some(isMessageLike)

/** ShareGPT's speakers, as LLaMA-Factory and Axolotl read them. */
const SPEAKERS: ReadonlyMap<string, string> = new Map([
  ['human', 'user'],
  ['user', 'user'],
  ['gpt', 'assistant'],
  ['chatgpt', 'assistant'],
  ['assistant', 'assistant'],
  ['model', 'assistant'],
  ['system', 'system'],
  ['tool', 'tool'],
  ['observation', 'tool'],
  ['function_response', 'tool'],
])
export const isSpeaker = (value: unknown): boolean => typeof value === 'string' && SPEAKERS.has(value)

/** Fields of a message that a template would show to the model and that we do not carry: dropping them would change the text. */
const UNSUPPORTED = ['tool_calls', 'function_call', 'reasoning_content', 'thinking', 'reasoning'] as const

export function parseMessage(message: Dict, at: string, notes: Notes): Message {
  for (const field of UNSUPPORTED)
    if (!isEmpty(message[field]))
      throw new BadRecord(
        'unsupported_message',
        `"${at}.${field}" is not supported`,
        'Write its text into "content", as the model should see it.',
      )
  for (const [field, value] of Object.entries(message))
    if (!(FIELDS as readonly string[]).includes(field) && !isEmpty(value)) notes.add(`message_field:${field}`)
  return isEmpty(message.role) && isEmpty(message.content) && !isEmpty(message.from)
    ? parseTurn(message, at, notes)
    : parseOpenAi(message, at)
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

function parseOpenAi(message: Dict, at: string): Message {
  if (typeof message.role !== 'string' || message.role === '')
    throw new BadRecord(
      'wrong_type',
      `"${at}.role" is ${nameOf(message.role)}, expected a role such as "user"`,
      README_HINT,
    )
  return { role: checkCharacters(message.role, `${at}.role`), content: parseContent(message.content, `${at}.content`) }
}

function parseTurn(message: Dict, at: string, notes: Notes): Message {
  const role = typeof message.from === 'string' ? SPEAKERS.get(message.from) : undefined
  if (role === undefined)
    throw new BadRecord(
      'wrong_type',
      `"${at}.from" is ${typeof message.from === 'string' ? JSON.stringify(message.from) : nameOf(message.from)}, expected ${[...SPEAKERS.keys()].join(', ')}`,
      README_HINT,
    )
  notes.add('sharegpt')
  return { role, content: parseContent(message.value, `${at}.value`) }
}

/** Kinds of OpenAI's content parts that hold text. */
const TEXT_PARTS: readonly unknown[] = ['text', 'input_text', 'output_text', undefined, null]

/** Text, or OpenAI's content parts: text parts are joined without a separator; an image is refused. */
function parseContent(content: unknown, at: string): string {
  if (typeof content === 'string') return checkCharacters(content, at)
  if (!Array.isArray(content))
    throw new BadRecord('wrong_type', `"${at}" is ${nameOf(content)}, expected a string`, README_HINT)
  return content
    .map((part: unknown, i) => {
      if (typeof part === 'string') return checkCharacters(part, `${at}[${i}]`)
      if (!isRecord(part))
        throw new BadRecord('wrong_type', `"${at}[${i}]" is ${nameOf(part)}, expected a content part`)
      if (typeof part.text === 'string' && TEXT_PARTS.includes(part.type))
        return checkCharacters(part.text, `${at}[${i}]`)
      throw new BadRecord(
        'image_content',
        `"${at}[${i}]" is a content part of type ${shownJson(part.type ?? null)}, only text is supported`,
      )
    })
    .join('')
}

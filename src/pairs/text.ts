import type { Message, Text } from '../types.ts'
import { BadRecord, nameOf, README_HINT } from './failure.ts'

type Dict = Readonly<Record<string, unknown>>
export const isDict = (value: unknown): value is Dict =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isMessageLike = (value: unknown): value is Dict => isDict(value) && ('role' in value || 'content' in value)

/** Whether a list is one conversation (messages) rather than a list of texts. */
export const isConversation = (value: unknown): boolean => Array.isArray(value) && value.some(isMessageLike)

/** A string as it is, or messages with their roles; anything else throws `BadRecord`. `column` names the place in messages. */
export function parseText(value: unknown, column: string): Text {
  if (typeof value === 'string') return checkCharacters(value, column)
  if (Array.isArray(value) && value.length > 0) {
    if (value.every(isMessageLike)) return value.map((message, i) => parseMessage(message, `${column}[${i}]`))
    const odd = value.findIndex((message) => !isMessageLike(message))
    throw new BadRecord(
      'wrong_type',
      `"${column}[${odd}]" is ${nameOf(value[odd])}, expected a message {role, content}`,
      README_HINT,
    )
  }
  throw new BadRecord('wrong_type', `"${column}" is ${nameOf(value)}, expected messages or a string`, README_HINT)
}

/** Fields of a message that a template would show to the model and that we do not carry: dropping them would change the text. */
const UNSUPPORTED = ['tool_calls', 'function_call', 'reasoning_content', 'thinking', 'reasoning'] as const

function parseMessage(message: Dict, at: string): Message {
  if (typeof message.role !== 'string' || message.role === '')
    throw new BadRecord(
      'wrong_type',
      `"${at}.role" is ${nameOf(message.role)}, expected a role such as "user"`,
      README_HINT,
    )
  for (const field of UNSUPPORTED) {
    const value = message[field]
    const empty = value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
    if (!empty)
      throw new BadRecord(
        'unsupported_message',
        `"${at}.${field}" is not supported`,
        'Write its text into "content", as the model should see it.',
      )
  }
  return { role: checkCharacters(message.role, `${at}.role`), content: parseContent(message.content, `${at}.content`) }
}

/** Text, or OpenAI's content parts: text parts are joined without a separator; an image is refused. */
function parseContent(content: unknown, at: string): string {
  if (typeof content === 'string') return checkCharacters(content, at)
  if (!Array.isArray(content))
    throw new BadRecord('wrong_type', `"${at}" is ${nameOf(content)}, expected a string`, README_HINT)
  return content
    .map((part: unknown, i) => {
      if (typeof part === 'string') return checkCharacters(part, `${at}[${i}]`)
      if (!isDict(part)) throw new BadRecord('wrong_type', `"${at}[${i}]" is ${nameOf(part)}, expected a content part`)
      if (typeof part.text === 'string' && (part.type === 'text' || part.type === undefined || part.type === null))
        return checkCharacters(part.text, `${at}[${i}]`)
      throw new BadRecord(
        'image_content',
        `"${at}[${i}]" is a content part of type ${JSON.stringify(part.type ?? null)}, only text is supported`,
      )
    })
    .join('')
}

/** NUL and lone surrogates are refused: tokenizers silently replace them, so the score would belong to another text. */
export function checkCharacters(text: string, at: string): string {
  if (text.includes('\0')) throw new BadRecord('nul_character', `"${at}" contains a NUL character`)
  if (/\p{Surrogate}/u.test(text))
    throw new BadRecord('lone_surrogate', `"${at}" contains half of a surrogate pair, which is not Unicode text`)
  return text
}

/** Length in characters, for shared beginnings; equality of the elements at `i`. */
const elementsOf = (text: Text): readonly (string | Message)[] => (typeof text === 'string' ? [...text] : text)
const same = (a: string | Message | undefined, b: string | Message | undefined): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && a.role === b.role && a.content === b.content)

/** The prompt that whole texts or conversations share, and what is left of each. */
export interface Shared {
  readonly prompt: Text
  readonly rest: readonly Text[]
}

/**
 * TRL's `extract_prompt` for any number of texts or conversations: the longest shared beginning is the prompt, one trailing space
 * goes to the completions. Where one is the beginning of the others (equal ones included) TRL's loop ends one element early:
 * the shorter one keeps its last turn (text: its last character); so do we.
 * Null where they share nothing (TRL's index −1 then takes a wrong slice) or mix texts and conversations.
 * @example sharedPrompt(['Q: 2+2? A: 4', 'Q: 2+2? A: 5']) // prompt 'Q: 2+2? A:', rest [' 4', ' 5']
 */
export function sharedPrompt(texts: readonly Text[]): Shared | null {
  if (new Set(texts.map((text) => typeof text)).size !== 1) return null
  const all = texts.map(elementsOf)
  const first = all[0]!
  const shortest = Math.min(...all.map((elements) => elements.length))
  let length = 0
  while (length < shortest && all.every((elements) => same(elements[length], first[length]))) length++
  if (length === shortest) length = Math.max(shortest - 1, 0)
  else if (length > 0 && first[length - 1] === ' ') length--
  if (length === 0) return null
  return { prompt: cut(texts[0]!, first, 0, length), rest: texts.map((text, i) => cut(text, all[i]!, length)) }
}

const cut = (text: Text, elements: readonly (string | Message)[], from: number, to?: number): Text =>
  typeof text === 'string' ? elements.slice(from, to).join('') : text.slice(from, to)

/** Takes a conversation's turns off the beginning of every completion that repeats all of them and goes on; else null. */
export function withoutPrompt(prompt: Text, completions: readonly Text[]): readonly Text[] | null {
  if (typeof prompt === 'string' || prompt.length === 0) return null
  const repeated = completions.every(
    (text) => typeof text !== 'string' && text.length > prompt.length && prompt.every((turn, i) => same(turn, text[i])),
  )
  return repeated ? completions.map((text) => text.slice(prompt.length) as Text) : null
}

import { isRecord } from '../is-record.ts'
import type { Text } from '../types.ts'
import { checkCharacters } from './characters.ts'
import { BadRecord, nameOf, README_HINT } from './failure.ts'
import { type Dict, isConversation, isMessageLike, isSpeaker, type Notes, parseMessage } from './message.ts'
import { outsizedJson } from './outsized-json.ts'

/**
 * A string as it is, or messages with their roles; anything else throws `BadRecord`. Messages are a list, a lone one, or either as JSON
 * text, in every format of file. `column` names the place in error messages.
 */
export function parseText(value: unknown, column: string, notes: Notes): Text {
  if (typeof value === 'string') {
    const found = fromJson(value, column)
    if (!isWrittenMessage(found) && !isWrittenConversation(found)) return checkCharacters(value, column)
    notes.add('json_text')
    return parseText(found, column, notes)
  }
  if (Array.isArray(value) && value.length > 0) {
    if (value.every(isMessageLike)) return value.map((message, i) => parseMessage(message, `${column}[${i}]`, notes))
    const odd = value.findIndex((message) => !isMessageLike(message))
    throw new BadRecord(
      'wrong_type',
      `"${column}[${odd}]" is ${nameOf(value[odd])}, expected a message {role, content}`,
      README_HINT,
    )
  }
  if (isRecord(value) && Array.isArray(value.messages)) return parseRequest(value, column, notes)
  if (isMessageLike(value)) {
    notes.add('lone_message')
    return [parseMessage(value, column, notes)]
  }
  throw new BadRecord('wrong_type', `"${column}" is ${nameOf(value)}, expected messages or a string`, README_HINT)
}

/** The `input` of OpenAI's preference files: `{messages, tools}`. */
function parseRequest(request: Dict, column: string, notes: Notes): Text {
  if (Array.isArray(request.tools) && request.tools.length > 0)
    throw new BadRecord('unsupported_message', `"${column}.tools" is not supported`, 'Write them into the prompt.')
  return parseText(request.messages, `${column}.messages`, notes)
}

/** One text or conversation, or a list of them (best-of-n, RewardBench 2), also as JSON text. */
export function parseTexts(value: unknown, column: string, notes: Notes): readonly Text[] {
  const list = typeof value === 'string' ? listFromJson(value, column, notes) : value
  if (!Array.isArray(list) || isConversation(list)) return [parseText(list, column, notes)]
  if (list.length === 0)
    throw new BadRecord('empty_list', `"${column}" is an empty list, expected at least one completion`)
  return list.map((text, i) => parseText(text, `${column}[${i}]`, notes))
}

/** The list of texts or conversations that a string holds as JSON, else the string. */
export function listFromJson(value: string, column: string, notes: Notes): unknown {
  const found = fromJson(value, column)
  const list =
    Array.isArray(found) &&
    found.length > 0 &&
    (found.every((item) => typeof item === 'string') ||
      found.every(Array.isArray) ||
      found.every((item) => isRecord(item) && 'completion' in item))
  if (!list) return value
  notes.add('json_text')
  return found
}

const isWrittenTurn = (value: unknown): value is Dict =>
  isRecord(value) && (typeof value.role === 'string' || (isSpeaker(value.from) && 'value' in value))
/** One message written as JSON; an answer that is some other JSON object stays the text that it is. */
const isWrittenMessage = (value: unknown): boolean => isWrittenTurn(value) && ('content' in value || 'value' in value)
const isWrittenConversation = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(isWrittenTurn)

/** What a string holds where it is JSON with brackets; null where it is not. White space is stepped over once: texts may be megabytes of it. */
function fromJson(text: string, column: string): unknown {
  if (!/^\s*(?:\[\s*(?:["'{[]|array\()|\{\s*["']|array\()/.test(text)) return null
  const outsized = outsizedJson(text)
  if (outsized !== null) throw new BadRecord(outsized.reason, outsized.message.replace('the record', `"${column}"`))
  try {
    return JSON.parse(text)
  } catch {
    if (!looksLikePython(text)) return null
    throw new BadRecord(
      'python_literal',
      `"${column}" holds a Python list or dict, expected text or JSON`,
      'Write the column with json.dumps; where it is the text itself, give it as a message: [{"role": "assistant", "content": …}].',
    )
  }
}

/** What `str()` makes of messages, of a list of texts or of a NumPy array of either; text that merely begins with a bracket is not meant. */
export const looksLikePython = (text: string): boolean =>
  /^\s*(?:array\(\[?\s*|\[\s*)?\{\s*'(?:role|content|from|value|completion)'\s*:/.test(text) ||
  /^\s*\{\s*'fxn_name'\s*:/.test(text) ||
  /^\s*(?:array\()?\[\s*(?:'[\s\S]*['"]|"[\s\S]*')\s*\](?:, dtype=\w+\))?\s*$/.test(text) ||
  /^\s*(?:\[\s*)?array\(\[/.test(text)

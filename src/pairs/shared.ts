import type { Message, Text } from '../types.ts'
import { BadRecord } from './failure.ts'
import type { Notes } from './message.ts'

/** Length in characters, for shared beginnings; equality of the elements at `i`. */
const elementsOf = (text: Text): readonly (string | Message)[] => (typeof text === 'string' ? [...text] : text)
const same = (a: string | Message | undefined, b: string | Message | undefined): boolean =>
  a === b || (typeof a === 'object' && typeof b === 'object' && a.role === b.role && a.content === b.content)

/** A prompt and what is left of each text or conversation. */
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

/** Roles whose turn asks, so that it belongs to a prompt; any other one answers. */
const ASKING = new Set(['user', 'human', 'system', 'developer'])
export const asks = (turn: Message | undefined): boolean => turn !== undefined && ASKING.has(turn.role.toLowerCase())

/** A conversation that begins with a question: it repeats or replaces the prompt. */
export const isWhole = (text: Text): boolean => typeof text !== 'string' && asks(text[0])

/**
 * Takes off what conversations repeat of their prompt: all of it, its end (the last question), or its system turn, each with or without
 * the system turn in front. What is left begins with the answer. A conversation with more turns before the prompt gives these to it.
 * @throws BadRecord where a conversation asks something else than the prompt
 */
export function withoutPrompt(prompt: Text, texts: readonly Text[], notes: Notes): Shared {
  const turns: readonly Message[] = typeof prompt === 'string' ? [{ role: 'user', content: prompt }] : prompt
  const repeated = texts.map((text) => (typeof text === 'string' ? 0 : repeatedTurns(turns, text)))
  if (repeated.every((count) => count !== null)) {
    if (repeated.some((count) => count > 0)) notes.add('repeated_prompt')
    return { prompt, rest: texts.map((text, i) => (repeated[i] === 0 ? text : text.slice(repeated[i]!))) }
  }
  const shared = texts.every(isWhole) ? sharedPrompt(texts) : null
  if (shared !== null && typeof shared.prompt !== 'string' && endsWith(shared.prompt, turns)) {
    notes.add('longer_prompt')
    return shared
  }
  throw new BadRecord(
    'prompt_mismatch',
    'the prompt is followed by a conversation that begins with another question or system turn',
    'Give the whole conversation in "prompt" and only the answer in the completions.',
  )
}

/** How many turns at the beginning of a conversation repeat the prompt; null where it begins with a question that is not the prompt's. */
function repeatedTurns(prompt: readonly Message[], text: readonly Message[]): number | null {
  if (text.length > prompt.length && prompt.every((turn, i) => same(turn, text[i]))) return prompt.length
  const system = text[0]!.role === 'system' ? 1 : 0
  if (system === 1 && !same(text[0], prompt[0])) return null
  const rest = text.slice(system)
  // a conversation that goes on: after an answer comes a question, after a question an answer
  const answered = !asks(prompt.at(-1))
  const goesOn = (turn: Message | undefined): boolean => turn !== undefined && asks(turn) === answered
  const overlaps = Array.from({ length: Math.min(prompt.length, rest.length - 1) }, (_, i) => i + 1).filter(
    (length) => endsWith(prompt, rest.slice(0, length)) && goesOn(rest[length]),
  )
  if (overlaps.length > 1) return null
  if (overlaps.length === 1) return system + overlaps[0]!
  return answered || (rest.length > 0 && !asks(rest[0])) ? system : null
}

const endsWith = (turns: readonly Message[], end: readonly Message[]): boolean =>
  end.length <= turns.length && end.every((turn, i) => same(turn, turns[turns.length - end.length + i]))

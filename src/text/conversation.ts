import type { Message, Text } from '../types.ts'

/** A prompt or a completion as turns: a text is one turn of `role`; turns keep their roles. */
export const toMessages = (text: Text, role: 'user' | 'assistant'): readonly Message[] =>
  typeof text === 'string' ? [{ role, content: text }] : text

/**
 * Roles as HERM gives them, by position whatever the data say: user, assistant, user …; a system turn becomes a user turn
 * (RewardBench's prepare_dialogue_from_tokenizer). The completion's single turn is the assistant's.
 */
export const alternateRoles = (messages: readonly Message[]): readonly Message[] =>
  messages.map((message, i) => ({ ...message, role: i % 2 === 0 ? 'user' : 'assistant' }))

/** A thought and the blanks behind it. Without an end the thought goes on to the end of the text. */
const THOUGHT = /<\|think_start\|>[\s\S]*?(?:<\|think_end\|>\s*|$)|<think>[\s\S]*?(?:<\/think>\s*|$)/g
/** A thought whose opening tag was part of the prompt: R1-style templates end with `<think>`. */
const HEADLESS = /^(?:(?!<\|think_start\|>|<think>)[\s\S])*?(?:<\|think_end\|>|<\/think>)\s*/

/**
 * Cuts the thought from a completion (`--reasoning strip`).
 * @example stripThought('<think>\nsum\n</think>\n\n2') // '2'
 */
export const stripThought = (text: string): string => text.replace(HEADLESS, '').replace(THOUGHT, '')

/** The same for each assistant turn of a completion. */
export function stripReasoning(completion: Text): Text {
  if (typeof completion === 'string') return stripThought(completion)
  return completion.map((message) =>
    message.role === 'assistant' ? { ...message, content: stripThought(message.content) } : message,
  )
}

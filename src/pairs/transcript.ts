import type { Message } from '../types.ts'
import { BadRecord } from './failure.ts'

const ROLES: Readonly<Record<string, string>> = { Human: 'user', Assistant: 'assistant' }

/**
 * The turns of a transcript as HH-RLHF writes them, `\n\nHuman: …\n\nAssistant: …`, cut as TRL's conversion of that data set cuts them;
 * null for any other text.
 * @example transcriptTurns('\n\nHuman: Hi\n\nAssistant: Hello') // [{ role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hello' }]
 */
export function transcriptTurns(text: string, column: string): readonly Message[] | null {
  if (!/^\s*Human:/.test(text)) return null
  const pieces = `\n\n${text.trimStart()}`.split(/\n\n(Human|Assistant):(?: |(?=\n)|$)/)
  const turns: Message[] = []
  for (let i = 1; i + 1 < pieces.length; i += 2) turns.push({ role: ROLES[pieces[i]!]!, content: pieces[i + 1]! })
  if (pieces[0] !== '' || turns.length === 0) return null
  if (turns.at(-1)!.role !== 'assistant')
    throw new BadRecord('no_completion', `the transcript in "${column}" ends with a turn of Human, expected Assistant`)
  return turns
}

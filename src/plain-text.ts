import { hash } from 'node:crypto'
import type { Text } from './types.ts'

/** The text of a completion or prompt as one string: the contents of its turns, one a line. */
export const plain = (text: Text): string => (typeof text === 'string' ? text : text.map((m) => m.content).join('\n'))

/** Length in code points, as in pairs.csv. */
export function characters(text: string): number {
  let n = text.length
  for (let i = 0; i < text.length; i++) {
    const high = text.charCodeAt(i)
    const low = text.charCodeAt(i + 1)
    if (high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000) n--
  }
  return n
}

/** Cluster of the statistics: rows with the same prompt. First 16 hex digits of SHA-256. */
export const promptCluster = (prompt: Text): string => hash('sha256', JSON.stringify(turns(prompt)), 'hex').slice(0, 16)

/** What tells two completions apart, as the data have them: first 16 hex digits of SHA-256 of the text (turns: their contents, one a line). */
export const completionHash = (text: string): string => hash('sha256', text, 'hex').slice(0, 16)

/** A text prompt is one user turn. */
const turns = (prompt: Text): readonly [string, string][] =>
  typeof prompt === 'string' ? [['user', prompt]] : prompt.map((m) => [m.role, m.content])

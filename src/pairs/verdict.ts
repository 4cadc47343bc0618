import { shownJson } from '../visible-text.ts'
import type { Columns } from './columns.ts'
import { BadRecord, nameOf } from './failure.ts'

/** Two answers and a column that says which of them is preferred. */
interface Comparison {
  readonly answers: readonly [string, string]
  readonly verdict: string
  /** The index of the preferred answer; null = neither; undefined = no such verdict. */
  readonly preferred: (value: unknown) => 0 | 1 | null | undefined
}

const oneOf =
  (first: unknown, second: unknown): Comparison['preferred'] =>
  (value) =>
    value === first || value === String(first) ? 0 : value === second || value === String(second) ? 1 : undefined
/** HelpSteer's: below 0 the first, above 0 the second, up to 3. */
const signed: Comparison['preferred'] = (value) => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !(Math.abs(number) <= 100)) return undefined
  return number < 0 ? 0 : number > 0 ? 1 : null
}
const winner: Comparison['preferred'] = (value) =>
  value === 'model_a'
    ? 0
    : value === 'model_b'
      ? 1
      : typeof value === 'string' && /^tie\b/.test(value)
        ? null
        : undefined

const COMPARISONS: readonly Comparison[] = [
  { answers: ['response_0', 'response_1'], verdict: 'better_response_id', preferred: oneOf(0, 1) },
  { answers: ['output_1', 'output_2'], verdict: 'preference', preferred: oneOf(1, 2) },
  { answers: ['response_1', 'response_2'], verdict: 'preference_strength', preferred: signed },
  { answers: ['response1', 'response2'], verdict: 'overall_preference', preferred: signed },
  { answers: ['conversation_a', 'conversation_b'], verdict: 'winner', preferred: winner },
  { answers: ['response_a', 'response_b'], verdict: 'winner', preferred: winner },
]

/** Columns that may hold an empty answer. */
export const COMPARED_COLUMNS: readonly string[] = [...new Set(COMPARISONS.flatMap(({ answers }) => answers))]

/** Whether the record is a comparison of two answers (PKU-SafeRLHF, AlpacaFarm, HelpSteer, Chatbot Arena). */
export const isComparison = (columns: Columns): boolean => comparisonOf(columns) !== undefined

const comparisonOf = (columns: Columns): Comparison | undefined =>
  COMPARISONS.find(({ answers, verdict }) => columns.has(verdict) && answers.every((name) => columns.has(name)))

/** The columns of the preferred answer, the other one, and of the verdict. @throws BadRecord where neither is preferred */
export function comparedColumns(columns: Columns): readonly [string, string, string] {
  const { answers, verdict, preferred } = comparisonOf(columns)!
  const value = columns.get(verdict)
  const index = preferred(value)
  if (index === null)
    throw new BadRecord('no_preference', `"${verdict}" is ${shownJson(value)}: neither answer is preferred`)
  if (index === undefined)
    throw new BadRecord(
      'wrong_type',
      `"${verdict}" is ${typeof value === 'object' ? nameOf(value) : JSON.stringify(String(value))}, which names neither "${answers[0]}" nor "${answers[1]}"`,
    )
  return [answers[index], answers[1 - index]!, verdict]
}

import type { ScoredCompletion } from '../../types.ts'
import type { AnswerPort, Expected } from './input.ts'

/** A text of so few letters may happen to be SMILES (CO, NO, N): it is drawn only where a molecule is expected. */
const SHORT = 3

/** A completion's answer with the SMILES that may be drawn of it, the first one first. */
export interface Candidate {
  readonly text: string
  readonly read: boolean
  readonly whole: boolean
  readonly smiles: readonly string[]
}

/** What may be drawn of a completion; null where it has no answer. */
export function candidateOf(completion: ScoredCompletion, answers: AnswerPort | null): Candidate | null {
  const answer = answers?.answer(completion) ?? null
  if (answer === null) return null
  const expected = answers!.expected(completion.id)
  const { text } = answer
  // as ether0's valid_mol_eval takes them: the answer alone if it begins with the start and is a molecule, else both joined
  const start = expected?.kind === 'start' ? expected.text : null
  const smiles = start === null ? [text] : text.startsWith(start) ? [text, start + text] : [start + text]
  const word = (expected?.kind === 'text' || expected?.kind === 'other') && text.length <= SHORT
  return { ...answer, whole: start !== null, smiles: word ? [] : smiles }
}

/** Whether what a row expects may be a molecule. */
export const isDrawn = ({ kind, text }: Expected): boolean =>
  kind === 'molecule' || (kind === 'text' && text.length > SHORT)

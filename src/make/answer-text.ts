import { findSmiles } from '../chem/ether0/answer.ts'
import type { Problem } from './problem.ts'

const textOf = (prompt: Problem['prompt']): string =>
  typeof prompt === 'string' ? prompt : prompt.map(({ content }) => content).join('\n')

/** What a question shows that looks like an answer: SMILES strings, formulas, and other words with digits; not the answer itself. */
export function shownTexts(prompt: Problem['prompt'], answer: string): string[] {
  const text = textOf(prompt)
  const formulas = text.match(/\b(?:[A-Z][a-z]?\d+){2,}[A-Za-z0-9]*\b/g) ?? []
  return [...new Set([...findSmiles(text), ...formulas])].filter((shown) => shown !== answer)
}

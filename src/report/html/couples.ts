import type { ScoredPair } from '../../types.ts'
import { candidateOf, isDrawn } from './candidate.ts'
import { HEIGHT, WIDTH } from './drawings.ts'
import { pairsByInterest } from './informative.ts'
import type { AnswerPort, DrawOptions } from './input.ts'

/** Molecules that the page compares and draws beside each other. */
export interface Couple {
  /** Null: none, or the page has it from a couple before. */
  readonly a: string | null
  readonly b: string | null
  /** What the row expects. */
  readonly expected: string | null
}
/** CSS pixels of their drawings. */
export const PICTURE_SIZE: Pick<DrawOptions, 'width' | 'height'> = { width: WIDTH, height: HEIGHT }

/** The couples that the pairs' browser may draw, each once, in order of interest. @param rows of the browser */
export function* couplesAhead(pairs: readonly ScoredPair[], answers: AnswerPort, rows: number): Generator<Couple> {
  const seen = new Set<string>()
  const fresh = (key: string): boolean => seen.size < seen.add(key).size
  for (const i of pairsByInterest(pairs).slice(0, rows)) {
    const pair = pairs[i]!
    const [a = null, b = null] = [pair.chosen, pair.rejected].map((one) => candidateOf(one, answers)?.smiles[0] ?? null)
    const wanted = answers.expected(pair.id)
    const expected = wanted !== null && isDrawn(wanted) && fresh(wanted.text) ? wanted.text : null
    const both = (a !== null || b !== null) && fresh(`${a}\n${b}`)
    if (both || expected !== null) yield { a: both ? a : null, b: both ? b : null, expected }
  }
}

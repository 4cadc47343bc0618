import type { ScoredPair } from '../../types.ts'
import { candidateOf, isDrawn } from './candidate.ts'
import { HEIGHT, WIDTH } from './drawings.ts'
import { pairsByInterest } from './informative.ts'
import type { AnswerPort, DrawOptions } from './input.ts'
import type { Limits } from './limits.ts'

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

/** Of those that come first some are no molecules, and those behind them are drawn in their place. */
const SPARE = 1.1

/** The couples that the pairs' browser will draw, as far as that is known before they are drawn: each once, in order of interest. */
export function couplesAhead(
  pairs: readonly ScoredPair[],
  answers: AnswerPort,
  { rows, drawings }: Pick<Limits, 'rows' | 'drawings'>,
): Couple[] {
  const seen = new Set<string>()
  const fresh = (key: string): boolean => seen.size < seen.add(key).size
  const couples: Couple[] = []
  let expectedDrawings = 0
  for (const i of pairsByInterest(pairs).slice(0, rows)) {
    if (expectedDrawings >= SPARE * drawings) break
    const pair = pairs[i]!
    const [a = null, b = null] = [pair.chosen, pair.rejected].map((one) => candidateOf(one, answers)?.smiles[0] ?? null)
    const wanted = answers.expected(pair.id)
    const expected = wanted !== null && isDrawn(wanted) && fresh(wanted.text) ? wanted.text : null
    const both = (a !== null || b !== null) && fresh(`${a}\n${b}`)
    if (both || expected !== null) couples.push({ a: both ? a : null, b: both ? b : null, expected })
    expectedDrawings += (both ? Number(a !== null) + Number(b !== null && b !== a) : 0) + Number(expected !== null)
  }
  return couples
}

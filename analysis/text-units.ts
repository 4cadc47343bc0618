/** What a piece of a completion is: of the answer's SMILES, of an answer that is none, a tag around thought or answer, a word. */
export type Part = 'smiles' | 'answer' | 'tag' | 'prose'
export const PARTS: readonly Part[] = ['smiles', 'answer', 'tag', 'prose']

/** A piece of a completion that is taken out, or counted, as one. Pieces follow each other without a gap. */
export interface Unit {
  readonly part: Part
  /** UTF-16 units of the completion, from 0. */
  readonly start: number
  readonly end: number
  readonly text: string
}

const TAG = /<\|[a-z_]+\|>|<\/?(?:think|answer)>/g
const ANSWERS = [/<\|answer_start\|>([\s\S]*?)<\|answer_end\|>/g, /<answer>([\s\S]*?)<\/answer>/g] as const

/**
 * A completion cut into units: the tokens of its answer's SMILES (an atom, a bond, a ring digit, a bracket), tags, and words with the white
 * space behind them.
 * @param smilesTokens the tokens of a SMILES string, in order and without a gap; null for what is no molecule
 * @example unitsOf('so <answer>CO</answer>', tokens) // 'so ' prose, '<answer>' tag, 'C' 'O' smiles, '</answer>' tag
 */
export function unitsOf(text: string, smilesTokens: (answer: string) => readonly string[] | null): Unit[] {
  const answer = answerSpan(text)
  const units: Unit[] = []
  const add = (part: Part, start: number, end: number): void => {
    if (end > start) units.push({ part, start, end, text: text.slice(start, end) })
  }
  const outside = (from: number, to: number): void => {
    let at = from
    for (const match of text.slice(from, to).matchAll(TAG)) {
      words(at, from + match.index)
      add('tag', from + match.index, from + match.index + match[0].length)
      at = from + match.index + match[0].length
    }
    words(at, to)
  }
  const words = (from: number, to: number): void => {
    for (const match of text.slice(from, to).matchAll(/\s*\S+\s*|\s+/g))
      add('prose', from + match.index, from + match.index + match[0].length)
  }
  if (answer === null) {
    outside(0, text.length)
    return units
  }
  outside(0, answer.start)
  const tokens = smilesTokens(text.slice(answer.start, answer.end))
  if (tokens === null) add('answer', answer.start, answer.end)
  else {
    let at = answer.start
    for (const token of tokens) {
      add('smiles', at, at + token.length)
      at += token.length
    }
  }
  outside(answer.end, text.length)
  return units
}

/** Where the last answer stands, without white space; a text of one word is an answer. null where there is none. */
function answerSpan(text: string): { start: number; end: number } | null {
  for (const pattern of ANSWERS) {
    const match = [...text.matchAll(pattern)].at(-1)
    if (match === undefined) continue
    const answer = match[1]!.trim()
    if (answer === '') return null
    const start = match.index + match[0].indexOf(answer, match[0].indexOf('>') + 1)
    return { start, end: start + answer.length }
  }
  const word = /^\s*(\S+)\s*$/.exec(text)?.[1]
  return word === undefined ? null : { start: text.indexOf(word), end: text.indexOf(word) + word.length }
}

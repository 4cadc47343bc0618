import type { Prng } from '../prng.ts'

/** Counts of one cell (a kind of pair), kept with the state of a file that is being made. */
export interface Cell {
  pairs: number
  chosenLonger: number
  rejectedLonger: number
  /** Pairs whose chosen answer (without its thought) is longer, and the mirror. */
  chosenAnswerLonger: number
  rejectedAnswerLonger: number
}
export const emptyCell = (): Cell => ({
  pairs: 0,
  chosenLonger: 0,
  rejectedLonger: 0,
  chosenAnswerLonger: 0,
  rejectedAnswerLonger: 0,
})

/**
 * Whether the chosen text of the next pair is to be the longer one: whichever is behind, else a coin. So the two counts of a cell never
 * differ by more than one, and "the longer text wins" is right in half of its pairs.
 */
export const chosenIsLonger = (cell: Cell, random: Prng): boolean =>
  cell.chosenLonger === cell.rejectedLonger ? random() < 0.5 : cell.chosenLonger < cell.rejectedLonger

/** By how many pairs, and by which share of a cell, one answer may be the longer one more often than the other. */
const SLACK_PAIRS = 2
const SLACK_SHARE = 0.02

/** Whether a pair keeps a cell's answers balanced in length. @param answerGap characters of the rejected answer less the chosen one's */
export function keepsAnswers(cell: Cell, answerGap: number): boolean {
  if (answerGap === 0) return true
  const [own, other] =
    answerGap > 0
      ? [cell.rejectedAnswerLonger, cell.chosenAnswerLonger]
      : [cell.chosenAnswerLonger, cell.rejectedAnswerLonger]
  return own + 1 - other <= Math.max(SLACK_PAIRS, SLACK_SHARE * cell.pairs)
}

export function countPair(cell: Cell, chosenLonger: boolean | null, answerGap: number): void {
  cell.pairs++
  if (chosenLonger === true) cell.chosenLonger++
  if (chosenLonger === false) cell.rejectedLonger++
  if (answerGap < 0) cell.chosenAnswerLonger++
  if (answerGap > 0) cell.rejectedAnswerLonger++
}

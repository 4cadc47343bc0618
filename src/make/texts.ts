import { ANSWER_END, ANSWER_START, THINK_END, THINK_START } from '../chem/ether0/answer.ts'
import { characters } from '../plain-text.ts'
import type { Prng } from '../prng.ts'
import type { Contrast } from './kind.ts'
import { thoughtPair } from './thoughts.ts'

/** The texts of a pair. */
export interface PairTexts {
  readonly chosen: string
  readonly rejected: string
}
/** The same pair twice: once the chosen text is the longer one, once the rejected. Whoever writes the file takes one, in turns. */
export interface Oriented {
  readonly chosenLonger: PairTexts
  readonly rejectedLonger: PairTexts
}

const inTags = (thought: string, answer: string): string =>
  `${THINK_START}${thought}${THINK_END}${ANSWER_START}${answer}${ANSWER_END}`

/** Both orientations of a contrast, from the same two thoughts, so that neither length nor wording of a thought tells which is right. */
export function orient({ problem, right, wrong, broken, verbose }: Contrast, random: Prng): Oriented {
  const rejectedOf = (thought: string): string => (broken ?? inTags)(thought, wrong)
  const chosenOf = (thought: string): string => inTags(thought, right)
  const gap = Math.abs(characters(chosenOf('')) - characters(rejectedOf('')))
  const { longer, shorter } = thoughtPair(problem.form, gap, verbose === true, random)
  const plain = verbose ? thoughtPair(problem.form, gap, false, random).shorter : shorter
  const short = plain.length < shorter.length ? plain : shorter
  return {
    chosenLonger: { chosen: chosenOf(longer), rejected: rejectedOf(shorter) },
    rejectedLonger: { chosen: chosenOf(short), rejected: rejectedOf(longer) },
  }
}

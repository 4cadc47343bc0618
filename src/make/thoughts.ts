import { below, type Prng } from '../prng.ts'
import { shuffled } from './edits/edit.ts'
import type { AnswerForm } from './problem.ts'

/** Sentences of a thought. None says anything of the answer, so that both answers of a pair may stand behind any of them. */
const THOUGHTS: Readonly<Record<AnswerForm, readonly string[]>> = {
  molecule: [
    'I build the skeleton first.',
    'Then I place the substituents one after the other.',
    'Every atom must fill its valence.',
    'I write the rings with matching closure digits and the branches in parentheses.',
    'Charges and hydrogens are checked at the end.',
    'The connectivity decides, so I follow it atom by atom.',
    'Where stereochemistry is given it goes into the string.',
    'I read the question once more before I write the SMILES.',
    'The order of the atoms in the string is free.',
    'Heteroatoms come where the question has them.',
  ],
  formula: [
    'I go through the atoms one by one.',
    'Hydrogens are implied by the valences.',
    'Carbon comes first, then hydrogen, then the rest by the alphabet.',
    'Each ring and each double bond costs two hydrogens.',
    'I add up the elements and write them in Hill order.',
    'Brackets show their hydrogens themselves.',
    'I count the heavy atoms first.',
    'The sum is written as a formula.',
  ],
  count: [
    'I go through the string from left to right.',
    'Implicit hydrogens follow from the valences.',
    'Ring closures come in pairs.',
    'Only what the question asks for is counted.',
    'I keep a running total.',
    'Two-letter elements are single atoms.',
    'I compare with the drawn structure.',
    'The total is the answer.',
  ],
  text: [
    'I read what is given and look for what fits.',
    'The answer must be complete in itself.',
    'Open rings and branches have to be closed.',
    'I compare the possibilities with the question.',
    'What is asked for is written as it stands.',
    'I keep to the form that the question wants.',
    'Nothing more is needed.',
    'One possibility remains.',
  ],
}

/** For the verbose: any answer may stand behind these too. */
const SURE = [
  'I am absolutely certain about this answer.',
  'This is a classic and well known case in chemistry.',
  'Every expert chemist would agree with this result.',
  'I have checked the atoms, the rings and the charges twice.',
  'The reasoning is simple, rigorous and complete.',
  'There can be no doubt about the structure at all.',
  'All other candidates can be ruled out easily.',
  'The literature supports this conclusion strongly.',
  'Any textbook treats this example at length, and the outcome is always the same.',
  'Looking at it from every side leads to one and the same conclusion.',
]
const MOST_SENTENCES = 3
const SURE_SENTENCES = 4

export interface ThoughtPair {
  readonly longer: string
  readonly shorter: string
}

/**
 * Two thoughts of one sort, such that whoever gets the longer one has the longer text, whatever the answers are: their lengths differ by
 * more than `gap` characters.
 * @param verbose both are long and sure of themselves
 */
export function thoughtPair(form: AnswerForm, gap: number, verbose: boolean, random: Prng): ThoughtPair {
  const pool = THOUGHTS[form]
  const draw = (): string[] => {
    const plain = shuffled(pool, random).slice(0, 1 + below(random, MOST_SENTENCES))
    return verbose ? [...plain, ...shuffled(SURE, random).slice(0, SURE_SENTENCES)] : plain
  }
  const [a, b] = [draw(), draw()]
  const [longer, shorter] = lengthOf(a) >= lengthOf(b) ? [a, b] : [b, a]
  // sentences that both may have: those that the longer one has not yet, then those once more
  const more = [...shuffled(verbose ? SURE : pool, random).filter((sentence) => !longer.includes(sentence)), ...pool]
  for (let i = 0; lengthOf(longer) - lengthOf(shorter) <= gap; i++) longer.push(more[i % more.length]!)
  return { longer: longer.join(' '), shorter: shorter.join(' ') }
}

const lengthOf = (sentences: readonly string[]): number => sentences.join(' ').length

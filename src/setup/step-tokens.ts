import { UsageError } from '../errors.ts'
import type { StepTokens } from '../model/heads/step-tokens.ts'
import { stepWords, TURNS } from '../score/steps.ts'
import type { Tokenizer } from '../types.ts'

const FLAG = '--step-tokens'

/**
 * The ids of the three words, found as Math-Shepherd does: the last id of the mark, and those of the text "right wrong"; where the steps
 * are turns, those of the two words.
 * @throws UsageError where a word is not one token
 */
export function stepTokensOf(tokenizer: Pick<Tokenizer, 'encode' | 'decode'>, given: string): StepTokens {
  const [mark, right, wrong] = stepWords(given)
  if (mark === TURNS) return answersOf(tokenizer, right, wrong)
  const encode = (text: string): Int32Array => tokenizer.encode(text, { addSpecialTokens: false }).ids
  const markId = encode(mark).at(-1)
  const [rightId, wrongId, third] = encode(`${right} ${wrong}`)
  const is = (id: number | undefined, word: string): id is number =>
    id !== undefined && tokenizer.decode(Int32Array.of(id)).trim() === word
  if (!is(markId, mark)) throw split(mark)
  if (!is(rightId, right)) throw split(right)
  if (!is(wrongId, wrong) || third !== undefined) throw split(wrong)
  if (rightId === wrongId) throw new UsageError('right and wrong are the same token', FLAG)
  return { mark, markId, rightId, wrongId }
}

const split = (word: string): UsageError =>
  new UsageError(
    `${JSON.stringify(word)} is not one token of the model`,
    FLAG,
    'Give the words that it was trained with.',
  )

/** The last id of each word alone, as RLHFlow takes it (math-rm/prm_evaluate.py). */
function answersOf(tokenizer: Pick<Tokenizer, 'encode' | 'decode'>, right: string, wrong: string): StepTokens {
  const idOf = (word: string): number => {
    const id = tokenizer.encode(word, { addSpecialTokens: false }).ids.at(-1)
    if (id === undefined || tokenizer.decode(Int32Array.of(id)).trim() !== word) throw split(word)
    return id
  }
  const [rightId, wrongId] = [idOf(right), idOf(wrong)]
  if (rightId === wrongId) throw new UsageError('right and wrong are the same token', FLAG)
  return { mark: null, turns: { right, wrong }, rightId, wrongId }
}

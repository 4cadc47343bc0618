import { UsageError } from '../errors.ts'
import type { StepTokens } from '../model/heads/step-tokens.ts'
import { stepWords } from '../score/steps.ts'
import type { Tokenizer } from '../types.ts'

const FLAG = '--step-tokens'

/**
 * The ids of the three words, found as Math-Shepherd does: the last id of the mark, and those of the text "right wrong".
 * @throws UsageError where a word is not one token
 */
export function stepTokensOf(tokenizer: Pick<Tokenizer, 'encode' | 'decode'>, given: string): StepTokens {
  const [mark, right, wrong] = stepWords(given)
  const encode = (text: string): Int32Array => tokenizer.encode(text, { addSpecialTokens: false }).ids
  const markId = encode(mark).at(-1)
  const [rightId, wrongId, third] = encode(`${right} ${wrong}`)
  const split = (word: string): UsageError =>
    new UsageError(
      `${JSON.stringify(word)} is not one token of the model`,
      FLAG,
      'Give the words that it was trained with.',
    )
  const is = (id: number | undefined, word: string): id is number =>
    id !== undefined && tokenizer.decode(Int32Array.of(id)).trim() === word
  if (!is(markId, mark)) throw split(mark)
  if (!is(rightId, right)) throw split(right)
  if (!is(wrongId, wrong) || third !== undefined) throw split(wrong)
  if (rightId === wrongId) throw new UsageError('right and wrong are the same token', FLAG)
  return { mark, markId, rightId, wrongId }
}

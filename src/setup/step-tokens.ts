import { UsageError } from '../errors.ts'
import type { StepTokens } from '../model/heads/step-tokens.ts'
import type { Tokenizer } from '../types.ts'

const FLAG = '--step-tokens'

/** `--step-tokens "ки + -"` as its three words. @throws UsageError where there are not three */
export function stepWords(given: string): readonly [mark: string, right: string, wrong: string] {
  const words = given.trim().split(/\s+/)
  if (words.length !== 3)
    throw new UsageError(
      `"${given}" has ${words.length} words`,
      FLAG,
      'Give three, with blanks between: what marks a step, and the words for right and wrong, such as "ки + -".',
    )
  return words as [string, string, string]
}

/**
 * Their ids, found as Math-Shepherd does: the last id of the mark, and those of the text "right wrong".
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

import { BadRecord } from './failure.ts'

/** NUL and lone surrogates are refused: tokenizers silently replace them, so the score would belong to another text. */
export function checkCharacters(text: string, at: string): string {
  if (text.includes('\0')) throw new BadRecord('nul_character', `"${at}" contains a NUL character`)
  if (/\p{Surrogate}/u.test(text))
    throw new BadRecord('lone_surrogate', `"${at}" contains half of a surrogate pair, which is not Unicode text`)
  return text
}

/** Longest name of a group of rows, a kind of problem or a column, and longest id: they stand in every row of every file. */
const LONGEST_NAME = 1000
const LONGEST_ID = 10_000

/** A name or an id. @throws BadRecord where it is longer than any name is */
export function checkName(text: string, at: string, longest = LONGEST_NAME): string {
  if (text.length > longest)
    throw new BadRecord(
      'name_too_long',
      `"${at}" has ${text.length.toLocaleString('en')} characters, at most ${longest.toLocaleString('en')} are read`,
    )
  return checkCharacters(text, at)
}
export const checkId = (text: string, at: string): string => checkName(text, at, LONGEST_ID)

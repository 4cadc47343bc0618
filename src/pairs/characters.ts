import { BadRecord } from './failure.ts'

/** NUL and lone surrogates are refused: tokenizers silently replace them, so the score would belong to another text. */
export function checkCharacters(text: string, at: string): string {
  if (text.includes('\0')) throw new BadRecord('nul_character', `"${at}" contains a NUL character`)
  if (/\p{Surrogate}/u.test(text))
    throw new BadRecord('lone_surrogate', `"${at}" contains half of a surrogate pair, which is not Unicode text`)
  return text
}

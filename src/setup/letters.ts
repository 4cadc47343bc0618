import { UsageError } from '../errors.ts'
import { LETTERS, type Letters } from '../model/heads/letters.ts'
import type { Tokenizer } from '../types.ts'

/** The ids of A and B as RewardBench takes them. @throws UsageError where a letter is not one token */
export function lettersOf(tokenizer: Pick<Tokenizer, 'encode'>): Letters {
  const [a, b] = ['A', 'B'].map((letter) => {
    const [id, more] = tokenizer.encode(letter, { addSpecialTokens: false }).ids
    if (id === undefined || more !== undefined)
      throw new UsageError(`"${letter}" is not one token of the model`, `--head ${LETTERS}`)
    return id
  }) as [number, number]
  if (a === b) throw new UsageError('A and B are the same token of the model', `--head ${LETTERS}`)
  return { a, b }
}

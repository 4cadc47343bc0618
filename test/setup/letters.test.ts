import { expect, it } from 'vitest'
import { lettersOf } from '../../src/setup/letters.ts'

const tokenizer = (ids: Readonly<Record<string, readonly number[]>>) => ({
  encode: (text: string) => ({ ids: Int32Array.from(ids[text] ?? []), typeIds: null }),
})

it('--head letters: A and B are one token each, and two', () => {
  expect(lettersOf(tokenizer({ A: [38], B: [39] }))).toEqual({ a: 38, b: 39 })
  expect(() => lettersOf(tokenizer({ A: [1, 38], B: [1, 39] }))).toThrow('"A" is not one token of the model')
  expect(() => lettersOf(tokenizer({ A: [38], B: [] }))).toThrow('"B" is not one token of the model')
  expect(() => lettersOf(tokenizer({ A: [3], B: [3] }))).toThrow('A and B are the same token')
})

import { describe, expect, it } from 'vitest'
import { stepWords } from '../../src/score/steps.ts'
import { stepTokensOf } from '../../src/setup/step-tokens.ts'

/** Words with a blank before each, as SentencePiece has them. */
const WORDS = ['+', '-', 'ки', 'good', 'bad']
const tokenizer = {
  encode: (text: string) => ({
    ids: Int32Array.from(text.split(' ').flatMap((word) => (WORDS.includes(word) ? [WORDS.indexOf(word)] : [90, 91]))),
    typeIds: null,
  }),
  decode: (ids: Int32Array) => Array.from(ids, (id) => ` ${WORDS[id] ?? '?'}`).join(''),
}

describe('--step-tokens', () => {
  it('are three words', () => {
    expect(stepWords('  ки  + - ')).toEqual(['ки', '+', '-'])
    expect(() => stepWords('ки +')).toThrow('"ки +" has 2 words')
  })
  it('become ids', () =>
    expect(stepTokensOf(tokenizer, 'ки + -')).toEqual({ mark: 'ки', markId: 2, rightId: 0, wrongId: 1 }))
  it('become ids of the words alone where the steps are turns', () =>
    expect(stepTokensOf(tokenizer, 'turns + -')).toEqual({
      mark: null,
      turns: { right: '+', wrong: '-' },
      rightId: 0,
      wrongId: 1,
    }))
  it.each([
    ['turns great bad', '"great" is not one token'],
    ['turns + +', 'the same token'],
    ['step + -', '"step" is not one token'],
    ['ки great bad', '"great" is not one token'],
    ['ки good awful', '"awful" is not one token'],
    ['ки + +', 'the same token'],
  ])('%s is refused', (given, says) => expect(() => stepTokensOf(tokenizer, given)).toThrow(says))
})

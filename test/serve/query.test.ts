import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/serve/models.ts'
import { splitQuery } from '../../src/serve/query.ts'

const HEADER = '<|im_end|><|im_start|>assistant\n'
const FRAME: Frame = { header: HEADER, ends: ['<|im_end|>', '<pad>'], bos: '<s>' }
const ASKED = '<|im_start|>user\nName it, as <|answer_start|>SMILES<|answer_end|>.'
const ANSWER = '<|think_start|>t<|think_end|><|answer_start|>CCO<|answer_end|>'
const split = (query: string, prompt: string | null = null, frame = FRAME, reasoning = true) =>
  splitQuery(query, prompt, frame, { reasoning })

describe('splitQuery', () => {
  it('splits by the prompt that came with it, also behind the BOS of a decoded text', () => {
    const prompt = `${ASKED}${HEADER}`
    expect(split(`${prompt}${ANSWER}<|im_end|>`, prompt)).toEqual({
      prompt,
      completion: `${ANSWER}<|im_end|>`,
      answer: ANSWER,
    })
    expect(split(`<s>${prompt}${ANSWER}<|im_end|><pad><pad>`, prompt)).toEqual({
      prompt: `<s>${prompt}`,
      completion: `${ANSWER}<|im_end|><pad><pad>`,
      answer: ANSWER,
    })
  })
  it('splits by the header of the template where it stands once', () => {
    const query = `<s>${ASKED}${HEADER}${ANSWER}<|im_end|>`
    for (const prompt of [null, '', 'another prompt']) expect(split(query, prompt).answer).toBe(ANSWER)
    // a completion that writes a header of its own, to have the rest of it judged alone
    expect(split(`<s>${ASKED}${HEADER}nonsense${HEADER}${ANSWER}`)).toMatchObject({ prompt: '', answer: null })
  })
  it('takes a text that is in the format as a whole for a completion without a prompt, and nothing else', () => {
    expect(split(`${ANSWER}<|im_end|>`)).toEqual({ prompt: '', completion: `${ANSWER}<|im_end|>`, answer: ANSWER })
    expect(split(`What is it? ${ANSWER}`).answer).toBe(null)
    expect(split('<|answer_start|>CCO<|answer_end|>').answer).toBe(null)
    expect(split('<|answer_start|>CCO<|answer_end|>', null, FRAME, false).answer).toBe(
      '<|answer_start|>CCO<|answer_end|>',
    )
  })
  it('never changes what the model reads', () => {
    for (const query of ['', 'x', `${ASKED}${HEADER}${ANSWER}`, `${HEADER}${HEADER}`, '<|im_end|>'])
      for (const prompt of [null, ASKED, 'x', `${ASKED}${HEADER}`]) {
        const { prompt: before, completion } = split(query, prompt)
        expect(before + completion).toBe(query)
      }
  })
})

import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { type HeadEncoded, type HeadOptions, headEncoder } from '../../src/text/encode.ts'
import { openRenderer } from '../../src/text/renderer.ts'
import { markSteps } from '../../src/text/steps.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import type { Text, Unscored } from '../../src/types.ts'

describe('markSteps', () => {
  const rule = { mark: '<extra_0>', separator: '\n\n' }
  it('puts the mark behind each step, blank ones left out', () => {
    expect(markSteps('a\n\n b \n\n\n\nc\n\n', rule)).toBe('a<extra_0> b <extra_0>c<extra_0>')
    expect(markSteps('', rule)).toBe('')
  })
  it("marks the assistant's turns alone", () => {
    const turns = [
      { role: 'assistant', content: 'a\n\nb' },
      { role: 'user', content: 'c\n\nd' },
    ]
    expect(markSteps(turns, rule)).toEqual([{ role: 'assistant', content: 'a<extra_0>b<extra_0>' }, turns[1]])
  })
  it('leaves a text alone that has its marks, and one of a head without', () => {
    expect(markSteps('a<extra_0>', { ...rule, separator: null })).toBe('a<extra_0>')
    expect(markSteps('a\n\nb', { mark: null, separator: '\n\n' })).toBe('a\n\nb')
    expect(markSteps('a\n\nb', null)).toBe('a\n\nb')
  })
})

describe('steps that are tokenised one by one', () => {
  const encode = async (completion: Text, options: Partial<HeadOptions> = {}, template = 'raw') => {
    const tokenizer = await openTokenizer(packagePath('test/data/heads/trl-prm-llama'), { id: 'tiny' })
    const renderer = await openRenderer(template, tokenizer, { id: 'tiny', now: new Date(0) })
    const encoder = headEncoder(tokenizer, renderer, {
      maxLength: null,
      truncation: 'skip',
      stripReasoning: false,
      hermCompat: false,
      reads: () => ({ reason: 'no_steps', message: 'no step' }),
      other: null,
      doubleBos: 'keep',
      steps: { mark: null, separator: '\n' },
      ...options,
    })
    const [result] = encoder({ prompt: 'What is CCO?\n', completions: [{ text: completion }], where: 'row 1' })
    const of = (text: string): number[] => [...tokenizer.encode(text, { addSpecialTokens: false }).ids]
    return { result: result!, of, bos: tokenizer.bosId! }
  }
  const whole = 'An alcohol.\nEthanol.'

  it('are read at the last id of the separator; the prompt is counted as a prompt', async () => {
    const { result, of, bos } = await encode(whole)
    const parts = [
      [bos, ...of('What is CCO?\n')],
      [...of('An alcohol.'), ...of('\n')],
      [...of('Ethanol.'), ...of('\n')],
    ]
    const { ids, reads, promptTokens } = result as HeadEncoded
    expect([...ids]).toEqual(parts.flat())
    const ends = [parts[0]!.length + parts[1]!.length - 1, ids.length - 1]
    expect([...reads]).toEqual(ends)
    expect(promptTokens).toBe(parts[0]!.length)
  })
  it('the right side cut: the steps that are left are read', async () => {
    const { reads } = (await encode(whole)).result as HeadEncoded
    const { result } = await encode(whole, { maxLength: reads[0]! + 2, truncation: 'right' })
    expect([...(result as HeadEncoded).reads]).toEqual([reads[0]])
  })
  it('the left side cut: the BOS stays, places move with the text', async () => {
    const full = (await encode(whole)).result as HeadEncoded
    const { result, bos } = await encode(whole, { maxLength: full.ids.length - 5, truncation: 'left' })
    const cut = result as HeadEncoded
    expect(cut.ids[0]).toBe(bos)
    expect([...cut.reads]).toEqual([...full.reads].map((place) => place - 5))
    for (const [i, place] of cut.reads.entries()) expect(cut.ids[place]).toBe(full.ids[full.reads[i]!])
  })
  it('no step is left, or there is none', async () => {
    const { reads } = (await encode(whole)).result as HeadEncoded
    const cut = await encode(whole, { maxLength: reads[0]!, truncation: 'right' })
    expect(cut.result).toEqual({
      reason: 'cut_away',
      message: expect.stringMatching(
        /^the cut on the right, from \d+ to \d+ tokens, took away all 2 step marks, so there is no step to score$/,
      ),
      cut: 'right',
    })
    expect((await encode(' \n \n')).result).toEqual({
      reason: 'no_steps',
      message: 'the completion has no text, so there is no step to score',
    })
  })
  it('a head that reads marks: a cut without one is said, one of two is read', async () => {
    const tokenizer = await openTokenizer(packagePath('test/data/heads/trl-prm-llama'), { id: 'tiny' })
    const [mark] = tokenizer.encode('|', { addSpecialTokens: false }).ids.subarray(-1)
    const reads: HeadOptions['reads'] = (ids) => {
      const places = Int32Array.from(ids.keys()).filter((place) => ids[place] === mark)
      return places.length === 0 ? { reason: 'no_steps', message: 'no mark' } : places
    }
    const marked = { reads, steps: { mark: '|', separator: '\n' }, truncation: 'right' } as const
    const full = (await encode(whole, marked)).result as HeadEncoded
    expect(full.reads.length).toBe(2)
    const one = (await encode(whole, { ...marked, maxLength: full.ids.length - 1 })).result
    expect(one).toMatchObject({ reads: full.reads.subarray(0, 1), truncated: 'right' })
    expect((one as HeadEncoded).repairs).toContain('cut_right')
    const none = (await encode(whole, { ...marked, maxLength: 4 })).result
    expect(none).toMatchObject({ reason: 'cut_away', cut: 'right' })
    // the data have no marks, and none are asked for: the cut is not to blame
    const bare = { ...marked, steps: { mark: '|', separator: null }, maxLength: 4 }
    expect((await encode(whole, bare)).result).toEqual({ reason: 'no_steps', message: 'no mark', cut: 'right' })
    expect((await encode('', marked)).result).toMatchObject({ message: expect.stringContaining('has no text') })
  })
  it('a completion of several turns has no steps that could be told', async () => {
    const turns = [
      { role: 'assistant', content: 'An alcohol.' },
      { role: 'user', content: 'Which?' },
    ]
    const { result } = await encode(turns)
    expect((result as Unscored).message).toContain('as one turn')
  })
  it('what a template puts behind the completion follows the last step', async () => {
    const { result, of, bos } = await encode(whole, {}, 'tokenizer')
    const plain = await openTokenizer(packagePath('test/data/heads/trl-prm-llama'), { id: 'tiny' })
    const { ids, reads } = result as HeadEncoded
    expect(ids[0]).toBe(bos)
    expect(reads.length).toBe(2)
    expect([...ids].slice(reads[0]! + 1, reads[1]! + 1)).toEqual([...of('Ethanol.'), ...of('\n')])
    expect(plain.decode(ids.slice(reads[1]! + 1))).not.toContain('Ethanol')
  })
})

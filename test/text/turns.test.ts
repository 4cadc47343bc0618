import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { openRenderer } from '../../src/text/renderer.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { answerFinder, stepTurns } from '../../src/text/turns.ts'

const rule = { mark: '', separator: '\n\n', turns: { right: '+', wrong: '-' } }

describe('steps as turns', () => {
  it('put the first step behind the prompt and an answer behind each', () => {
    const system = { role: 'system', content: 's' }
    expect(stepTurns([system, { role: 'user', content: '2+2?' }], ' a \n\n\n\nb\n\n', rule)).toEqual({
      prompt: [system, { role: 'user', content: '2+2? a' }],
      completion: [
        { role: 'assistant', content: '+' },
        { role: 'user', content: 'b' },
        { role: 'assistant', content: '+' },
      ],
      steps: 2,
    })
  })
  it('are none of a completion of several turns, of one without text, and behind a turn that is not the user’s', () => {
    const answer = { role: 'assistant', content: 'a' }
    for (const [prompt, completion] of [
      ['q', [answer, { role: 'user', content: 'b' }, answer]],
      ['q', ' \n\n '],
      [[answer], 'b'],
    ] as const)
      expect(stepTurns(prompt, completion, rule)).toMatchObject({ reason: 'no_steps' })
  })
})

describe('the answers in a text', () => {
  const finderOf = async (template: string, asked = rule) => {
    const tokenizer = await openTokenizer(packagePath('test/data/heads/rlhflow-prm'), { id: 'm' })
    const renderer = await openRenderer(template, tokenizer, { id: 'm', now: new Date(0) })
    const find = answerFinder(tokenizer, renderer, asked)
    return (text: string, steps: number) => find(tokenizer.encode(text, { addSpecialTokens: false }).ids, steps)
  }
  const turn = (role: string, text: string) => `<|start_header_id|>${role}<|end_header_id|>\n\n${text}<|eot_id|>`
  const text = `${turn('user', 'is + or [Na+]?')}${turn('assistant', '+')}${turn('user', '+')}${turn('assistant', '+')}`

  it('are those of the assistant, one per step, read one token before', async () => {
    const found = (await finderOf('tokenizer'))(text, 2)
    if (!('places' in found)) throw new Error(found.message)
    const tokenizer = await openTokenizer(packagePath('test/data/heads/rlhflow-prm'), { id: 'm' })
    const behind = [...found.places].map((place) => tokenizer.decode(found.ids.slice(place + 1, place + 3)))
    expect(behind).toEqual(['+<|eot_id|>', '+<|eot_id|>'])
    expect(found.places.at(-1)).toBe(found.ids.length - 3)
  })
  it('of another number than the steps are not guessed: a turn brought the control tokens of one', async () => {
    expect((await finderOf('tokenizer'))(text, 1)).toMatchObject({
      reason: 'no_steps',
      message: expect.stringContaining('of 1 steps, 2 answers are found'),
    })
  })
  it('are not known where a template does not show them as one token', async () => {
    const long = { ...rule, turns: { right: 'right', wrong: 'wrong one' } }
    expect((await finderOf('tokenizer', long))(text, 2)).toMatchObject({
      reason: 'no_steps',
      message: expect.stringContaining('as one token each'),
    })
    expect((await finderOf('pair'))(text, 2)).toMatchObject({ reason: 'no_steps' })
  })
})

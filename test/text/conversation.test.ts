import { describe, expect, it } from 'vitest'
import { alternateRoles, stripReasoning, stripThought, toMessages } from '../../src/text/conversation.ts'

describe('stripThought', () => {
  it.each([
    ['<think>\nsum of ones\n</think>\n\n2', '2'],
    ['<|think_start|>Nine carbons.<|think_end|><|answer_start|>CCO<|answer_end|>', '<|answer_start|>CCO<|answer_end|>'],
    ['before <think>a</think> after', 'before after'],
    ['<think>a</think>x<think>b</think>y', 'xy'],
    ['thought of a prompt that opened it\n</think>\n\nCCO', 'CCO'],
    ['<think>never ends', ''],
    ['answer <think>never ends', 'answer '],
    ['no thought at all', 'no thought at all'],
    ['', ''],
    ['<thinking>kept</thinking>', '<thinking>kept</thinking>'],
  ])('%j → %j', (text, stripped) => {
    expect(stripThought(text)).toBe(stripped)
    expect(stripThought(stripped)).toBe(stripped)
  })

  it('cuts only the assistant turns of a conversation', () => {
    const turns = [
      { role: 'user', content: '<think>u</think>' },
      { role: 'assistant', content: '<think>t</think>a' },
    ]
    expect(stripReasoning(turns)).toEqual([turns[0], { role: 'assistant', content: 'a' }])
  })
})

it('makes one turn of a text, and keeps turns as given', () => {
  expect(toMessages('CCO?', 'user')).toEqual([{ role: 'user', content: 'CCO?' }])
  const turns = [{ role: 'critic', content: 'x' }]
  expect(toMessages(turns, 'assistant')).toBe(turns)
})

it('gives roles by position as HERM does', () => {
  const turns = ['system', 'user', 'assistant', 'tool'].map((role) => ({ role, content: role }))
  expect(alternateRoles(turns).map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant'])
})

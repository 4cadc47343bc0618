import { expect, it } from 'vitest'
import { remembered } from '../../src/text/remembered.ts'

it('gives what the function gives, and asks it once for what is kept', () => {
  const asked: string[] = []
  const length = remembered((text) => {
    asked.push(text)
    if (text === 'bad') throw new Error('no')
    return text.length
  }, 64)
  expect(['aa', 'bbb', 'aa'].map(length)).toEqual([2, 3, 2])
  expect(asked).toEqual(['aa', 'bbb'])
  expect(() => length('bad')).toThrow('no')
  expect(() => length('bad')).toThrow('no')
  // Longer than what is kept at all: asked for each time.
  const long = 'x'.repeat(65)
  expect([length(long), length(long)]).toEqual([65, 65])
  expect(asked.filter((text) => text === long)).toHaveLength(2)
})

it('keeps a bounded number of texts: those of the last two generations', () => {
  let asked = 0
  const half = remembered((text) => {
    asked++
    return text
  }, 160)
  const texts = Array.from({ length: 100 }, (_, i) => `text number ${String(i).padStart(4, '0')}`)
  for (const text of texts) half(text)
  expect(asked).toBe(100)
  for (const text of texts.slice(-10)) expect(half(text)).toBe(text)
  expect(asked).toBe(100)
  half(texts[0]!)
  expect(asked).toBe(101)
})

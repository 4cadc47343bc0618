import { expect, it } from 'vitest'
import { nearest } from '../../src/nearest.ts'

it('names what a misspelt word means, up to two or a third of its letters away', () => {
  expect(nearest('promt', ['prompt', 'chosen'])).toBe('prompt')
  expect(nearest('Chosen', ['prompt', 'chosen'])).toBe('chosen')
  // more than a third of its seven letters differ
  expect(nearest('solvent', ['solution'])).toBeNull()
  expect(nearest('id', ['idx'])).toBe('idx')
  expect(nearest('modle', ['mode', 'model'])).toBe('mode')
  expect(nearest('refmodle', ['refModel'])).toBe('refModel')
  // of two letters both differ
  expect(nearest('id', ['qa'])).toBeNull()
  // nor of the shorter one
  expect(nearest('bda', ['id', 'bad'])).toBe('bad')
})

it('names the one name that begins with what was typed', () => {
  expect(nearest('data', ['dataset', 'device'])).toBe('dataset')
  expect(nearest('verify', ['run-verify', 'verify-results'])).toBe('verify-results')
  expect(nearest('prompt', ['prompt-column-a', 'prompt-column-b'])).toBeNull()
  expect(nearest('da', ['dataset'])).toBeNull()
})

it('counts every letter of a long name: nine of 29 is near, ten of 29 is not', () => {
  const name = 'abcdefghijklmnopqrstuvwxyzabc'
  expect(nearest(name, [name.slice(0, 20)])).toBe(name.slice(0, 20))
  expect(nearest(name, [name.slice(0, 19)])).toBeNull()
})

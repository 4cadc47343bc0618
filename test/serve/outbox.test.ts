import { expect, it } from 'vitest'
import { Outbox } from '../../src/serve/outbox.ts'
import type { ScoreRequest } from '../../src/serve/request.ts'

const ASKED: ScoreRequest = { kind: 'conversation', prompt: 'p', completions: ['c'] }
function outbox(): { readonly box: Outbox; readonly sent: number[] } {
  const sent: number[] = []
  return { sent, box: new Outbox((request) => void sent.push(request)) }
}

it('sends little ahead, in order, and drops what was not sent', () => {
  const { box, sent } = outbox()
  for (let i = 1; i <= 300; i++) box.post(i, ASKED, 10)
  expect(sent).toEqual(Array.from({ length: 256 }, (_, i) => i + 1))
  expect(box.drop(257)).toBe(true)
  expect(box.drop(257)).toBe(false)
  expect(box.drop(3)).toBe(false)
  box.read(1)
  box.read(2)
  expect(sent.slice(256)).toEqual([258, 259])
})

it('sends a large one alone', () => {
  const { box, sent } = outbox()
  box.post(1, ASKED, 2_000_000)
  box.post(2, ASKED, 10)
  box.post(3, ASKED, 600_000)
  expect(sent).toEqual([1])
  box.read(1)
  expect(sent).toEqual([1, 2])
  box.read(2)
  expect(sent).toEqual([1, 2, 3])
  // of one that was never sent, as a thread may say at its end
  box.read(9)
  expect(sent).toEqual([1, 2, 3])
})

import { describe, expect, it } from 'vitest'
import { type Bounds, withinBounds } from '../../src/score/bounds.ts'
import { ScoreWatch, tokenDoubts } from '../../src/score/doubts.ts'
import type { Prepared } from '../../src/score/subject.ts'

const prepared = (ids: readonly number[], positionStart = 0): Prepared => ({
  ids: Int32Array.from(ids),
  typeIds: null,
  positionStart,
  start: 1,
  promptTokens: 1,
  completionTokens: ids.length - 1,
  truncated: 'no',
  repairs: [],
  textSha256: '00',
  reads: Int32Array.of(ids.length - 1),
  poolingDiffers: false,
})
const bounds: Bounds = { name: 'gpt2', vocab: 10, positions: 4, tokenOf: (id) => `<${id}>` }

describe('what a model has rows for', () => {
  it.each([
    ['the last id', [9, 0], 0],
    ['the last position', [1, 2, 3, 4], 0],
    ['the last position behind a dropped BOS', [1, 2, 3], 1],
  ])('%s is read', (_, ids, start) => {
    const given = prepared(ids, start)
    expect(withinBounds(given, bounds)).toBe(given)
  })
  it('an id beyond the embedding', () => {
    expect(withinBounds(prepared([1, 10, 11]), bounds)).toEqual({
      reason: 'token_not_embedded',
      message: 'the token "<10>" has the id 10, and the embedding of gpt2 has 10 rows',
    })
    expect(withinBounds(prepared([1, -1]), bounds)).toHaveProperty('reason', 'token_not_embedded')
  })
  it.each([
    [[1, 2, 3, 4, 5], 0],
    [[1, 2, 3, 4], 1],
  ])('%j from %i: a position beyond the learned ones', (ids, start) => {
    expect(withinBounds(prepared(ids, start), bounds)).toEqual({
      reason: 'too_long',
      message: '5 positions, gpt2 has learned 4',
    })
    expect(withinBounds(prepared(ids, start), { ...bounds, positions: null })).toHaveProperty('ids')
  })
})

describe('scores that say nothing', () => {
  const warning = (...seen: readonly (readonly [score: number | null, text: string | null])[]): string | null => {
    const watch = new ScoreWatch()
    for (const [score, textSha256] of seen) watch.see({ score, textSha256 })
    return watch.warning
  }
  it('are said where two texts differ and no score does', () => {
    expect(warning([0.5, 'a'], [0.5, 'b'], [0.5, 'a'])).toMatch(/^all 3 scores are equal \(0\.5\)/)
    expect(warning([null, 'a'], [0, 'b'], [-0, 'c'])).toMatch(/^all 2 scores are equal/)
  })
  it.each([
    [
      'scores differ',
      [
        [0.5, 'a'],
        [0.5, 'b'],
        [0.25, 'c'],
      ],
    ],
    [
      'texts are the same',
      [
        [0.5, 'a'],
        [0.5, 'a'],
      ],
    ],
    ['there is one', [[0.5, 'a']]],
    [
      'there is none',
      [
        [null, 'a'],
        [null, 'b'],
      ],
    ],
  ] as const)('%s: nothing to say', (_, seen) => {
    expect(warning(...seen)).toBeNull()
  })
})

describe('tokens that a model has no embedding for', () => {
  const said = (notEmbedded: number, completions: number): number =>
    tokenDoubts({ name: 'm', completions, notEmbedded, sameTokens: 0 }).length
  it('in every completion, or in most of many: the tokenizer is in doubt', () => {
    expect([said(2, 2), said(600, 600), said(400, 600), said(3, 4)]).toEqual([1, 1, 1, 1])
    expect([said(0, 0), said(0, 6), said(2, 6), said(1, 2), said(300, 600)]).toEqual([0, 0, 0, 0, 0])
  })
})

import { describe, expect, it } from 'vitest'
import { agreeOf, outcomeOf, pairsOf } from '../../src/score/pairing.ts'
import type { ScoredCompletion } from '../../src/types.ts'

const completion = (given: Partial<ScoredCompletion>): ScoredCompletion => ({
  id: 'row',
  subset: 's',
  problemType: 't',
  role: 'completion',
  index: 0,
  text: '',
  score: null,
  scoreReason: null,
  verifiableReward: null,
  verifiableStatus: 'unverifiable',
  verifiableReason: null,
  formatReward: null,
  promptTokens: null,
  completionTokens: null,
  ...given,
})
/** One pair of these [score, verifiable reward]. */
const pair = (chosen: readonly [number | null, number | null], rejected: readonly [number | null, number | null]) => {
  const side = (role: 'chosen' | 'rejected', [score, verifiableReward]: typeof chosen): ScoredCompletion =>
    completion({ role, score, verifiableReward })
  return pairsOf({ prompt: 'p', extra: {} }, [side('chosen', chosen), side('rejected', rejected)])[0]!
}

describe('outcome of a difference chosen − rejected', () => {
  it.each([
    [Number.MIN_VALUE, 'win'],
    [2, 'win'],
    [0, 'tie'],
    [-0, 'tie'],
    [-Number.MIN_VALUE, 'loss'],
    [-2, 'loss'],
    [null, null],
  ] as const)('%s is %s', (difference, outcome) => {
    expect(outcomeOf(difference)).toBe(outcome)
  })
})

describe('agreement of two outcomes', () => {
  // model ↓, verifier → : a tie is no decision
  const table = {
    win: { win: 1, loss: 0, tie: null, absent: null },
    loss: { win: 0, loss: 1, tie: null, absent: null },
    tie: { win: null, loss: null, tie: null, absent: null },
    absent: { win: null, loss: null, tie: null, absent: null },
  } as const
  const names = ['win', 'loss', 'tie', 'absent'] as const
  const outcome = (name: (typeof names)[number]) => (name === 'absent' ? null : name)
  it.each(names.flatMap((model) => names.map((verifier) => [model, verifier] as const)))(
    'model %s, verifier %s',
    (model, verifier) => {
      expect(agreeOf(outcome(model), outcome(verifier))).toBe(table[model][verifier])
    },
  )
})

describe('a pair', () => {
  it('is chosen minus rejected, and the verifier has a say of its own', () => {
    expect(pair([3, 0], [1, 1])).toMatchObject({ margin: 2, outcome: 'win', verifiableOutcome: 'loss', agree: 0 })
    expect(pair([1, 0], [3, 1])).toMatchObject({ margin: -2, outcome: 'loss', verifiableOutcome: 'loss', agree: 1 })
    expect(pair([1, 1], [3, 0])).toMatchObject({ margin: -2, outcome: 'loss', verifiableOutcome: 'win', agree: 0 })
    expect(pair([-1, 0.5], [-3, 0.25])).toMatchObject({ margin: 2, outcome: 'win', verifiableOutcome: 'win', agree: 1 })
  })
  it('ties where both are equal, and a tie of either is no agreement', () => {
    expect(pair([2, 1], [2, 0])).toMatchObject({ margin: 0, outcome: 'tie', verifiableOutcome: 'win', agree: null })
    expect(pair([2, 1], [1, 1])).toMatchObject({ margin: 1, outcome: 'win', verifiableOutcome: 'tie', agree: null })
    expect(pair([2, 1], [2, 1])).toMatchObject({ outcome: 'tie', verifiableOutcome: 'tie', agree: null })
  })
  it.each([
    ['chosen has no score', [null, 1], [1, 0], { margin: null, outcome: null, verifiableOutcome: 'win' }],
    ['rejected has no score', [1, 1], [null, 0], { margin: null, outcome: null, verifiableOutcome: 'win' }],
    ['neither has a score', [null, 1], [null, 0], { margin: null, outcome: null, verifiableOutcome: 'win' }],
    ['chosen has no reward', [2, null], [1, 0], { margin: 1, outcome: 'win', verifiableOutcome: null }],
    ['rejected has no reward', [2, 1], [1, null], { margin: 1, outcome: 'win', verifiableOutcome: null }],
    // absent is not zero: these would be a win and a loss
    ['a zero against nothing', [0, 0], [null, null], { margin: null, outcome: null, verifiableOutcome: null }],
  ] as const)('%s: absent, and no agreement', (_, chosen, rejected, expected) => {
    expect(pair(chosen, rejected)).toMatchObject({ ...expected, agree: null })
  })
  it('keeps both sides where they are', () => {
    const found = pair([3, 1], [1, 0])
    expect([found.chosen.role, found.chosen.score]).toEqual(['chosen', 3])
    expect([found.rejected.role, found.rejected.score]).toEqual(['rejected', 1])
  })
})

describe('pairs of a row', () => {
  const sides = [
    completion({ role: 'rejected', index: 1, score: 4 }),
    completion({ role: 'chosen', index: 0, score: 5 }),
    completion({ role: 'completion', index: 0, score: 9 }),
    completion({ role: 'rejected', index: 0, score: 5 }),
    completion({ role: 'chosen', index: 1, score: 4 }),
  ]
  const pairs = pairsOf({ prompt: [{ role: 'user', content: 'p' }], extra: { kind: 'x' } }, sides)
  it('are every chosen with every rejected one, in the order that the row has them', () => {
    expect(pairs.map((p) => [p.chosen.index, p.rejectedIndex, p.rejected.index, p.outcome])).toEqual([
      [0, 1, 1, 'win'],
      [0, 0, 0, 'tie'],
      [1, 1, 1, 'tie'],
      [1, 0, 0, 'loss'],
    ])
  })
  it('have the row and its prompt in common; a text prompt is one user turn', () => {
    for (const p of pairs)
      expect(p).toMatchObject({ id: 'row', subset: 's', problemType: 't', prompt: 'p', extra: { kind: 'x' } })
    const text = pairsOf({ prompt: 'p', extra: {} }, sides)
    const other = pairsOf({ prompt: 'q', extra: {} }, sides)
    expect(new Set([...pairs, ...text].map((p) => p.cluster))).toEqual(new Set([pairs[0]!.cluster]))
    // SHA-256 of [["user","p"]]
    expect(text[0]!.cluster).toMatch(/^[0-9a-f]{16}$/)
    expect(other[0]!.cluster).not.toBe(text[0]!.cluster)
  })
  it('are none without a chosen or a rejected completion', () => {
    expect(pairsOf({ prompt: 'p', extra: {} }, [completion({ score: 1 })])).toEqual([])
    expect(pairsOf({ prompt: 'p', extra: {} }, [completion({ role: 'chosen', score: 1 })])).toEqual([])
  })
})

import { expect, it } from 'vitest'
import type { GraphComparison } from '../../src/cli/graph-comparison.ts'
import { methodRemarks, type Remarked } from '../../src/cli/method-remarks.ts'

type Model = Remarked['models'][number]
const model = (more: object): Model =>
  ({
    choice: { role: 'rm' },
    name: 'm',
    opened: {},
    description: { tokenTypes: 0 },
    tokenizerFrom: null,
    ...more,
  }) as unknown as Model
const subject = (text: object) =>
  ({ text: { chat_template: 'tokenizer', steps: null, ...text } }) as Remarked['subjects'][number]
const joined = (truncations: number, completions: number) =>
  ({ truncations, completions: Array(completions).fill({}) }) as unknown as Parameters<typeof methodRemarks>[1]
const run = (more: Partial<Remarked>): Remarked => ({
  models: [model({})],
  subjects: [subject({})],
  certified: [],
  ...more,
})

it('an ordinary run has none', () => {
  const none = [{ role: 'rm', outcome: 'none', reason: null, file: null }] as const
  expect(methodRemarks(run({ certified: none }), joined(0, 4), null)).toEqual([])
})

it('certificates, another tokenizer, a pair without token types, steps and cut texts', () => {
  const models = [
    model({
      tokenizerFrom: { name: 'org/t', revision: 'abc' },
      tokenizer: { tokenTypes: false },
      description: { tokenTypes: 2 },
    }),
  ]
  const subjects = [subject({ chat_template: 'pair', steps: { mark: '<extra_0>', separator: '\n\n' } })]
  const certified = [{ role: 'rm', outcome: 'consistent', reason: 'there is no reference', file: 'c.json' }] as const
  expect(methodRemarks(run({ models, subjects, certified }), joined(3, 10), null)).toEqual([
    'The rm is not certified: a fixed set of probes has the same numbers in every batch, and no more is known (there is no reference).',
    'Texts were read with the tokenizer of org/t (revision abc).',
    'Prompt and completion are a text pair without token types: the tokenizer gives none.',
    'Of the steps of a completion, "\\n\\n" ends a step in the data, and "<extra_0>" stands behind each step.',
    '3 of 10 texts were longer than the limit and were cut.',
  ])
})

it('how a ready-made graph compares, and the drift that was not measured', () => {
  const comparison: GraphComparison = {
    completions: 8,
    pairs: 4,
    flipped_pairs: 1,
    largest_difference: 0.25,
    models: [
      {
        role: 'rm',
        file: 'model.onnx',
        dtype: 'q8',
        completions: 8,
        largest_difference: 0.25,
        beyond_tolerance: 8,
        not_compared: null,
      },
    ],
  }
  const drift = { against: 'fp32', dtype: 'q8', measured: false, reason: '--drift 0' } as const
  const text = methodRemarks(run({ comparison }), joined(0, 8), drift).join(' ')
  expect(text).toContain('largest difference 0.25 of a raw output.')
  expect(text).toContain('1 of 4 pairs come out otherwise.')
  expect(text).toContain('The drift of q8 against float32 was not measured: --drift 0.')
})

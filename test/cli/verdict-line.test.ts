import { expect, it } from 'vitest'
import { formatDoubt } from '../../src/cli/verdict-line.ts'

const STRICT = { extraction: 'strict', requireReasoning: true } as const
const failed = { verifiableStatus: 'fail', verifiableReason: 'format_failed' } as const
const unverifiable = { verifiableStatus: 'unverifiable', verifiableReason: null } as const

it('says that nothing but the format was judged, and which flags read other formats', () => {
  expect(formatDoubt([failed, failed, unverifiable], STRICT)).toBe(
    "all 2 verified completions fail by the format (format_failed), whatever the chemistry: ether0's is <|think_start|>…<|think_end|><|answer_start|>…<|answer_end|>; --extraction loose reads <answer>…</answer>, --no-require-reasoning answers without a thought",
  )
  expect(formatDoubt([failed], { ...STRICT, requireReasoning: false })).toBe(
    "the one verified completion fails by the format (format_failed), whatever the chemistry: ether0's is <|answer_start|>…<|answer_end|>; --extraction loose reads <answer>…</answer>",
  )
})

it('says nothing where an answer was read, or none is looked for so', () => {
  const wrong = { verifiableStatus: 'fail', verifiableReason: 'wrong_answer' } as const
  expect(formatDoubt([failed, wrong], STRICT)).toBeNull()
  expect(formatDoubt([failed, { verifiableStatus: 'pass', verifiableReason: 'right_answer' }], STRICT)).toBeNull()
  expect(formatDoubt([unverifiable], STRICT)).toBeNull()
  expect(formatDoubt([], STRICT)).toBeNull()
  expect(formatDoubt([failed], { ...STRICT, extraction: 'loose' })).toBeNull()
})

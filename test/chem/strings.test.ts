import { describe, expect, it } from 'vitest'
import { extractAnswerLoose, extractThoughtAnswerStrict, findSmiles } from '../../src/chem/ether0/answer.ts'
import { formatReward } from '../../src/chem/ether0/format.ts'
import { formulaDiff } from '../../src/chem/ether0/formula-diff.ts'
import { containsInvalid } from '../../src/chem/ether0/invalid-text.ts'
import { normalizeIupac, normalizeUnicodes } from '../../src/chem/ether0/names.ts'
import { getProblemCategory, getProblemType } from '../../src/chem/ether0/problem.ts'
import { defaultReason, REWARD_REASON } from '../../src/chem/ether0/reason.ts'
import { parseQaExample, parseSolution } from '../../src/chem/ether0/solution.ts'
import { golden, raised } from './golden.ts'

interface StringCase {
  readonly id: string
  readonly fn: string
  readonly text: string
  readonly a: string
  readonly b: string
  readonly chars: boolean
  readonly languages: boolean
  readonly threshold: number
  readonly row: Record<string, string>
  readonly value?: unknown
  readonly error?: { readonly class: string }
}
const FUNCTIONS: Record<string, (row: StringCase) => unknown> = {
  normalize_iupac: ({ text }) => normalizeIupac(text),
  normalize_unicodes: ({ text }) => normalizeUnicodes(text),
  normalize_both: ({ text }) => normalizeUnicodes(normalizeIupac(text)),
  formula_diff: ({ a, b }) => formulaDiff(a, b),
  contains_invalid: ({ text, chars, languages, threshold }) => containsInvalid(text, { chars, languages, threshold }),
  smiles_pattern_findall: ({ text }) => findSmiles(text),
  get_problem_category: ({ text }) => getProblemCategory(text),
  get_problem_type: ({ row }) => getProblemType(row),
}
describe('strings', () => {
  it.each(golden<StringCase>('strings'))('$id', (row) => {
    const call = (): unknown => FUNCTIONS[row.fn]!(row)
    if (row.error !== undefined) expect(raised(call)).toBe(row.error.class)
    else expect(call()).toEqual(row.value)
  })
})

interface ExtractCase {
  readonly id: string
  readonly fn: string
  readonly text: string | null
  readonly reasoning: boolean
  readonly value?: unknown
  readonly error?: { readonly class: string }
}
describe('extract', () => {
  // Python was also called with tuples and None, which our types forbid
  const cases = golden<ExtractCase>('extract').filter(({ error }) => error === undefined)
  it.each(cases)('$id', ({ fn, text, reasoning, value }) => {
    const got = fn === 'extract_answer_loose' ? extractAnswerLoose(text) : extractThoughtAnswerStrict(text!, reasoning)
    expect(got).toEqual(value)
  })

  it('takes hostile text in one pass', () => {
    const tags = `<|think_start|>${'<|think_end|><|answer_start|>'.repeat(20_000)}`
    expect(extractThoughtAnswerStrict(`${tags}<|answer_end|>`, true)).toEqual([null, null])
    expect(extractAnswerLoose('<answer>'.repeat(50_000))).toBe('')
    expect(extractAnswerLoose(`<answer>x${' '.repeat(200_000)}y</answer>`)).toHaveLength(200_002)
  })
})

interface FormatCase {
  readonly id: string
  readonly fn: string
  readonly completion: string
  readonly chat: boolean
  readonly reasoning: boolean
  readonly reward: number
  readonly value?: number
  readonly error?: unknown
}
describe('format_reward', () => {
  const cases = golden<FormatCase>('format_reward').filter(
    ({ fn, error }) => fn === 'format_reward' && error === undefined,
  )
  it.each(cases)('$id', ({ completion, chat, reasoning, reward, value }) => {
    const given = chat ? [{ role: 'assistant', content: completion }] : completion
    expect(formatReward(given, { reasoning, reward })).toBe(value)
  })
})

interface ModelCase {
  readonly id: string
  readonly fn: string
  readonly input: unknown
  readonly name: keyof typeof REWARD_REASON
  readonly reward: number
  readonly metadata: Record<string, unknown>
  readonly value?: unknown
  readonly error?: { readonly class: string }
}
describe('models', () => {
  it.each(golden<ModelCase>('models'))('$id', ({ fn, input, name, reward, metadata, value, error }) => {
    if (fn === 'RewardReason') expect(REWARD_REASON[name]).toBe(value)
    else if (fn === 'set_default_reason') {
      const reason = metadata.reward_reason ?? defaultReason(reward)
      expect({ ...metadata, reward_reason: reason }).toEqual(value)
    } else {
      const parse = (): unknown => (fn === 'QAExample' ? parseQaExample(input) : parseSolution(input))
      if (error !== undefined) expect(raised(parse)).toBe(error.class)
      else expect(parse()).toEqual(value)
    }
  })
})

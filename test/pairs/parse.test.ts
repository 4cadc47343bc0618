import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isFailure } from '../../src/pairs/failure.ts'
import { parseRecord } from '../../src/pairs/parse.ts'
import type { Row, RowFailure } from '../../src/types.ts'

const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })
const system = (content: string) => ({ role: 'system', content })
const SKY = 'What color is the sky?'
const Q = 'Propose a molecule with the formula C2H6O.'
const SOLUTION = 'formula_eval!:!CCO!:!molecule-formula'

const parse = (record: unknown): Row | RowFailure => parseRecord(record, { where: 'f.jsonl:3', number: 7 })
function row(record: unknown): Row {
  const parsed = parse(record)
  if (isFailure(parsed)) throw new Error(parsed.message)
  return parsed
}
function failure(record: unknown): RowFailure {
  const parsed = parse(record)
  if (!isFailure(parsed)) throw new Error('it parsed')
  return parsed
}
const texts = ({ completions }: Row) => completions.map(({ role, index, text }) => [role, index, text])

describe('names that would stand in every row of every file', () => {
  const pair = { prompt: Q, chosen: 'CCO', rejected: 'C' }
  const long = 'C'.repeat(1001)
  it.each([
    ['id', { id: 'C'.repeat(10_001) }, '"id" has 10,001 characters, at most 10,000 are read'],
    ['subset', { subset: long }, '"subset" has 1,001 characters, at most 1,000 are read'],
    ['problem_type', { problem_type: long }, '"problem_type" has 1,001 characters'],
    ['type', { solution: SOLUTION, type: long }, '"type" has 1,001 characters'],
    [
      'the third part of a solution',
      { solution: `a!:!b!:!${long}` },
      '"solution\'s problem type" has 1,001 characters',
    ],
    [
      'a column',
      { [long]: 1 },
      `"${'C'.repeat(200)}… (1,001 characters)" has 1,001 characters, at most 1,000 are read`,
    ],
  ])('%s is refused where it is longer than any name', (_, over, message) => {
    const lost = failure({ ...pair, ...over })
    expect(lost.reason).toBe('name_too_long')
    expect(lost.message).toContain(message)
  })
  it('of a transformation, too', () => {
    const completions = [{ completion: 'CCO', transformation: long, same: true }]
    expect(failure({ prompt: Q, completions }).message).toContain(
      '"completions[0].transformation" has 1,001 characters',
    )
  })
  it('a row of more than 100,000 pairs fails, and one of as many is read', () => {
    const answers = (n: number): string[] => Array.from({ length: n }, (_, i) => 'C'.repeat(i + 1))
    const lost = failure({ ...pair, chosen: answers(317), rejected: answers(316) })
    expect([lost.reason, lost.message]).toEqual([
      'too_many_pairs',
      '317 chosen × 316 rejected completions are more than 100,000 pairs',
    ])
    expect(lost.hint).toContain('in several rows')
    expect(row({ ...pair, chosen: answers(250), rejected: answers(400) }).completions).toHaveLength(650)
  })
  it('one of the longest is kept whole', () => {
    const kept = row({ ...pair, id: 'C'.repeat(10_000), subset: long.slice(1) })
    expect([kept.id.length, kept.subset.length]).toEqual([10_000, 1000])
  })
  it('a message does not repeat a long text whole', () => {
    const lost = failure({ prompt: Q, messages: [user(Q), { role: 'C'.repeat(100_000), content: 'x' }] })
    expect(lost.message.length).toBeLessThan(4100)
    expect(lost.message).toContain('… (100,0')
  })
})

describe('the forms of test/data/pairs/forms', () => {
  const form = (name: string, line = 0): Row =>
    row(JSON.parse(readFileSync(`test/data/pairs/forms/${name}.jsonl`, 'utf8').trim().split('\n')[line]!))
  const blue = ['chosen', 0, [assistant('It is blue.')]]
  const green = ['rejected', 0, [assistant('It is green.')]]
  it.each([
    [
      'pair-text',
      'pair',
      Q,
      [
        ['chosen', 0, 'CCO'],
        ['rejected', 0, 'CCC'],
      ],
    ],
    [
      'pair-messages',
      'pair',
      [system('Answer in SMILES.'), user(Q)],
      [
        ['chosen', 0, [assistant('CCO')]],
        ['rejected', 0, [assistant('CCC')]],
      ],
    ],
    [
      'pair-best-of-n',
      'pair',
      [user(Q)],
      [
        ['chosen', 0, 'CCO'],
        ['rejected', 0, 'CCC'],
        ['rejected', 1, ''],
        ['rejected', 2, 'CCO'],
      ],
    ],
    [
      'trl-explicit-text',
      'pair',
      'The sky is',
      [
        ['chosen', 0, ' blue.'],
        ['rejected', 0, ' green.'],
      ],
    ],
    ['trl-explicit-conversation', 'pair', [user(SKY)], [blue, green]],
    [
      'trl-implicit-text',
      'pair',
      'The sky is',
      [
        ['chosen', 0, ' blue.'],
        ['rejected', 0, ' green.'],
      ],
    ],
    ['trl-implicit-conversation', 'pair', [user(SKY)], [blue, green]],
    ['trl-implicit-with-prompt', 'pair', [user(SKY)], [blue, green]],
    ['trl-prompt-completion', 'single', [user(SKY)], [['completion', 0, [assistant('It is blue.')]]]],
    [
      'rewardbench-1',
      'pair',
      SKY,
      [
        ['chosen', 0, 'Blue.'],
        ['rejected', 0, 'Green.'],
      ],
    ],
    [
      'rewardbench-2',
      'pair',
      SKY,
      [
        ['chosen', 0, 'Blue.'],
        ['rejected', 0, 'Green.'],
        ['rejected', 1, 'Red.'],
        ['rejected', 2, 'Pink.'],
      ],
    ],
    ['messages', 'single', [system('Answer in SMILES.'), user(Q)], [['completion', 0, [assistant('CCO')]]]],
    [
      'group-text',
      'group',
      [user(Q)],
      [
        ['completion', 0, 'CCO'],
        ['completion', 1, 'CCC'],
      ],
    ],
    [
      'group-messages',
      'group',
      [user(Q)],
      [
        ['completion', 0, [assistant('CCO')]],
        ['completion', 1, [assistant('CCC')]],
      ],
    ],
    [
      'group-objects',
      'group',
      [user(Q)],
      [
        ['completion', 0, 'CCO'],
        ['completion', 1, [assistant('CCC')]],
      ],
    ],
    ['ether0', 'single', Q, [['completion', 0, 'CCO']]],
    ['ether0-object', 'single', Q, [['completion', 0, 'CCO']]],
    [
      'content-parts',
      'pair',
      [user(SKY)],
      [
        ['chosen', 0, 'Blue.'],
        ['rejected', 0, 'Green.'],
      ],
    ],
  ])('%s', (name, kind, prompt, completions) => {
    const parsed = form(name)
    expect({ kind: parsed.kind, prompt: parsed.prompt, completions: texts(parsed) }).toEqual({
      kind,
      prompt,
      completions,
    })
  })

  it('reads the ties rows of RewardBench 2 with several chosen', () => {
    const parsed = form('rewardbench-2', 1)
    expect(texts(parsed)).toEqual([
      ['chosen', 0, 'Red.'],
      ['chosen', 1, 'Green.'],
      ['rejected', 0, 'Pink.'],
    ])
    expect([parsed.id, parsed.subset, parsed.extra]).toEqual([
      'tied:0',
      'Ties',
      { num_correct: 2, num_incorrect: 1, total_completions: 3 },
    ])
  })
  it('keeps ids, subsets, solutions and carries other columns', () => {
    expect(form('rewardbench-1')).toMatchObject({
      id: '0',
      subset: 'alpacaeval-easy',
      problemType: null,
      solution: null,
      extra: { chosen_model: 'gpt-4', rejected_model: 'llama' },
    })
    expect(form('pair-messages')).toMatchObject({
      id: 'a',
      subset: 'formula',
      problemType: 'molecule-formula',
      solution: SOLUTION,
      extra: { reject_kind: 'wrong' },
    })
    expect(form('pair-text')).toMatchObject({ id: '7', subset: '', where: 'f.jsonl:3', extra: {} })
    expect(form('group-objects').extra).toEqual({
      completion_details: [{ source: 'policy', reward: 1 }, { source: 'built' }],
    })
    expect(form('group-text').extra).toEqual({ rewards: [1, 0] })
    expect(form('ether0-object')).toMatchObject({
      subset: 'molecule-formula',
      problemType: 'molecule-formula',
      extra: { ideal: 'CCO' },
    })
  })
})

describe('implicit prompts, as TRL extracts them', () => {
  it.each([
    // [chosen, rejected, prompt, rest]: what TRL's loop gives
    ['abc', 'abd', 'ab', ['c', 'd']],
    ['a b', 'a c', 'a', [' b', ' c']],
    ['abc', 'abc', 'ab', ['c', 'c']],
    ['abc', 'abcd', 'ab', ['c', 'cd']],
    ['x🧪a', 'x🧫a', 'x', ['🧪a', '🧫a']],
  ])('%s | %s', (chosen, rejected, prompt, rest) => {
    const parsed = row({ chosen, rejected })
    expect([parsed.prompt, parsed.completions.map((c) => c.text)]).toEqual([prompt, rest])
  })
  it('takes the last turn as the completion where the conversations are equal', () => {
    const conversation = [user('q'), assistant('a')]
    expect(row({ chosen: conversation, rejected: conversation })).toMatchObject({ prompt: [user('q')] })
  })
  it('shares over all of a best-of-n row', () => {
    expect(row({ chosen: 'ab1', rejected: ['ab2', 'a3'] })).toMatchObject({ prompt: 'a' })
  })
  it('does not repeat a prompt that the completions begin with', () => {
    const parsed = row({
      prompt: [user('q')],
      chosen: [user('q'), assistant('a')],
      rejected: [user('q'), assistant('b')],
    })
    expect([parsed.prompt, parsed.completions.map((c) => c.text)]).toEqual([
      [user('q')],
      [[assistant('a')], [assistant('b')]],
    ])
  })
  it.each([
    [{ chosen: 'abc', rejected: 'xyz' }, 'no_prompt'],
    [{ chosen: [user('q'), assistant('a')], rejected: 'b' }, 'no_prompt'],
    [
      { prompt: 'other', chosen: [user('q'), assistant('a')], rejected: [user('q'), assistant('b')] },
      'prompt_mismatch',
    ],
  ])('refuses %j', (record, reason) => {
    expect(failure(record).reason).toBe(reason)
  })
})

describe('records that are no rows', () => {
  const pair = { prompt: 'p', chosen: 'a', rejected: 'b' }
  it.each([
    [{ ...pair, chosen: 3 }, 'wrong_type', '"chosen" is a number, expected messages or a string'],
    [{ ...pair, prompt: true }, 'wrong_type', '"prompt" is a boolean, expected messages or a string'],
    [{ ...pair, prompt: { a: 1 } }, 'wrong_type', '"prompt" is an object, expected messages or a string'],
    [{ ...pair, prompt: [] }, 'wrong_type', '"prompt" is an empty list, expected messages or a string'],
    [{ ...pair, rejected: [] }, 'empty_list', '"rejected" is an empty list, expected at least one completion'],
    [{ ...pair, rejected: ['a', 1] }, 'wrong_type', '"rejected[1]" is a number, expected messages or a string'],
    [
      { ...pair, prompt: [user('a'), 'b'] },
      'wrong_type',
      '"prompt[1]" is a string, expected a message {role, content}',
    ],
    [{ ...pair, prompt: [{ role: 'user' }] }, 'wrong_type', '"prompt[0].content" is missing, expected a string'],
    [
      { ...pair, prompt: [{ content: 'x' }] },
      'wrong_type',
      '"prompt[0].role" is missing, expected a role such as "user"',
    ],
    [{ ...pair, id: {} }, 'wrong_type', '"id" is an object, expected a string or a number'],
    [
      { ...pair, id: 2 ** 60 },
      'wrong_type',
      '"id" 1152921504606847000 is rounded: it is too large for a floating-point number',
    ],
    [{ ...pair, subset: ['x'] }, 'wrong_type', '"subset" is a list, expected a string'],
    [{ ...pair, solution: 4 }, 'wrong_type', '"solution" is a number, expected a string or an object'],
    [{ ...pair, solution: { fxn_name: 'x' } }, 'wrong_type', '"solution.answer_info" is missing, expected a string'],
    [{ ...pair, chosen: 'a\0' }, 'nul_character', '"chosen" contains a NUL character'],
    [
      { ...pair, chosen: '\ud800' },
      'lone_surrogate',
      '"chosen" contains half of a surrogate pair, which is not Unicode text',
    ],
    [
      { ...pair, prompt: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
      'image_content',
      '"prompt[0].content[0]" is a content part of type "image_url", only text is supported',
    ],
    [
      { ...pair, chosen: [{ ...assistant('x'), tool_calls: [{}] }] },
      'unsupported_message',
      '"chosen[0].tool_calls" is not supported',
    ],
    [{ prompt: 'p', steps: [], candidates: ['a'] }, 'step_row', 'this is a step row (steps, candidates)'],
    [{ messages: [user('a')] }, 'no_completion', '"messages" ends with a turn of "user", expected one of "assistant"'],
    [{ prompt: 'p', completions: 'x' }, 'wrong_type', '"completions" is a string, expected a list'],
    [
      { prompt: 'p', completions: [] },
      'empty_list',
      '"completions" is an empty list, expected at least one completion',
    ],
    [{ prompt: 'p', completions: [{ text: 'x' }] }, 'wrong_type', '"completions[0]" has no "completion"'],
    [{ completions: ['x'] }, 'no_prompt', '"prompt" is missing'],
    [{ prompt: 'p', chosen: 'a' }, 'missing_column', '"rejected" is missing'],
    [{ prompt: 'p', chosen: 'a', rejected: null }, 'missing_column', '"rejected" is missing'],
    [
      { prompt: 'p' },
      'no_completion',
      'no completion: "chosen" and "rejected", "completions", "completion" or "ideal" is missing',
    ],
    [{}, 'no_completion', 'no "chosen" and "rejected", no "completions" and no "messages"'],
    [[1], 'not_an_object', 'the record is a list, expected an object'],
    ['x', 'not_an_object', 'the record is a string, expected an object'],
    [null, 'not_an_object', 'the record is missing, expected an object'],
  ])('%j', (record, reason, message) => {
    expect(failure(record)).toMatchObject({ where: 'f.jsonl:3', reason, message })
  })
  it('names the column that was probably meant', () => {
    expect(failure({ prompt: 'p', choosen: 'a', rejected: 'b' }).hint).toBe('Is "choosen" meant to be "chosen"?')
    expect(failure({ prompt: 'p', chosen: 'a', Rejected: 'b' }).hint).toBe('Is "Rejected" meant to be "rejected"?')
    expect(failure({ Prompt: 'p', Chosen: 'a', Rejected: 'b' }).hint).toBe(
      'Is "Prompt" meant to be "prompt", is "Chosen" meant to be "chosen", is "Rejected" meant to be "rejected"?',
    )
    expect(failure({ step: 1, candidates: [], steps: [] }).hint).toMatch(/^run-process chooses among the candidates;/)
  })
  it('keeps the id of a failed row', () => {
    expect(failure({ id: 'x', prompt: 'p', chosen: 1, rejected: 'b' }).id).toBe('x')
  })
})

describe('valid oddities', () => {
  it('takes an empty completion and chosen = rejected', () => {
    expect(texts(row({ prompt: '', chosen: '', rejected: '' }))).toEqual([
      ['chosen', 0, ''],
      ['rejected', 0, ''],
    ])
  })
  it('keeps a key named __proto__ as a column', () => {
    const parsed = row(JSON.parse('{"prompt":"p","chosen":"a","rejected":"b","__proto__":{"x":1}}'))
    expect(Object.keys(parsed.extra)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(parsed.extra)).toBe(Object.prototype)
  })
  it('takes prompts alone when asked to', () => {
    expect(parseRecord({ prompt: 'p' }, { where: 'w', number: 1 }, { prompts: true })).toMatchObject({
      kind: 'single',
      completions: [],
    })
  })
  it('reads ether0 types from `type` and from the solution', () => {
    expect(row({ problem: 'p', ideal: 'C', solution: 'f!:!a!:!b!:!c' }).problemType).toBe('b!:!c')
    expect(row({ problem: 'p', ideal: 'C', type: 't', solution: 'f!:!a!:!b' }).problemType).toBe('t')
    expect(row({ problem: 'p', ideal: 'C', type: 't' }).problemType).toBeNull()
  })
})

it('never throws, whatever the record', () => {
  const key = fc.constantFrom(
    'prompt',
    'chosen',
    'rejected',
    'completions',
    'messages',
    'solution',
    'id',
    'role',
    'content',
    'completion',
    'subset',
  )
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.boolean(),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(key, tie('any'), { maxKeys: 4 }),
    ),
  })).any
  fc.assert(
    fc.property(value, (record) => {
      const parsed = parse(record)
      expect(isFailure(parsed) ? parsed.message !== '' : parsed.completions.length > 0).toBe(true)
    }),
    { numRuns: 2000 },
  )
})

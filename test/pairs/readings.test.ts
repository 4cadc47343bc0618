import { describe, expect, it } from 'vitest'
import { isFailure } from '../../src/pairs/failure.ts'
import { parseJsonText } from '../../src/pairs/json-text.ts'
import { parseRecord } from '../../src/pairs/parse.ts'
import { columnsOf, describeReadings, promptRemark, ReadingCount } from '../../src/pairs/readings.ts'
import type { Message, Row } from '../../src/types.ts'
import { recordsOf } from './records.ts'

const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })
const system = (content: string) => ({ role: 'system', content })
const parse = (record: unknown) => parseRecord(record, { where: 'f.jsonl:3', number: 7 })
function row(record: unknown): Row {
  const parsed = parse(record)
  if (isFailure(parsed)) throw new Error(`${parsed.message} (${parsed.hint})`)
  return parsed
}
const failure = (record: unknown) => {
  const parsed = parse(record)
  if (!isFailure(parsed)) throw new Error('it parsed')
  return parsed
}
const texts = (record: unknown) => row(record).completions.map(({ text }) => text)
const notes = (record: unknown) => row(record).reading!.notes
const pair = { chosen: 'The answer is CCO.', rejected: 'The answer is CCN.' }

describe('the prompt', () => {
  it.each([
    [{ question: 'Q?' }, 'Q?', 'question'],
    [{ query: 'Q?' }, 'Q?', 'query'],
    [{ problem: 'Q?' }, 'Q?', 'problem'],
    [{ input: 'Q?' }, 'Q?', 'input'],
    [{ instruction: 'Do' }, 'Do', 'instruction'],
    [{ instruction: 'Do', input: 'CCO' }, 'Do\nCCO', 'instruction + input'],
    [{ instruction: 'Do', input: '' }, 'Do', 'instruction'],
    [{ instruction: 'Do', input: null }, 'Do', 'instruction'],
    [{ prompt: 'P', question: 'Q?' }, 'P', 'prompt'],
    [{ prompt: null, question: 'Q?' }, 'Q?', 'question'],
    [{ question: 'Q?', query: 'Q?' }, 'Q?', 'question'],
    [{ question: [user('Q?')] }, [user('Q?')], 'question'],
    [{ conversations: [user('Q?')] }, [user('Q?')], 'conversations'],
    [{ messages: [system('S'), user('Q?')] }, [system('S'), user('Q?')], 'messages'],
    [{ context: [user('Q?')] }, [user('Q?')], 'context'],
    [{ input: { messages: [user('Q?')], tools: [] } }, [user('Q?')], 'input'],
  ])('of %j', (columns, prompt, source) => {
    const parsed = row({ ...columns, ...pair })
    expect(parsed.prompt).toEqual(prompt)
    expect(parsed.completions.map(({ text }) => text)).toEqual([pair.chosen, pair.rejected])
    expect(parsed.reading).toMatchObject({ columns: { prompt: source }, notes: [] })
  })
  it.each([
    [
      { question: 'Q?', query: 'other' },
      'ambiguous_prompt',
      'there is no "prompt", and "question" and "query" may each be it',
    ],
    [{ instruction: 'Do', input: 'x', problem: 'y' }, 'ambiguous_prompt', 'may each be it'],
    [{ instruction: [user('Do')], input: 'x' }, 'ambiguous_prompt', 'may each be it'],
    [{ prompt: '', question: 'Q?' }, 'ambiguous_prompt', '"prompt" is empty and "question" is not'],
    [{ conversations: [user('Q?'), assistant('A')] }, 'ambiguous_prompt', 'ends with a turn of "assistant"'],
    // without these, what both answers share would be taken for the prompt
    [{ prompt: null }, 'no_prompt', '"prompt" is null'],
    [{ question: null }, 'no_prompt', '"question" is null'],
    [{ Question: 'Name an alcohol.' }, 'no_prompt', '"prompt" is missing, and "Question" may be it'],
    [{ user_prompt: 'Name an alcohol.' }, 'no_prompt', '"user_prompt" may be it'],
    [{ context: 'Name an alcohol.' }, 'no_prompt', '"context" may be it'],
    [{ history: [['a', 'b']] }, 'no_prompt', '"history" may be it'],
    [{ question: 3 }, 'wrong_type', '"question" is a number'],
    [{ question: { full_text: 'Q?' } }, 'wrong_type', '"question" is an object'],
    [{ input: { messages: [user('Q?')], tools: [{}] } }, 'unsupported_message', '"input.tools" is not supported'],
  ])('is not guessed from %j', (columns, reason, message) => {
    const failed = failure({ ...columns, ...pair })
    expect(failed.reason).toBe(reason)
    expect(failed.message).toContain(message)
  })
  it('is what both share where no column may be it, and that is noted', () => {
    expect(row(pair)).toMatchObject({ prompt: 'The answer is CC', reading: { notes: ['implicit_prompt_text'] } })
    expect(row({ ...pair, user: 'u17', source: 'a b' }).prompt).toBe('The answer is CC')
    const whole = { chosen: [user('Q'), assistant('a')], rejected: [user('Q'), assistant('b')] }
    expect(row(whole)).toMatchObject({ prompt: [user('Q')], reading: { notes: ['implicit_prompt'] } })
    expect(row({ prompt: null, ...whole }).prompt).toEqual([user('Q')])
  })
  it('may be empty, and that is noted', () => {
    expect(notes({ prompt: '', ...pair })).toEqual(['empty_prompt'])
    expect(row({ question: '', ...pair })).toMatchObject({ prompt: '', reading: { notes: ['empty_prompt'] } })
    expect(row({ prompt: ' \n', ...pair })).toMatchObject({ prompt: ' \n', reading: { notes: [] } })
  })
  it('a system column and its like are not shown to the model, and that is noted where they hold something', () => {
    expect(notes({ system: 'S', history: [], ...pair, question: 'Q' })).toEqual(['unread:system'])
  })
})

describe('transcripts', () => {
  const hh = (answer: string) => `\n\nHuman: Q1\n\nmore\n\nAssistant: A1\n\nHuman: Q2\n\nAssistant: ${answer}`
  it('of HH-RLHF are cut at the turns, not inside an answer', () => {
    // TRL's conversion of hh-rlhf: split at "\n\nHuman: " and "\n\nAssistant: "
    const parsed = row({ chosen: hh('I say CCO'), rejected: hh('I say CCN') })
    expect(parsed.prompt).toEqual([user('Q1\n\nmore'), assistant('A1'), user('Q2')])
    expect(parsed.completions.map(({ text }) => text)).toEqual([[assistant('I say CCO')], [assistant('I say CCN')]])
    expect(parsed.reading!.notes).toEqual(['transcript', 'implicit_prompt'])
  })
  it('a prompt that is named so stays one text, and that is noted', () => {
    const prompt = '\n\nHuman: Q\n\nAssistant:'
    expect(row({ prompt, chosen: ' a', rejected: ' b' })).toMatchObject({
      prompt,
      reading: { notes: ['transcript_prompt'] },
    })
  })
  it('an empty answer is one, an open question is not', () => {
    expect(texts({ chosen: hh('x'), rejected: hh('').trimEnd() })).toEqual([[assistant('x')], [assistant('')]])
    expect(failure({ chosen: `${hh('x')}\n\nHuman: Q3`, rejected: hh('y') }).reason).toBe('no_completion')
    expect(failure({ chosen: '\n\nHuman: a\n\nAssistant: x', rejected: '\n\nHuman: b\n\nAssistant: x' }).reason).toBe(
      'no_prompt',
    )
  })
})

describe('messages', () => {
  const turns = [{ from: 'human', value: 'Q' }]
  it.each([
    ['a lone message', assistant('CCO'), ['lone_message']],
    ['JSON text', JSON.stringify([assistant('CCO')]), ['json_text']],
    ['a lone message as JSON text', JSON.stringify(assistant('CCO')), ['json_text', 'lone_message']],
    ['a turn of ShareGPT', { from: 'gpt', value: 'CCO' }, ['lone_message', 'sharegpt']],
    ['ShareGPT as JSON text', '[{"from": "gpt", "value": "CCO"}]', ['json_text', 'sharegpt']],
    ['merged structs of Parquet', [{ role: 'assistant', content: 'CCO', from: null, value: null }], []],
    ['other text parts', [{ role: 'assistant', content: [{ type: 'output_text', text: 'CCO' }] }], []],
  ])('%s', (_, chosen, found) => {
    const record = { prompt: 'p', chosen, rejected: 'b' }
    expect(texts(record)).toEqual([[assistant('CCO')], 'b'])
    expect(notes(record)).toEqual(found)
  })
  it('a conversation is the prompt of a group and of a completion', () => {
    for (const rest of [{ completions: ['a', 'b'] }, { completion: 'a' }])
      expect(row({ conversations: turns, ...rest })).toMatchObject({ prompt: [user('Q')] })
  })
  it('ShareGPT’s speakers are roles', () => {
    const all = ['system', 'human', 'gpt', 'observation', 'chatgpt', 'user', 'function_response'].map((from) => ({
      from,
      value: from,
    }))
    expect((row({ conversations: all, ...pair }).prompt as readonly Message[]).map(({ role }) => role)).toEqual([
      'system', 'user', 'assistant', 'tool', 'assistant', 'user', 'tool',
    ]) // biome-ignore format: one line says it
    expect(row({ conversations: [...turns, { from: 'gpt', value: 'A' }] })).toMatchObject({
      kind: 'single',
      prompt: [user('Q')],
      completions: [{ text: [assistant('A')] }],
    })
    expect(failure({ conversations: [{ from: 'narrator', value: 'Q' }], ...pair }).message).toContain(
      '"conversations[0].from" is "narrator", expected human, user, gpt',
    )
  })
  it('lists of texts as JSON text are lists in every column that takes them', () => {
    expect(texts({ prompt: 'p', chosen: 'a', rejected: '["b", "c"]' })).toEqual(['a', 'b', 'c'])
    expect(row({ prompt: 'p', completions: '["b", "c"]' })).toMatchObject({
      kind: 'group',
      reading: { notes: ['json_text'] },
    })
  })
  it.each([
    '{"answer": "CCO"}',
    '[Na+].[Cl-]',
    '[1, 2]',
    '[]',
    '{}',
    '{"from": "C", "value": "O"}',
    '{"role": "x"}',
    "['x'] is a list",
  ])('%s is the text that it is', (text) => {
    expect(texts({ prompt: 'p', chosen: text, rejected: 'b' })).toEqual([text, 'b'])
    expect(notes({ prompt: 'p', chosen: text, rejected: 'b' })).toEqual([])
  })
  it.each([
    "[{'role': 'assistant', 'content': 'x'}]",
    "[{'content': 'x', 'role': 'assistant'}\n {'content': 'y', 'role': 'user'}]",
    "{'from': 'gpt', 'value': \"it's\"}",
    "['a', 'b']",
    `["it's", 'b']`,
    "array([{'content': 'x', 'role': 'user'}], dtype=object)",
    "array(['a', 'b'], dtype=object)",
  ])('%s is refused: Python’s way to print it', (text) => {
    for (const record of [
      { prompt: text, ...pair },
      { prompt: 'p', chosen: text, rejected: 'b' },
    ])
      expect(failure(record)).toMatchObject({ reason: 'python_literal', hint: expect.stringContaining('json.dumps') })
    // as a message it is text
    expect(texts({ prompt: 'p', chosen: assistant(text), rejected: 'b' })).toEqual([[assistant(text)], 'b'])
  })
  it('fields that no model sees are noted, parts that are no text are refused by name', () => {
    const tool = { role: 'tool', content: '42', tool_call_id: 'c1', name: '' }
    expect(notes({ prompt: [user('Q'), tool], ...pair })).toEqual(['message_field:tool_call_id'])
    for (const type of ['image_url', 'input_audio', 'video', 'file'])
      expect(failure({ prompt: [{ role: 'user', content: [{ type, [type]: {} }] }], ...pair }).message).toContain(
        `type "${type}"`,
      )
  })
})

describe('turns that the completions repeat stand once', () => {
  const [s, q, a, q2] = [system('S'), user('Q'), assistant('A'), user('Q2')]
  const [one, two] = [assistant('1'), assistant('2')]
  it.each([
    ['all of the prompt', [s, q], [s, q]],
    ['the last question', [s, q], [q]],
    ['the system turn', [s, q], [s]],
    ['the system turn and the last question', [s, q, a, q2], [s, q2]],
    ['the last question of several', [s, q, a, q2], [q2]],
    ['the end', [s, q, a, q2], [q, a, q2]],
    ['after an answer', [q, a], [q, a, q2]],
  ])('%s', (_, prompt, repeated) => {
    const rest = repeated.length > prompt.length ? repeated.slice(prompt.length) : []
    const parsed = row({ prompt, chosen: [...repeated, one], rejected: [...repeated, two] })
    expect(parsed.prompt).toEqual(prompt)
    expect(parsed.completions.map(({ text }) => text)).toEqual([
      [...rest, one],
      [...rest, two],
    ])
    expect(parsed.reading!.notes).toEqual(['repeated_prompt'])
  })
  it('in one completion only, in groups, and behind a prompt of text', () => {
    expect(texts({ prompt: [q], chosen: [q, one], rejected: [two] })).toEqual([[one], [two]])
    expect(texts({ prompt: [s, q], completions: [[q, one], [two], '3'] })).toEqual([[one], [two], '3'])
    expect(texts({ prompt: 'Q', chosen: [q, one], rejected: '2' })).toEqual([[one], '2'])
    expect(texts({ prompt: [s, q], completion: [q, one] })).toEqual([[one]])
  })
  it('turns before the prompt become part of it', () => {
    expect(row({ prompt: [q], chosen: [s, q, one], rejected: [s, q, two] })).toMatchObject({
      prompt: [s, q],
      completions: [{ text: [one] }, { text: [two] }],
      reading: { notes: ['longer_prompt'] },
    })
  })
  it('a conversation that goes on is left alone', () => {
    expect(row({ prompt: [q, a], chosen: [q2, one], rejected: [q2, two] })).toMatchObject({
      prompt: [q, a],
      completions: [{ text: [q2, one] }, { text: [q2, two] }],
      reading: { notes: [] },
    })
  })
  it.each([
    ['another question', [q], [user('Z')]],
    ['another system turn', [s, q], [system('T'), q]],
    ['the first question, after which the answer stands', [q, a, q2], [q]],
    ['a system turn alone that the prompt has not', [q], [s]],
    ['nothing but the prompt', [q], [q], true],
    ['another space', [q], [user('Q ')]],
  ])('refuses %s', (_, prompt, repeated, bare = false) => {
    const tail = (turn: object) => (bare ? [] : [turn])
    expect(failure({ prompt, chosen: [...repeated, ...tail(one)], rejected: [...repeated, ...tail(two)] }).reason).toBe(
      'prompt_mismatch',
    )
  })
  it('texts that begin with the prompt are kept, and noted: CCO may answer C', () => {
    const record = { prompt: 'C', chosen: 'CCO', rejected: 'CCN' }
    expect(texts(record)).toEqual(['CCO', 'CCN'])
    expect(notes(record)).toEqual(['prompt_in_completions'])
  })
})

describe('two answers and which of them is better', () => {
  it.each([
    ['PKU-SafeRLHF', { prompt: 'p', response_0: 'a', response_1: 'b', better_response_id: 1 }, ['b', 'a']],
    ['the other way round', { prompt: 'p', response_0: 'a', response_1: 'b', better_response_id: 0 }, ['a', 'b']],
    ['AlpacaFarm', { instruction: 'p', input: '', output_1: 'a', output_2: 'b', preference: 1 }, ['a', 'b']],
    ['HelpSteer2', { prompt: 'p', response_1: 'a', response_2: 'b', preference_strength: 2 }, ['b', 'a']],
    ['HelpSteer2, first', { prompt: 'p', response_1: 'a', response_2: 'b', preference_strength: -1 }, ['a', 'b']],
    ['HelpSteer3', { context: [user('p')], response1: 'a', response2: 'b', overall_preference: '-3' }, ['a', 'b']],
    ['UltraFeedback of argilla', { instruction: 'p', chosen_response: 'a', rejected_response: 'b' }, ['a', 'b']],
    ['OpenAI', { input: { messages: [user('p')] }, preferred_output: 'a', non_preferred_output: 'b' }, ['a', 'b']],
  ])('%s', (_, record, completions) => {
    expect(row(record).kind).toBe('pair')
    expect(texts(record)).toEqual(completions)
  })
  it('Chatbot Arena: whole conversations', () => {
    const conversation = (answer: string) => [user('p'), assistant(answer)]
    const record = { conversation_a: conversation('1'), conversation_b: conversation('2'), winner: 'model_b' }
    expect(row(record)).toMatchObject({
      prompt: [user('p')],
      reading: { columns: { chosen: 'conversation_b', rejected: 'conversation_a', preference: 'winner' } },
    })
    expect(texts(record)).toEqual([[assistant('2')], [assistant('1')]])
    expect(failure({ ...record, winner: 'tie (bothbad)' })).toMatchObject({ reason: 'no_preference' })
  })
  it('a tie and an odd verdict fail the row', () => {
    const answers = { prompt: 'p', response_1: 'a', response_2: 'b' }
    expect(failure({ ...answers, preference_strength: 0 })).toMatchObject({ reason: 'no_preference' })
    for (const preference_strength of [Number.NaN, '', 'first', true])
      expect(failure({ ...answers, preference_strength })).toMatchObject({ reason: 'wrong_type' })
    expect(failure({ prompt: 'p', response_0: 'a', response_1: 'b', better_response_id: 2 }).message).toBe(
      '"better_response_id" is "2", which names neither "response_0" nor "response_1"',
    )
    expect(failure(answers)).toMatchObject({ reason: 'no_completion', hint: expect.stringContaining('"response_1"') })
  })
})

describe('steps of one answer are no group', () => {
  const steps = { prompt: '2+2?', completions: ['First, 2+2=4.', 'So the answer is 5.'] }
  it.each([[[true, false]], [[1, 0]], [[null, true]], ['[true, false]'], ['[True, False]']])('labels %j', (labels) => {
    expect(failure({ ...steps, labels })).toMatchObject({
      reason: 'step_row',
      message: expect.stringContaining('steps of one answer, not alternative answers'),
    })
  })
  it('labels of another number fail, names and rewards are columns like any other', () => {
    expect(failure({ ...steps, labels: [true] })).toMatchObject({ reason: 'wrong_type' })
    expect(row({ ...steps, labels: ['good', 'bad'] }).kind).toBe('group')
    expect(row({ ...steps, rewards: [1, 0] }).kind).toBe('group')
  })
})

describe('tables that stand column by column', () => {
  it.each([
    { prompt: { 0: 'a', 1: 'b' }, chosen: { 0: 'c', 1: 'd' }, rejected: { 0: 'e', 1: 'f' } },
    { prompt: { x: 'a' }, chosen: { x: 'c' }, rejected: { x: 'e' } },
    { 0: { prompt: 'a', chosen: 'b', rejected: 'c' } },
    { columns: ['prompt', 'chosen'], index: [0], data: [['a', 'b']] },
    { prompt: ['a', 'b'], chosen: ['c', 'd'], rejected: ['e', 'f'] },
    { prompt: [[user('a')]], chosen: [[assistant('c')]], rejected: [[assistant('e')]] },
  ])('%j', (record) => {
    expect(failure(record)).toMatchObject({ reason: 'column_wise', hint: expect.stringContaining('orient="records"') })
  })
  it('a row of messages and lone messages is a row', () => {
    expect(row({ prompt: [user('a')], chosen: ['b'], rejected: ['c'] }).kind).toBe('pair')
    expect(row({ prompt: user('a'), chosen: assistant('b'), rejected: assistant('c') }).kind).toBe('pair')
  })
})

describe('ids and numbers', () => {
  it('are exact, or the row fails', () => {
    const id = (json: string) => parse(parseJsonText(`{"id":${json},"prompt":"p","chosen":"a","rejected":"b"}`)).id
    expect(['9007199254740992', '9007199254740993', '"7"', '1.5', '-3'].map(id)).toEqual([
      '9007199254740992', '9007199254740993', '7', '1.5', '-3',
    ]) // biome-ignore format: one line says it
    for (const bad of [2 ** 60, Number.NaN, true, {}, [1]])
      expect(failure({ id: bad, prompt: 'p', chosen: 'a', rejected: 'b' })).toMatchObject({ reason: 'wrong_type' })
  })
  it('NaN fails the row where it is read, and is text where it is carried', () => {
    for (const column of ['prompt', 'chosen', 'rejected', 'id', 'subset', 'solution'])
      expect(failure({ prompt: 'p', chosen: 'a', rejected: 'b', [column]: Number.NaN }).message).toContain(
        `"${column}" is NaN`,
      )
    expect(row({ prompt: 'p', ...pair, x: [Number.NaN, -Infinity, 2n ** 60n] }).extra).toEqual({
      x: ['NaN', '-Infinity', '1152921504606846976'],
    })
  })
  it('a column nested beyond what writers take fails its row', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown
    for (const record of [
      { prompt: 'p', ...pair, x: deep },
      { question: deep, query: 'x', ...pair },
      { prompt: deep, ...pair },
    ])
      expect(['nested_too_deep', 'wrong_type']).toContain(failure(record).reason)
  })
})

describe('what is said of a data set', () => {
  const count = (records: readonly unknown[]) => {
    const readings = new ReadingCount()
    for (const record of records) readings.add(row(record))
    return readings
  }
  it('which column is which part, and how often', () => {
    const readings = count(recordsOf('question-column'))
    expect(columnsOf(readings)).toEqual({ prompt: 'question', chosen: 'chosen', rejected: 'rejected' })
    expect(promptRemark(readings, false)).toBe('no column "prompt": the prompt is "question" (3 rows)')
    expect(promptRemark(readings, true)).toBeNull()
    expect(describeReadings(readings, ['system'])).toEqual({
      columns: 'columns: prompt from question, chosen, rejected; not read: system',
      notes: [
        { text: 'the column "system" holds something and is not shown to the model (1 of 3 rows)', warning: true },
      ],
    })
  })
  it('a column that the statistics read is not called unread', () => {
    const readings = count([{ prompt: 'p', ...pair }])
    const said = (...analysed: string[]) => describeReadings(readings, ['source', 'reject_kind'], analysed).columns
    expect(said('reject_kind', 'distance')).toBe(
      'columns: prompt, chosen, rejected; read by the statistics alone: reject_kind; not read: source',
    )
    expect(said('reject_kind', 'source')).toMatch(/; read by the statistics alone: source, reject_kind$/)
    expect(said()).toMatch(/rejected; not read: source, reject_kind$/)
  })
  it('with both where rows differ', () => {
    const readings = count([{ prompt: 'p', ...pair }, { question: 'p', ...pair, id: 'x' }, pair])
    expect(columnsOf(readings)).toMatchObject({ prompt: ['prompt', 'question'], id: 'id' })
    expect(describeReadings(readings).columns).toBe(
      'columns: prompt in 1 of 3 rows, prompt from question in 1 of 3 rows, chosen, rejected, id in 1 of 3 rows',
    )
    expect(describeReadings(readings).notes).toMatchObject([
      { text: expect.stringMatching(/^no column is the prompt.*\(1 of 3 rows\)$/) },
    ])
  })
  it('on one line, without what a terminal would obey', () => {
    const record = { prompt: [{ ...user('Q'), '\u001b[2J': 1 }], ...pair }
    const many = Array.from({ length: 33 }, (_, i) => `c\u001b${i}`)
    const { columns, notes } = describeReadings(count([record]), many)
    expect(columns).toMatch(/; not read: c\?0, .*c\?29 and 3 more$/)
    expect(notes[0]!.text).toBe('the field "?[2J" of messages is not shown to the model (1 of 1 rows)')
    const fields = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, 1]))
    const counted = count([{ prompt: [{ ...user('Q'), ...fields }], ...pair }]).notes
    expect(Object.keys(counted)).toHaveLength(101)
    expect(counted['message_field:…']).toBe(200)
  })
  it('every note has its sentence', () => {
    const readings = new ReadingCount()
    const words = ['implicit_prompt', 'implicit_prompt_text', 'transcript', 'transcript_prompt', 'repeated_prompt', 'longer_prompt', 'prompt_in_completions', 'json_text', 'lone_message', 'sharegpt', 'empty_prompt', 'unread:system', 'message_field:name'] // biome-ignore format: one line says it
    readings.add({ ...row({ prompt: 'p', ...pair }), reading: { columns: {}, notes: words } })
    for (const { text } of describeReadings(readings).notes) expect(text).toMatch(/ .* \(1 of 1 rows\)$/)
  })
})

describe('the cases', () => {
  const turns = {
    prompt: [user('Name an alcohol.')],
    completions: [{ text: [assistant('CCO')] }, { text: [assistant('CCN')] }],
  }
  it.each(['messages-as-json-text', 'one-message-object', 'sharegpt-from-value'])('%s', (name) => {
    expect(recordsOf(name).map(row)).toMatchObject([turns])
  })
  it('question-column', () => {
    expect(recordsOf('question-column').map((record) => row(record).prompt)).toEqual([
      'Which is an alcohol?',
      'Give the SMILES of benzene.',
      'Name an acid.',
    ])
  })
  it('stepwise-completions-labels', () => {
    expect(recordsOf('stepwise-completions-labels').map((record) => failure(record).reason)).toEqual(['step_row'])
  })
})

describe('columns of any name', () => {
  it.each(['constructor', '__proto__', 'toString'])('%s is counted as any other', (name) => {
    const count = new ReadingCount()
    const record = JSON.parse(`{"${name}": "Q?", "chosen": "a", "rejected": "b"}`) as unknown
    const parsed = parseRecord(record, { where: 'f', number: 1 }, { columns: { prompt: name } })
    if (isFailure(parsed)) throw new Error(parsed.message)
    count.add(parsed)
    expect(describeReadings(count).columns).toBe(`columns: prompt from ${name}, chosen, rejected`)
    expect(columnsOf(count)).toEqual({ prompt: name, chosen: 'chosen', rejected: 'rejected' })
  })
})

it('white space, megabytes of it, is read in no more than its length takes', () => {
  const since = performance.now()
  for (const space of [' ', '\n', '\t']) {
    const chosen = `${space.repeat(2_000_000)}CCO`
    expect(texts({ prompt: 'P', chosen, rejected: `[${chosen}` })).toEqual([chosen, `[${chosen}`])
  }
  expect(performance.now() - since).toBeLessThan(10_000)
})

it.each([' \n[ { "role": "user", "content": "P" }]', '[\n["P"]]', '  { "role": "user", "content": "P" }'])(
  'white space before JSON and in its brackets: %s',
  (prompt) => expect(() => row({ prompt, ...pair })).not.toThrow(),
)

it.each([
  " array( {'role': 'user'}",
  "array([ {'role': 'user'}",
  " [ {'role': 'user'}",
  "{ 'content': 'x'}",
  ' [ array(["a"]',
  'array(["a"], dtype=object)',
])('Python: %s', (prompt) => expect(failure({ prompt, ...pair })).toMatchObject({ reason: 'python_literal' }))

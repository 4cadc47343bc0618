import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DataError, UsageError } from '../../src/errors.ts'
import { type ColumnNames, checkColumnNames, rowsSha256 } from '../../src/pairs/columns.ts'
import { isFailure } from '../../src/pairs/failure.ts'
import { parseRecord } from '../../src/pairs/parse.ts'
import { readRows } from '../../src/pairs/read.ts'
import type { Row } from '../../src/types.ts'

const parse = (record: object, columns: ColumnNames) => parseRecord(record, { where: 'f:1', number: 1 }, { columns })
const folder = mkdtempSync(join(tmpdir(), 'columns-'))
afterAll(() => rmSync(folder, { recursive: true }))
async function read(name: string, text: string, columns: ColumnNames) {
  writeFileSync(join(folder, name), text)
  const rows = []
  for await (const row of readRows(join(folder, name), { columns })) rows.push(row)
  return rows
}

describe('a column that is named for a part of the row', () => {
  const record = {
    prompt: 'not this',
    q: 'Name an alcohol.',
    best: 'CCO',
    worst: ['CCN', 'C'],
    key: 9,
    kind: 'easy',
    id: 'x',
  }
  it('is that part, and the column of that name is carried', () => {
    const row = parse(record, { prompt: 'q', chosen: 'best', rejected: 'worst', id: 'key', subset: 'kind' })
    expect(row).toMatchObject({
      id: '9',
      subset: 'easy',
      prompt: 'Name an alcohol.',
      extra: { prompt: 'not this', id: 'x' },
      reading: { columns: { prompt: 'q', chosen: 'best', rejected: 'worst', id: 'key', subset: 'kind' } },
    })
    expect((row as Row).completions.map(({ role, text }) => [role, text])).toEqual([
      ['chosen', 'CCO'],
      ['rejected', 'CCN'],
      ['rejected', 'C'],
    ])
    expect(Object.keys((row as Row).extra)).toEqual(['prompt', 'id'])
  })
  it('is not said to be unread under the name of its part', () => {
    expect(parse({ q: 'a', chosen: 'c', rejected: 'd', note: 1 }, { prompt: 'q' })).toMatchObject({
      extra: { note: 1 },
    })
    expect(Object.keys((parse({ q: 'a', chosen: 'c', rejected: 'd' }, { prompt: 'q' }) as Row).extra)).toEqual([])
  })
  it('goes before every prompt-like column, for groups and single completions too', () => {
    expect(parse({ question: 'a', query: 'b', chosen: 'c', rejected: 'd' }, { prompt: 'query' })).toMatchObject({
      prompt: 'b',
    })
    expect(parse({ text: 'a', completions: ['c'] }, { prompt: 'text' })).toMatchObject({ kind: 'group', prompt: 'a' })
    expect(parse({ text: 'a', completion: 'c' }, { prompt: 'text' })).toMatchObject({ kind: 'single', prompt: 'a' })
  })
  it('fails the row that lacks it, with the column that was probably meant', () => {
    expect(parse({ prompts: 'p', chosen: 'a', rejected: 'b' }, { prompt: 'prompt_' })).toMatchObject({
      reason: 'missing_column',
      message: '"prompt_" is missing',
      hint: 'Is "prompts" meant?',
    })
    expect(parse({ q: null, chosen: 'a', rejected: 'b' }, { prompt: 'q' })).toMatchObject({ message: '"q" is null' })
    expect(parse({ prompt: 'p', chosen: 'a', rejected: 'b' }, { id: 'key' })).toMatchObject({
      reason: 'missing_column',
    })
    // a subset may be absent
    expect(parse({ prompt: 'p', chosen: 'a', rejected: 'b' }, { subset: 'kind' })).toMatchObject({ subset: '' })
    // messages name the column as the file does
    expect(parse({ prompt: 'p', best: 3, rejected: 'b' }, { chosen: 'best' })).toMatchObject({
      message: '"best" is a number, expected messages or a string',
    })
  })
  it('is never passed over: messages with their answer have no other prompt', () => {
    const messages = [
      { role: 'user', content: 'Q' },
      { role: 'assistant', content: 'A' },
    ]
    expect(parse({ q: 'x', messages }, { prompt: 'q' })).toMatchObject({ reason: 'ambiguous_prompt' })
    expect(parse({ q: 'x', messages, completion: 'A' }, { prompt: 'q' })).toMatchObject({ prompt: 'x' })
  })
  it('is an error where no record has it', async () => {
    const text = '{"prompt":"p","chosen":"a","rejected":"b","kind":"x"}\n'
    const error = await read('none.jsonl', text, { subset: 'kinds' }).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(DataError)
    expect(error).toMatchObject({
      message: 'no record has the column "kinds" (--subset-column)',
      hint: 'Is "kind" meant? The columns are prompt, chosen, rejected, kind.',
    })
    await expect(read('none.csv', 'prompt,chosen,rejected\np,a,b\n', { prompt: 'question' })).rejects.toThrow(
      'no record has the column "question" (--prompt-column)',
    )
  })
  it('an empty cell of a CSV is an empty text in a column of text', async () => {
    const [row] = await read('empty.csv', 'q,best,worst,kind\np,,b,\n', {
      prompt: 'q',
      chosen: 'best',
      rejected: 'worst',
      subset: 'kind',
    })
    expect(row).toMatchObject({ subset: '', completions: [{ text: '' }, { text: 'b' }] })
  })
})

it.each([
  [{ prompt: 'x', chosen: 'x' }, '--chosen-column', 'would be the prompt and the chosen'],
  [{ prompt: 'chosen' }, '--prompt-column', 'would be the prompt and the chosen'],
  [{ subset: 'id' }, '--subset-column', 'would be the id and the subset'],
] as const)('%j: one column is one part', (names, where, message) => {
  const check = () => checkColumnNames(names)
  expect(check).toThrow(UsageError)
  expect(check).toThrow(message)
  expect(check).toThrow(expect.objectContaining({ where }))
  expect(() => checkColumnNames({ prompt: 'chosen', chosen: 'best', subset: 'problem_type' })).not.toThrow()
})

it('the rows of the same bytes by other columns are other data', () => {
  const bytes = 'ab'.repeat(32)
  expect(rowsSha256(bytes, {})).toBe(bytes)
  // printf 'abab…  prompt q\nabab…  id k\n' | sha256sum
  const text = `${bytes}  prompt q\n${bytes}  id k\n`
  expect(rowsSha256(bytes, { id: 'k', prompt: 'q' })).toBe(createHash('sha256').update(text).digest('hex'))
})

it('shows rows whose columns differ', async () => {
  const rows = await read(
    'mixed.jsonl',
    '{"question":"a","chosen":"c","rejected":"d"}\n{"prompt":"b","chosen":"c","rejected":"d"}\n{"chosen":"c","rejected":"d","instruction":null}\n',
    {},
  )
  expect(rows.map((row) => (isFailure(row) ? row.message : row.reading?.columns.prompt))).toEqual([
    'question',
    'prompt',
    '"instruction" is null, and no other column is the prompt',
  ])
})

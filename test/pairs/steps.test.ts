import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isFailure } from '../../src/pairs/failure.ts'
import { readRowsAs } from '../../src/pairs/read.ts'
import { type ProcessRow, parseStepRecord } from '../../src/pairs/steps.ts'
import type { RowFailure } from '../../src/types.ts'

const PLACE = { where: 'steps.jsonl:3', number: 3 }
const CHOICE = { prompt: 'Hi', steps: ['One.'], candidates: ['Two.', 'Three.'] }
const row = (record: unknown): ProcessRow => {
  const parsed = parseStepRecord(record, PLACE)
  if (isFailure(parsed)) throw new Error(parsed.message)
  return parsed
}
const failure = (record: unknown): RowFailure => {
  const parsed = parseStepRecord(record, PLACE)
  if (!isFailure(parsed)) throw new Error('it is a row')
  return parsed
}

describe('candidates', () => {
  it('are read with steps, rationale and label; the completions are the trajectories', () => {
    expect(row({ ...CHOICE, id: 'a', subset: 's', rationale: 'Why.', label: 1, source: 'x' })).toMatchObject({
      form: 'choice',
      kind: 'group',
      id: 'a',
      subset: 's',
      prompt: 'Hi',
      steps: ['One.'],
      candidates: ['Two.', 'Three.'],
      rationale: 'Why.',
      label: [1],
      solution: null,
      extra: { source: 'x' },
      completions: [
        { role: 'completion', index: 0, text: 'One.\nTwo.' },
        { role: 'completion', index: 1, text: 'One.\nThree.' },
      ],
    })
  })
  it('without steps, rationale and label', () => {
    expect(row({ prompt: 'Hi', candidates: ['a', 'b'] })).toMatchObject({
      id: '3',
      steps: [],
      rationale: null,
      label: null,
    })
    expect(row({ ...CHOICE, rationale: null, label: null })).toMatchObject({ rationale: null, label: null })
  })
  it('an empty rationale is none, and noted', () => {
    expect(row({ ...CHOICE, rationale: '' })).toMatchObject({
      rationale: null,
      reading: { notes: ['empty_rationale'] },
    })
  })
  it.each([
    [1, [1]],
    [1n, [1]],
    ['1', [1]],
    [
      [0, 1],
      [0, 1],
    ],
    ['[0, 1]', [0, 1]],
    [[true, false], [0]],
    ['[True, False]', [0]],
    [[], []],
    ['', null],
  ])('label %s', (label, want) => {
    expect(row({ ...CHOICE, label })).toMatchObject({ label: want })
  })
  it.each([
    [{ ...CHOICE, candidates: [] }, 'no_candidates', '"candidates" is an empty list'],
    [{ ...CHOICE, candidates: ['a'] }, 'one_candidate', 'nothing is to be chosen'],
    [{ ...CHOICE, candidates: 'a' }, 'wrong_type', '"candidates" is a string, expected a list of texts'],
    [{ ...CHOICE, candidates: ['a', 1] }, 'wrong_type', '"candidates[1]" is a number'],
    [{ ...CHOICE, candidates: ['a', 'b\0'] }, 'nul_character', 'NUL'],
    [{ ...CHOICE, label: 2 }, 'label_out_of_range', '"label" is 2, and there are 2 candidates'],
    [{ ...CHOICE, label: -1 }, 'label_out_of_range', '"label" is -1'],
    [{ ...CHOICE, label: [0, 0] }, 'wrong_type', 'names a candidate twice'],
    [{ ...CHOICE, label: [true] }, 'label_out_of_range', '"label" has 1 entries, "candidates" 2'],
    [{ ...CHOICE, label: 'x' }, 'wrong_type', '"label" is a string'],
    [{ candidates: ['a', 'b'] }, 'no_prompt', '"prompt" is missing'],
    [{ prompt: 'Hi', chosen: 'a', rejected: 'b' }, 'no_steps', 'a pair or a group'],
    [{ prompt: 'Hi', steps: ['a'] }, 'no_candidates', 'neither "candidates" nor labelled steps'],
    [[CHOICE], 'not_an_object', 'a list'],
  ])('%j is no row', (record, reason, message) => {
    expect(failure(record)).toMatchObject({ where: 'steps.jsonl:3', reason, message: expect.stringContaining(message) })
  })
})

describe('labelled steps', () => {
  it.each([
    [{ prompt: 'Hi', completions: ['a', 'b'], labels: [true, false] }, [true, false]],
    [{ prompt: 'Hi', steps: ['a', 'b'], labels: [1, null] }, [true, null]],
    [{ prompt: 'Hi', completions: '["a", "b"]', labels: '[True, False]' }, [true, false]],
    [{ problem: 'Hi', steps: ['a', 'b', 'c'], label: 1 }, [true, false, null]],
    [{ problem: 'Hi', steps: ['a', 'b', 'c'], label: -1 }, [true, true, true]],
  ])('%j', (record, labels) => {
    expect(row(record)).toMatchObject({ form: 'labelled', kind: 'single', labels })
  })
  it.each([
    [{ prompt: 'Hi', completions: ['a'], labels: [true, false] }, '"labels" has 2 entries, and there are 1 steps'],
    [{ prompt: 'Hi', completions: ['a'], labels: [-1] }, '"labels" holds -1, expected true, false or null'],
    [{ prompt: 'Hi', steps: [], labels: [] }, 'expected at least one step'],
    [{ problem: 'Hi', steps: ['a'], label: 1 }, '"label" is 1, and there are 1 steps'],
  ])('%j is no row', (record, message) => {
    expect(failure(record).message).toContain(message)
  })
})

it('rationales and annotated texts', () => {
  expect(row({ prompt: 'Hi', steps: ['a'], rationale: 'r', following: 'f' })).toMatchObject({
    form: 'rationale',
    rationale: 'r',
    following: 'f',
    completions: [],
  })
  // an empty one is defined: its sums are 0
  expect(row({ prompt: 'Hi', rationale: null, following: '' })).toMatchObject({ rationale: '', following: '' })
  expect(row({ input: 'a', output: 'a <R>r<EOT>' })).toMatchObject({ form: 'annotated', input: 'a', completions: [] })
})

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chemherm-steps-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const read = async (name: string, text: string): Promise<(ProcessRow | RowFailure)[]> => {
    writeFileSync(join(folder, name), text)
    const rows: (ProcessRow | RowFailure)[] = []
    for await (const one of readRowsAs(join(folder, name), {}, parseStepRecord, ({ form }) => form)) rows.push(one)
    return rows
  }

  it('CSV has lists as JSON', async () => {
    const [first] = await read('steps.csv', 'prompt,steps,candidates,label\nHi,"[""One.""]","[""a"",""b""]",1\n')
    expect(first).toMatchObject({ steps: ['One.'], candidates: ['a', 'b'], label: [1] })
  })
  it('rows of two forms are refused', async () => {
    const lines = [CHOICE, { prompt: 'Hi', completions: ['a'], labels: [true] }].map((line) => JSON.stringify(line))
    await expect(read('mixed.jsonl', lines.join('\n'))).rejects.toThrow('a labelled row among choice rows')
  })
  it('a bad row is listed, the others are there', async () => {
    const lines = [CHOICE, { ...CHOICE, label: 9 }, CHOICE].map((line) => JSON.stringify(line))
    const rows = await read('bad.jsonl', lines.join('\n'))
    expect(rows.map(isFailure)).toEqual([false, true, false])
    expect(rows[1]).toMatchObject({ where: 'bad.jsonl:2', reason: 'label_out_of_range' })
  })
})

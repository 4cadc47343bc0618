import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { type Bin, type CsvRow, type Done, jsonLines, QUICK, readCsv, readJson, run, temporaryFolder } from './bin.ts'

/** Which columns a run reads: by name, by itself, and what it says of it. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)
const file = (name: string, text: string): string => {
  writeFileSync(at(name), text)
  return at(name)
}
/** Every text has a length of its own. */
const WIDE = [
  { prompt: 'Hi', q: 'Name an alcohol.', chosen: 'CCC', best: 'CCCCO', rejected: 'C', worst: 'CCCCCCN', id: 'i', key: 'k', subset: 's', kind: 't' },
] // biome-ignore format: one line says it
const wide = file('wide.jsonl', jsonLines(WIDE))
const plain = file(
  'plain.jsonl',
  jsonLines([{ prompt: 'Name an alcohol.', chosen: 'CCCCO', rejected: 'CCCCCCN', id: 'k', subset: 't' }]),
)

interface Record {
  readonly dataset: {
    readonly columns: Readonly<{ [part: string]: string }>
    readonly column_counts: unknown
    readonly readings: unknown
    readonly rows_sha256: string
    readonly sha256: string
  }
  readonly config: { readonly columns: unknown }
  readonly warnings: readonly string[]
}
const BINS: readonly Bin[] = ['run-rm', 'run-dpo', 'run-verify']
const go = (bin: Bin, name: string, ...args: string[]): Promise<Done> =>
  run(bin, [
    '--output-dir',
    folder.path,
    '--name',
    `${bin}-${name}`,
    ...(bin === 'run-verify' ? ['--resamples', '100'] : QUICK),
    ...args,
  ])
const out = (bin: Bin, name: string, data = 'wide'): string => at(`${bin}-${name}`, data)
const pairOf = (path: string): CsvRow => readCsv(path, 'pairs.csv')[0]!
const recordOf = (path: string): Record => readJson<Record>(path, 'run.json')

describe.each(BINS)('%s', (bin) => {
  beforeAll(async () => {
    for (const [name, data] of [
      ['default', wide],
      ['plain', plain],
    ] as const)
      expect(await go(bin, name, '--dataset', data)).toMatchObject({ code: 0 })
  })

  it.each([
    ['prompt', 'q', 'cluster'],
    ['chosen', 'best', 'chosen_chars'],
    ['rejected', 'worst', 'rejected_chars'],
    ['id', 'key', 'id'],
    ['subset', 'kind', 'subset'],
  ] as const)('--%s-column changes what is read, and no other part', async (part, column, cell) => {
    expect(await go(bin, part, '--dataset', wide, `--${part}-column`, column)).toMatchObject({ code: 0 })
    const [before, now, wanted] = [
      pairOf(out(bin, 'default')),
      pairOf(out(bin, part)),
      pairOf(out(bin, 'plain', 'plain')),
    ]
    for (const other of ['cluster', 'chosen_chars', 'rejected_chars', 'id', 'subset'])
      expect({ [other]: now[other] }).toEqual({ [other]: (other === cell ? wanted : before)[other] })
    expect(now[cell]).not.toBe(before[cell])
    const { dataset, config } = recordOf(out(bin, part))
    expect(dataset.columns).toMatchObject({ [part]: column })
    expect(config.columns).toEqual({ [part]: column })
    expect(dataset.rows_sha256).not.toBe(dataset.sha256)
    expect(recordOf(out(bin, 'default')).dataset).toMatchObject({
      columns: { prompt: 'prompt', chosen: 'chosen', rejected: 'rejected', id: 'id', subset: 'subset' },
      rows_sha256: dataset.sha256,
    })
  })

  it('all of them in a config file give the numbers of the plain file', async () => {
    const yaml = file(
      `${bin}.yaml`,
      'prompt_column: q\nchosen-column: best\nrejected_column: worst\nid_column: key\nsubset_column: kind\n',
    )
    const done = await go(bin, 'config', '--dataset', wide, '--config', yaml)
    expect(done.code).toBe(0)
    const { margin, chosen_score, rejected_score, cluster } = pairOf(out(bin, 'plain', 'plain'))
    expect(pairOf(out(bin, 'config'))).toMatchObject({
      margin,
      chosen_score,
      rejected_score,
      cluster,
      id: 'k',
      subset: 't',
    })
    expect(done.stderr).toContain(
      'columns: prompt from q, chosen from best, rejected from worst, id from key, subset from kind',
    )
    // named, so nothing to warn of
    expect(recordOf(out(bin, 'config')).warnings.filter((text) => /column|the prompt\b/.test(text))).toEqual([])
  })

  it('a column that is nowhere is an error with the columns that there are', async () => {
    const done = await go(bin, 'none', '--dataset', wide, '--prompt-column', 'promt')
    expect(done.code).toBe(3)
    expect(done.stderr).toContain('no record has the column "promt" (--prompt-column)')
    expect(done.stderr).toContain('Is "prompt" meant? The columns are prompt, q, chosen')
    const twice = await go(bin, 'twice', '--dataset', wide, '--chosen-column', 'rejected')
    expect({ code: twice.code, stderr: twice.stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the column "rejected" would be the chosen and the rejected'),
    })
  })
})

describe.concurrent('without names', () => {
  const cases = (name: string): string => packagePath('test/data/pairs/cases', name)
  const saved = (name: string): string => packagePath('test/data/pairs/saved', name)

  it('a prompt-like column is the prompt: the numbers of a file that calls it so, and a word', async () => {
    const rows = [
      { prompt: 'Which is an alcohol?', chosen: 'The answer is CCO.', rejected: 'The answer is CCN.' },
      { prompt: 'Give the SMILES of benzene.', chosen: 'It is c1ccccc1', rejected: 'It is C1CCCCC1' },
      { prompt: 'Name an acid.', chosen: 'Acetic acid', rejected: 'Water' },
    ]
    await go('run-rm', 'named', '--dataset', file('named.jsonl', jsonLines(rows)))
    const done = await go('run-rm', 'like', '--dataset', cases('question-column.jsonl'))
    expect(done.code).toBe(0)
    const path = out('run-rm', 'like', 'question-column')
    const scores = (place: string) => readCsv(place, 'scores.csv').map(({ score, text_sha256 }) => [score, text_sha256])
    expect(scores(path)).toEqual(scores(out('run-rm', 'named', 'named')))
    const warnings = [
      'no column "prompt": the prompt is "question" (3 rows)',
      'the column "system" holds something and is not shown to the model (1 of 3 rows)',
    ]
    for (const text of warnings) expect(done.stderr).toContain(text)
    expect(done.stderr).toContain('columns: prompt from question, chosen, rejected; not read: system')
    expect(recordOf(path).warnings).toEqual(expect.arrayContaining(warnings))
    expect(recordOf(path)).toMatchObject({
      dataset: {
        columns: { prompt: 'question', chosen: 'chosen', rejected: 'rejected' },
        column_counts: { prompt: { question: 3 } },
        readings: { 'unread:system': 1 },
      },
    })
  })

  it('an implicit prompt and a repeated one are said and counted', async () => {
    const user = { role: 'user', content: 'Q' }
    const [a, b] = ['CCO', 'CCN'].map((content) => ({ role: 'assistant', content }))
    const rows = [
      { chosen: [user, a], rejected: [user, b] },
      { prompt: [user], chosen: [user, a], rejected: [user, b] },
      { prompt: [user], chosen: [{ role: 'user', content: 'other' }, a], rejected: [b] },
    ]
    const done = await go('run-rm', 'repairs', '--dataset', file('repairs.jsonl', jsonLines(rows)))
    expect(done.code).toBe(4)
    const path = out('run-rm', 'repairs', 'repairs')
    expect(recordOf(path)).toMatchObject({ dataset: { readings: { implicit_prompt: 1, repeated_prompt: 1 } } })
    expect(done.stderr).toContain(
      'no column is the prompt: it is what chosen and rejected begin with, whole turns (1 of 2 rows)',
    )
    expect(done.stderr).toContain('the completions repeated turns of the prompt: these stand once now (1 of 2 rows)')
    // both rows are the same text now
    expect(new Set(readCsv(path, 'scores.csv').map(({ text_sha256 }) => text_sha256)).size).toBe(2)
    expect(readCsv(path, 'failures.csv')).toMatchObject([{ where: 'repairs.jsonl:3', reason: 'prompt_mismatch' }])
  })

  it('messages as JSON text give the scores of messages', async () => {
    const message = (role: string, content: string) => [{ role, content }]
    const rows = [
      {
        prompt: message('user', 'Name an alcohol.'),
        chosen: message('assistant', 'CCO'),
        rejected: message('assistant', 'CCN'),
      },
    ]
    await go('run-rm', 'turns', '--dataset', file('turns.jsonl', jsonLines(rows)))
    const want = pairOf(out('run-rm', 'turns', 'turns')).margin
    expect(Number(want)).not.toBe(0)
    for (const name of ['messages-as-json-text', 'one-message-object', 'sharegpt-from-value']) {
      expect(await go('run-rm', name, '--dataset', cases(`${name}.jsonl`))).toMatchObject({ code: 0 })
      expect(pairOf(out('run-rm', name, name)).margin).toBe(want)
    }
  })

  it('NaN in a column that is carried costs nothing, in one that is read its row', async () => {
    const done = await go('run-verify', 'nan', '--dataset', cases('unused-column-nan.jsonl'))
    expect(done.code).toBe(0)
    const found = readCsv(out('run-verify', 'nan', 'unused-column-nan'), 'pairs.csv')
    expect(found.map(({ score_chosen }) => score_chosen)).toEqual(['NaN', '1'])
    const rows = '{"prompt": "p", "chosen": NaN, "rejected": "b"}\n{"prompt": "p", "chosen": "a", "rejected": "b"}\n'
    const partly = await go('run-verify', 'used', '--dataset', file('used.jsonl', rows))
    expect({ code: partly.code, stderr: partly.stderr }).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('used.jsonl:1: "chosen" is NaN, expected messages or a string'),
    })
  })

  it.each(BINS)('%s refuses the steps of one answer', async (bin) => {
    const done = await go(bin, 'steps', '--dataset', cases('stepwise-completions-labels.jsonl'))
    expect(done.code).toBe(3)
    expect(done.stderr).toContain('stepwise supervision (TRL')
    expect(done.stderr).toContain('steps of one answer, not alternative answers')
  })

  it('a folder of save_to_disk and a .tsv are read, a table column by column is refused by name', async () => {
    expect(await go('run-verify', 'arrow', '--dataset', saved('dataset'))).toMatchObject({ code: 0 })
    expect(readCsv(out('run-verify', 'arrow', 'dataset'), 'pairs.csv').map(({ id }) => id)).toEqual(
      [0n, 1n, 2n, 3n, 4n].map((i) => String(2n ** 60n + i)),
    )
    expect(await go('run-verify', 'tsv', '--dataset', saved('pandas.tsv'))).toMatchObject({ code: 0 })
    expect(readCsv(out('run-verify', 'tsv', 'pandas'), 'pairs.csv')).toHaveLength(3)
    const refused = await go('run-verify', 'wise', '--dataset', saved('pandas-columns.json'))
    expect({ code: refused.code, stderr: refused.stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('df.to_json(path, orient="records", lines=True)'),
    })
    expect(await go('run-verify', 'split', '--dataset', saved('dict'))).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('the data set has the splits train, test'),
    })
    expect(await go('run-verify', 'split', '--dataset', saved('dict'), '--split', 'test')).toMatchObject({ code: 0 })
  })
})

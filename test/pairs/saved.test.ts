import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { DataError } from '../../src/errors.ts'
import { isFailure } from '../../src/pairs/failure.ts'
import { type ReadOptions, readRows } from '../../src/pairs/read.ts'
import type { Row, RowFailure } from '../../src/types.ts'

/** Files as `datasets`, pandas and pyarrow write them: scripts/oracles/saved_pairs.py. */
const saved = (name: string): string => join('test/data/pairs/saved', name)
const folder = mkdtempSync(join(tmpdir(), 'saved-'))
afterAll(() => rmSync(folder, { recursive: true }))
function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
async function all(path: string, options?: ReadOptions): Promise<(Row | RowFailure)[]> {
  const rows = []
  for await (const row of readRows(path, options)) rows.push(row)
  return rows
}
async function rows(path: string, options?: ReadOptions): Promise<Row[]> {
  return (await all(path, options)).map((row) => {
    if (isFailure(row)) throw new Error(row.message)
    return row
  })
}
const texts = ({ prompt, completions }: Row) => [prompt, ...completions.map(({ text }) => text)]
const TEXTS = [0, 1, 2].map((i) => [`q${i}`, `c${i}`, `r${i}`])

describe('datasets.save_to_disk', () => {
  it('is read as its state.json says: the files in order, 64-bit ids whole, no cache of map()', async () => {
    const found = await rows(saved('dataset'))
    expect(found.map(({ id }) => id)).toEqual([0n, 1n, 2n, 3n, 4n].map((i) => String(2n ** 60n + i)))
    expect(found.map(({ where }) => where)[3]).toBe('data-00001-of-00002.arrow:1')
    expect(texts(found[1]!)).toEqual([
      [{ role: 'user', content: 'Name alcohol 1, e.g. Grüße 🧪' }],
      [{ role: 'assistant', content: 'CO' }],
      [{ role: 'assistant', content: 'N' }],
    ])
    expect(found[1]!.extra).toEqual({ score: 'NaN' })
  })
  it('a DatasetDict needs its split named', async () => {
    await expect(all(saved('dict'))).rejects.toMatchObject({
      message: 'the data set has the splits train, test',
      hint: 'Choose one with --split, such as --split train.',
    })
    expect((await rows(saved('dict'), { split: 'test' })).map(texts)).toEqual(TEXTS)
    expect(await rows(saved('dict'), { split: 'train' })).toHaveLength(2)
    await expect(all(saved('dict'), { split: 'dev' })).rejects.toThrow('no data file belongs to the split "dev"')
  })
})

describe('Arrow', () => {
  it.each(['typed.arrow', 'typed-stream.arrow'])(
    '%s: large, dictionary and nested types, over two batches',
    async (name) => {
      const found = await rows(saved(name))
      const message = (content: string) => [{ role: 'assistant', content }]
      expect(found.map(texts)).toEqual([
        ['q1', message('a'), 'x'],
        ['q2', message('b'), 'y'],
        ['q3', message('c'), 'x'],
      ])
      expect(found[0]).toMatchObject({ id: String(2n ** 60n + 1n), where: `${name}:1` })
      expect(found[0]!.extra).toEqual({
        when: '2024-01-02T03:04:05.000Z',
        day: '2024-01-02T00:00:00.000Z',
        cost: '1.25',
        flags: [true, null],
        small: 1,
      })
    },
  )
  it('Feather, and not compressed Feather', async () => {
    expect((await rows(saved('plain.feather'))).map(texts)).toEqual(TEXTS)
    await expect(all(saved('lz4.feather'))).rejects.toMatchObject({ hint: expect.stringContaining('to_parquet') })
  })
  it('a file that is cut anywhere is an error, also between two batches', async () => {
    for (const name of ['typed.arrow', 'typed-stream.arrow']) {
      const bytes = readFileSync(saved(name))
      for (let size = 8; size < bytes.length; size += 88)
        await expect(all(file('cut.arrow', bytes.subarray(0, size)))).rejects.toBeInstanceOf(DataError)
      // 2080: the end of the stream's first batch
      await expect(all(file('cut.arrow', bytes.subarray(0, 2080)))).rejects.toThrow('the Arrow file has no end')
    }
    await expect(all(file('no.arrow', 'hello'))).rejects.toThrow('the file does not begin as Arrow does')
  })
})

describe('pandas', () => {
  it.each(['pandas-records.json', 'pandas-table.json', 'pandas.tsv'])('%s', async (name) => {
    expect((await rows(saved(name))).map(texts)).toEqual(TEXTS)
  })
  it.each(['pandas-columns.json', 'pandas-index.json', 'pandas-split.json', 'to-dict.json'])(
    '%s is refused by name',
    async (name) => {
      for (const path of [saved(name), file(`${name}l`, readFileSync(saved(name)))])
        await expect(all(path)).rejects.toMatchObject({
          message: expect.stringContaining('the data are column by column'),
          hint: expect.stringContaining('orient="records"'),
        })
    },
  )
  it('rows without names are refused', async () => {
    await expect(all(saved('pandas-values.json'))).rejects.toMatchObject({
      hint: expect.stringContaining('orient="records"'),
    })
  })
  it.each(['python-lists.csv', 'numpy-lists.csv'])(
    '%s: messages as Python prints them fail their rows',
    async (name) => {
      const error = await all(saved(name)).catch((e: unknown) => e)
      expect(error).toMatchObject({ message: expect.stringContaining('holds a Python list or dict') })
    },
  )
})

describe('one reading in every format', () => {
  const prompt = [{ role: 'user', content: 'Name an alcohol.' }]
  const [chosen, rejected] = [[{ role: 'assistant', content: 'CCO' }], ['CCN', 'C']]
  const record = { prompt: JSON.stringify(prompt), chosen: JSON.stringify(chosen), rejected: JSON.stringify(rejected) }
  const line = JSON.stringify(record)
  const quoted = (cells: readonly string[]) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`)
  it.each([
    ['as-text.jsonl', line],
    ['as-text.json', `[${line}]`],
    ['as-text.csv', `prompt,chosen,rejected\n${quoted(Object.values(record)).join(',')}\n`],
    ['as-text.tsv', `prompt\tchosen\trejected\n${quoted(Object.values(record)).join('\t')}\n`],
    ['as-lists.jsonl', JSON.stringify({ prompt, chosen, rejected })],
  ])('%s', async (name, content) => {
    expect((await rows(file(name, content))).map(texts)).toEqual([[prompt, chosen, ...rejected]])
  })
  it('json-text.parquet', async () => {
    const found = await rows(saved('json-text.parquet'))
    expect(found).toHaveLength(5)
    expect(texts(found[2]!)[1]).toEqual([{ role: 'assistant', content: 'CCO' }])
  })
})

describe('JSON under the name of another form', () => {
  const rowOf = (i: number) => ({ prompt: `q${i}`, chosen: `c${i}`, rejected: `r${i}` })
  const list = [0, 1, 2].map(rowOf)
  it.each([
    ['list.jsonl', JSON.stringify(list)],
    ['list-lines.jsonl', JSON.stringify(list, null, 1)],
    ['list-bom.jsonl', `\ufeff${JSON.stringify(list)}\r\n`],
    ['spread.jsonl', list.map((row) => JSON.stringify(row, null, 2)).join('\n')],
    ['lines.json', list.map((row) => JSON.stringify(row)).join('\r\n\r\n')],
    ['spread.ndjson', `\n${JSON.stringify(list, null, 2)}`],
  ])('%s', async (name, content) => {
    expect((await rows(file(name, content))).map(texts)).toEqual(TEXTS)
  })
  it('a comma too many ends the list with a failure, not in silence', async () => {
    const found = await all(file('comma.json', `[${JSON.stringify(rowOf(0))},]`))
    expect(found.map((row) => isFailure(row))).toEqual([false, true])
    const lines = await all(file('comma.jsonl', `${JSON.stringify(rowOf(0))},\n${JSON.stringify(rowOf(1))}\n`))
    expect(lines.map((row) => (isFailure(row) ? row.hint : row.id))).toEqual([
      'Take the comma behind the record off.',
      '2',
    ])
  })
  it('a first line that is broken does not make lines a document', async () => {
    const found = await all(file('broken.jsonl', `{"prompt": \n${JSON.stringify(rowOf(1))}\n`))
    expect(found.map((row) => isFailure(row))).toEqual([true, false])
  })
})

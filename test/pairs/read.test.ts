import {
  copyFileSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataError, UsageError } from '../../src/errors.ts'
import { builtinDataset } from '../../src/pairs/builtin.ts'
import { isFailure } from '../../src/pairs/failure.ts'
import { hashDataset, listDataFiles } from '../../src/pairs/files.ts'
import { type ReadOptions, readRows } from '../../src/pairs/read.ts'
import { cutRows, parseShard } from '../../src/pairs/shard.ts'
import { csvText } from '../../src/report/csv.ts'
import type { Row, RowFailure } from '../../src/types.ts'

const FORMATS = 'test/data/pairs/formats'
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pairs-'))
})
afterAll(() => rmSync(dir, { recursive: true }))

async function all(source: string | string[], options?: ReadOptions): Promise<(Row | RowFailure)[]> {
  const rows: (Row | RowFailure)[] = []
  for await (const row of readRows(source, options)) rows.push(row)
  return rows
}
const usable = async (source: string | string[], options?: ReadOptions): Promise<Row[]> =>
  (await all(source, options)).filter((row): row is Row => !isFailure(row))
const failures = async (source: string): Promise<RowFailure[]> => (await all(source)).filter(isFailure)
const ids = async (source: string | string[], options?: ReadOptions) =>
  (await usable(source, options)).map((row) => row.id)
function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}
const line = (row: object): string => `${JSON.stringify(row)}\n`
const pair = (extra: object = {}) => ({ prompt: 'p', chosen: 'a', rejected: 'b', ...extra })
const content = ({ id, subset, prompt, completions, solution }: Row) => ({ id, subset, prompt, completions, solution })

describe('formats', () => {
  it.each([
    'pairs-bom-crlf.jsonl',
    'pairs.json',
    'pairs-compact.json',
    'pairs-data.json',
    'pairs-splits.json',
    'pairs-lines.json',
    'pairs.jsonl.gz',
    'pairs.json.gz',
    'pairs.csv',
    'pairs.csv.gz',
    'pairs.tsv',
    'pairs-semicolon.csv',
    'pairs-snappy.parquet',
    'pairs-zstd.parquet',
    'pairs-gzip.parquet',
    'pairs-brotli.parquet',
    'pairs-lz4.parquet',
    'pairs-none.parquet',
    'pairs-none.parquet.gz',
  ])('%s gives the rows of pairs.jsonl', async (name) => {
    const expected = (await usable(join(FORMATS, 'pairs.jsonl'))).map(content)
    expect(expected.map((row) => row.id)).toEqual(['p1', 'p2', 'p3'])
    expect((await all(join(FORMATS, name))).map((row) => (isFailure(row) ? row : content(row)))).toEqual(expected)
  })
  it('reads list and struct columns of Parquet, row group by row group', async () => {
    const rows = await usable(join(FORMATS, 'conversations.parquet'))
    expect(rows.map((row) => [row.id, row.where, row.prompt])).toEqual(
      [0, 1, 2, 3, 4].map((i) => [
        String(2 ** 40 + i),
        `conversations.parquet:${i + 1}`,
        [{ role: 'user', content: `q${i}` }],
      ]),
    )
    expect(rows[1]!.extra).toEqual({ large: String(2n ** 60n + 1n), score: 0.5 })
  })
  it('tells the format by the bytes where the name does not', async () => {
    for (const name of ['pairs.jsonl', 'pairs.json', 'pairs.json.gz', 'pairs-zstd.parquet']) {
      copyFileSync(join(FORMATS, name), join(dir, 'unnamed'))
      expect(await ids(join(dir, 'unnamed'))).toEqual(['p1', 'p2', 'p3'])
    }
  })
  it('cuts JSON values right at any chunk boundary', async () => {
    const { readJson } = await import('../../src/pairs/json.ts')
    const text =
      '{"a":{"data":[1]},"data" : [ {"x":"]\\"}é🧪"} , 3,"s" , [[{}]],null,{"b":[1}} ,-1.5e3 ] , "z":"]"}\n{"prompt":1}\n7 "x"'
    const bytes = Buffer.from(text)
    const read = async (size: number) => {
      const out = []
      async function* chunks() {
        for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
      }
      for await (const raw of readJson(chunks(), null)) out.push(raw)
      return out
    }
    const whole = await read(bytes.length)
    expect(whole.map((raw) => ('value' in raw ? raw.value : raw.reason))).toEqual([
      { x: ']"}é🧪' },
      3,
      's',
      [[{}]],
      null,
      'invalid_json',
      -1500,
      { prompt: 1 },
      7,
      'x',
    ])
    for (let size = 1; size < 20; size++) expect(await read(size)).toEqual(whole)
  })
  it('reads one object, and nothing from an empty list', async () => {
    expect(await ids(file('one.json', JSON.stringify(pair({ data: [1] }), null, 1)))).toEqual(['1'])
    await expect(all(file('none.json', ' [ ] '))).rejects.toThrow(/there is no row/)
  })
  it('takes the list of the split', async () => {
    expect(await ids(join(FORMATS, 'pairs-splits.json'), { split: 'test' })).toEqual(['p2', 'p3'])
  })
})

describe('files that cannot be used', () => {
  it.each([
    ['empty.jsonl', '', 'the file is empty'],
    ['blank.jsonl', ' \n\n', 'there is no row'],
    ['arrow.jsonl', 'ARROW1\0\0', 'the Arrow file has no end'],
    ['zip.csv', 'PK\x03\x04rest', 'the file is a zip file'],
    ['utf16.jsonl', Buffer.from('\ufeff{}', 'utf16le'), 'the file is UTF-16 text'],
    ['unmarked.csv', Buffer.from('prompt,chosen', 'utf16le'), 'the file is UTF-16 text'],
    ['swapped.jsonl', Buffer.from('{"prompt":1}', 'utf16le').swap16(), 'the file is UTF-16 text'],
    ['lfs.parquet', 'version https://git-lfs.github.com/spec/v1\noid', 'the file is a Git LFS pointer, not the data'],
    ['text.parquet', 'hello', 'the file does not begin as Parquet does (PAR1)'],
    ['cut.parquet', readFileSync(join(FORMATS, 'pairs-zstd.parquet')).subarray(0, 900), 'cannot be read as Parquet'],
    [
      'cut.jsonl.gz',
      readFileSync(join(FORMATS, 'pairs.jsonl.gz')).subarray(0, 200),
      'cannot be unpacked: it ends in the middle',
    ],
    ['what.txt', 'hello', 'the format of the file is not known'],
    ['lines.csv', '{"prompt": "p", "chosen": "a", "rejected": "b"}\n', 'holds JSON, its name says CSV'],
    ['twice.csv', 'prompt,prompt\n', 'the column "prompt" appears twice in the header'],
    [
      'numbers.jsonl',
      '1\n2\n',
      'none of the 2 records is usable; the first, numbers.jsonl:1: the record is a number, expected an object',
    ],
  ])('%s', async (name, bytes, message) => {
    const error = await all(file(name, bytes)).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(DataError)
    expect((error as DataError).message).toContain(message)
    expect((error as DataError).exitCode).toBe(3)
  })
  it('a missing file, and a folder without data', async () => {
    await expect(all(join(dir, 'nowhere.jsonl'))).rejects.toThrow('there is no such file or folder')
    mkdirSync(join(dir, 'hollow'))
    await expect(all(join(dir, 'hollow'))).rejects.toThrow('the folder holds no data file')
  })
  it('lists duplicate ids, ten at most, with both records', async () => {
    const twice = file('twice.jsonl', [1, 2, 1, 2].map((id) => line(pair({ id }))).join(''))
    await expect(all(twice)).rejects.toThrow('2 duplicate ids: "1" (records 1 and 3), "2" (records 2 and 4)')
    const often = file('often.jsonl', line(pair({ id: 'x' })).repeat(13))
    await expect(all(often)).rejects.toThrow(/^12 duplicate ids: .*\(records 1 and 11\) and 2 more$/)
  })
  it('refuses rows of several kinds', async () => {
    const mixed = file('mixed.jsonl', line(pair()) + line({ prompt: 'p', completions: ['a'] }))
    await expect(all(mixed)).rejects.toMatchObject({
      message: 'a group row among pair rows (the first is mixed.jsonl:1)',
      where: 'mixed.jsonl:2',
    })
  })
})

describe('one bad record does not end the reading', () => {
  it('JSON lines', async () => {
    const bytes = Buffer.concat([
      Buffer.from(`${line(pair())}{"prompt": \n\n[1]\n`),
      Buffer.from([0x22, 0xff, 0x22, 0x0a]),
      Buffer.from(`{"prompt":"p","chosen":"a","rejected":"b","x":NaN}\n${line(pair())}`),
    ])
    const rows = await all(file('bad.jsonl', bytes))
    expect(rows.map((row) => (isFailure(row) ? [row.where, row.reason] : row.id))).toEqual([
      '1',
      ['bad.jsonl:2', 'invalid_json'],
      ['bad.jsonl:4', 'not_an_object'],
      ['bad.jsonl:5', 'invalid_utf8'],
      '5',
      '6',
    ])
    expect((rows[4] as Row).extra).toEqual({ x: 'NaN' })
  })
  it('a JSON list, with the lines of its elements', async () => {
    const rows = await all(file('bad.json', `[\n${JSON.stringify(pair())},\n{"x":tru},\n\n ${JSON.stringify(pair())}]`))
    expect(rows.map((row) => [row.where, isFailure(row)])).toEqual([
      ['bad.json:2', false],
      ['bad.json:3', true],
      ['bad.json:5', false],
    ])
    expect(await failures(file('cut.json', `[${JSON.stringify(pair())},{"a`))).toMatchObject([
      { reason: 'invalid_json' },
    ])
    expect(await failures(file('comma.json', `[${JSON.stringify(pair())} 3]`))).toMatchObject([
      { message: 'invalid JSON: expected "," or "]" before "3"' },
    ])
    // what stands between values and belongs to none ends the reading
    for (const odd of [',', ']', '}', ':'])
      expect(await failures(file('odd.json', `[${JSON.stringify(pair())}]${odd} {}`))).toMatchObject([
        { message: `invalid JSON: expected a list or an object before ${JSON.stringify(odd)}` },
      ])
  })
  it('CSV', async () => {
    const csv = `prompt,chosen,rejected,subset\np,a,b,\np,a\np,"x ""y""\nz",,s\np,a,"[{'role': 'user', 'content': 'x'}]",s\np,a"b,c,s\np,\xe9,c,s\nlast,[C],'[1],"s"\n`
    const rows = await all(file('bad.csv', Buffer.from(csv, 'latin1')))
    expect(rows.map((row) => (isFailure(row) ? row.reason : row.completions.map((c) => c.text)))).toEqual([
      ['a', 'b'],
      'column_count',
      ['x "y"\nz', ''],
      'python_literal',
      'invalid_csv',
      'invalid_utf8',
      ['[C]', "'[1]"],
    ])
    expect(await failures(join(dir, 'bad.csv'))).toMatchObject([{ where: 'bad.csv:3' }, {}, {}, {}])
  })
  it('CSV under the name of JSON lines', async () => {
    const path = file('tables.jsonl', `${line({ prompt: 'p', chosen: 'a', rejected: 'b' })}id,prompt,chosen\n`)
    expect(await failures(path)).toMatchObject([
      { reason: 'invalid_json', hint: 'If the file is CSV, let its name end in .csv, or in .tsv for tabs.' },
    ])
  })
  it('CSV with tabs or semicolons, and that this is a guess', async () => {
    const notes = async (name: string, text: string) =>
      (await usable(file(name, text))).map((row) => row.reading?.notes)
    expect(await notes('tabs.csv', 'prompt\tchosen\trejected\np\ta\tb\n')).toEqual([['separator:tab']])
    expect(await notes('semi.csv', 'prompt;chosen;rejected\np;a;b\n')).toEqual([['separator:semicolon']])
    expect(await notes('comma.csv', 'prompt,chosen,rejected\np,a,b\n')).toEqual([[]])
    expect(await notes('tabs.tsv', 'prompt\tchosen\trejected\np\ta\tb\n')).toEqual([[]])
  })
  it('CSV with a quote that is never closed', async () => {
    expect(await failures(file('open.csv', 'prompt,chosen,rejected\np,a,b\np,"a,b\n'))).toMatchObject([
      { reason: 'invalid_csv' },
    ])
  })
})

it('undoes the formula guard of our own CSV files exactly', async () => {
  // a text that looks like a list is another matter
  const text = fc
    .string({ unit: fc.constantFrom(...`'=+-@\t\r\n ,";[C]x1é🧪`), maxLength: 8 })
    .filter((cell) => !/^\s*\[/.test(cell))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 20 }), async (pairs) => {
      const path = file(
        'guarded.csv',
        csvText([['prompt', 'chosen', 'rejected'], ...pairs.map(([a, b]) => ['p', a, b])]),
      )
      expect((await usable(path)).map((row) => row.completions.map((c) => c.text))).toEqual(pairs)
    }),
  )
})

it('closes its files when the reading ends early', async () => {
  const open = () => readdirSync('/proc/self/fd').length
  if (process.platform !== 'linux') return
  const before = open()
  for (const name of ['pairs.json', 'pairs.json.gz', 'pairs.csv', 'pairs.csv.gz', 'pairs.jsonl', 'pairs-zstd.parquet'])
    for (let i = 0; i < 5; i++) expect(await ids(join(FORMATS, name), { limit: 1 })).toEqual(['p1'])
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(open() - before).toBeLessThan(5)
})

describe('folders', () => {
  it('reads all data files in the order of their names, or those of a split', async () => {
    const folder = join(dir, 'set')
    mkdirSync(join(folder, 'data'), { recursive: true })
    mkdirSync(join(folder, '.cache'))
    for (const [name, id] of [
      ['data/train-00001-of-00002.jsonl', 'c'],
      ['data/train-00000-of-00002.jsonl', 'b'],
      ['data/test-0.jsonl', 'a'],
      ['dataset_infos.json', 'no'],
      ['.cache/x.jsonl', 'no'],
      ['README.md', 'no'],
    ])
      writeFileSync(join(folder, name!), line(pair({ id })))
    expect(await ids(folder)).toEqual(['a', 'b', 'c'])
    expect(await ids(folder, { split: 'train' })).toEqual(['b', 'c'])
    await expect(all(folder, { split: 'dev' })).rejects.toThrow('no data file belongs to the split "dev"')
    await expect(all(folder, { split: 'tra' })).rejects.toThrow(DataError)
  })
  it('numbers rows over all files', async () => {
    const one = file('one.jsonl', line(pair()))
    const two = file('two.jsonl', line(pair()))
    expect((await usable([one, two])).map((row) => [row.id, row.where])).toEqual([
      ['1', 'one.jsonl:1'],
      ['2', 'two.jsonl:1'],
    ])
  })
})

describe('filters, limit and shards', () => {
  const demo = builtinDataset('demo-pairs')!
  it('reads the built-in sets', async () => {
    expect((await usable(demo)).length).toBe(300)
    expect((await usable(builtinDataset('demo-groups')!)).every((row) => row.kind === 'group')).toBe(true)
    expect(builtinDataset('no-such')).toBeNull()
  })
  it('filters by problem type or subset, and says what there is when nothing is left', async () => {
    const types = new Set((await usable(demo, { filters: ['re:.*formula'] })).map((row) => row.problemType))
    expect(types).toEqual(new Set(['molecule-formula', 'simple-formula']))
    await expect(all(demo, { filters: ['formula'] })).rejects.toMatchObject({
      message: 'no row passes --filter formula',
      hint: expect.stringContaining('molecule-formula'),
    })
    await expect(all(demo, { filters: ['a', '!b'] })).rejects.toThrow(UsageError)
  })
  it('splits into shards that together are the run, limited ones too; ids do not change', async () => {
    for (const limit of [null, 50]) {
      const whole = await ids(demo, { limit })
      const cut = await cutRows(readRows(demo, { limit }), 7)
      const shards = []
      for (let index = 1; index <= 7; index++) shards.push(await ids(demo, { limit, shard: { cut, index } }))
      expect(shards.flat().sort()).toEqual([...whole].sort())
      expect(shards.every((shard) => shard.length > 0)).toBe(true)
    }
    expect((await ids(demo, { limit: 10 })).length).toBe(10)
  })
  it('reads a shard as i/n', () => {
    expect(parseShard('2/8')).toEqual({ index: 2, count: 8 })
    for (const bad of ['0/2', '3/2', '1', 'a/b', '1/0', '-1/2']) expect(() => parseShard(bad)).toThrow(UsageError)
  })
})

it('hashes files as sha256sum does', async () => {
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
  const path = file('nothing', '')
  expect(await hashDataset(await listDataFiles(path))).toEqual({
    sha256: empty,
    files: [{ name: 'nothing', sizeBytes: 0, sha256: empty }],
  })
  const two = await hashDataset([
    { path, name: 'a' },
    { path, name: 'b' },
  ])
  expect(two.sha256).not.toBe(empty)
})

describe('memory', () => {
  const ROWS = 100_000
  // 100,000 rows of about 1,200 bytes: 120 MB
  async function generate(path: string, json: boolean): Promise<void> {
    const out = createWriteStream(path)
    const text = 'CCO '.repeat(140)
    if (json) out.write('[')
    for (let i = 0; i < ROWS; i++) {
      const row = JSON.stringify({ id: `row-${i}`, prompt: text, chosen: `${text}${i}`, rejected: 'C' })
      if (!out.write(json ? (i === 0 ? row : `,${row}`) : `${row}\n`))
        await new Promise<void>((resolve) => out.once('drain', resolve))
    }
    out.end(json ? ']' : '')
    await new Promise<void>((resolve) => out.once('finish', resolve))
  }
  it.each(['big.jsonl', 'big.json'])('streams %s: what stays in memory does not grow with the file', async (name) => {
    await generate(join(dir, name), name.endsWith('.json'))
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    let rows = 0
    let early = 0
    let most = 0
    for await (const row of readRows(join(dir, name))) {
      if (isFailure(row)) throw new Error(row.message)
      if (++rows % 10_000 !== 0) continue
      collect()
      const { heapUsed, external, arrayBuffers } = process.memoryUsage()
      const used = heapUsed + Math.max(external, arrayBuffers)
      if (rows === 10_000) early = used
      most = Math.max(most, used)
    }
    expect(rows).toBe(ROWS)
    // rows held on to would be 120 MB or more; ids are 7 MB
    expect(most - early).toBeLessThan(60e6)
    rmSync(join(dir, name))
  })
})

describe('nothing is read or lost in silence', () => {
  it('a list of rows beside those that are read is listed', async () => {
    const path = file('dev.json', JSON.stringify({ train: [pair()], meta: [{ author: 'x' }], dev: [pair(), pair()] }))
    expect(await ids(path)).toEqual(['1'])
    expect(await failures(path)).toMatchObject([
      { reason: 'unread_list', message: 'the list under "dev" is not read', hint: expect.stringContaining('--split') },
    ])
    expect(await ids(path, { split: 'dev' })).toEqual(['1', '2'])
    expect((await all(path, { split: 'dev' })).filter(isFailure)).toEqual([])
    const before = file('before.json', JSON.stringify({ dev: [pair()], data: [pair()], version: 1 }))
    expect(await failures(before)).toMatchObject([{ reason: 'unread_list' }])
    // the object is a row itself: its lists are columns
    const row = file('row.json', JSON.stringify({ history: [pair()], ...pair() }))
    expect(await all(row)).toMatchObject([{ id: '1', extra: { history: [pair()] } }])
  })
  it('a guard that is taken off a cell is counted', async () => {
    const path = file('guard.csv', "prompt,chosen,rejected,note\n'-OH?,a,b,\nq,a,b,'=x\n")
    const rows = await usable(path)
    expect(rows.map(({ prompt }) => prompt)).toEqual(['-OH?', 'q'])
    expect(rows.map(({ reading }) => reading!.notes)).toEqual([['formula_guard'], []])
  })
  it('a named column is not one that every object has', async () => {
    const path = file('inherited.jsonl', line(pair({ constructor: 'x', toString: 'Q?' })) + line(pair()))
    for (const [part, name] of [
      ['id', 'constructor'],
      ['prompt', 'toString'],
    ] as const) {
      const rows = await all(path, { columns: { [part]: name } })
      expect(rows.map(isFailure)).toEqual([false, true])
      expect(rows[1]).toMatchObject({ reason: 'missing_column', message: `"${name}" is missing` })
    }
  })
})

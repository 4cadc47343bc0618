import { expect, it } from 'vitest'
import { readCsv } from '../../src/pairs/csv.ts'
import type { RawRecord } from '../../src/pairs/raw.ts'

const MIB = 1 << 20
const HEAD = 'prompt,chosen,rejected\n'

async function read(...parts: readonly (string | Buffer)[]): Promise<RawRecord[]> {
  async function* chunks() {
    for (const part of parts) yield await Promise.resolve(Buffer.from(part))
  }
  const found: RawRecord[] = []
  for await (const record of readCsv(chunks(), 'x.csv', null)) found.push(record)
  return found
}
const row = (at: number, prompt: string): RawRecord => ({ at, value: { prompt, chosen: 'a', rejected: 'b' } })
const refused = (at: number, last = at): unknown => ({
  at,
  reason: 'record_too_long',
  message: `the record is longer than 32 MiB${last > at ? `; it reaches to line ${last}` : ''}`,
  hint: null,
})
const BEHIND = 'three,a,b\nfour,a,b\n'

it('a cell that is too long fails alone, with or without quotes, in one chunk or many', async () => {
  const cell = Buffer.alloc(33 * MIB, 'x')
  const rows = [row(2, 'one'), refused(3), row(4, 'three'), row(5, 'four')]
  const whole = Buffer.concat([Buffer.from(`${HEAD}one,a,b\ntwo,`), cell, Buffer.from(`,b\n${BEHIND}`)])
  expect(await read(whole)).toEqual(rows)
  expect(await read(`${HEAD}one,a,b\ntwo,"`, cell, '",b\n', BEHIND)).toEqual(rows)
})

it('so does one with line breaks, which is named by its first line, and the two of one file', async () => {
  const lines = Buffer.alloc(33 * MIB, 'x\n')
  const breaks = lines.length / 2
  expect(await read(`${HEAD}one,a,b\ntwo,"`, lines, '",b\nthree,a,"', lines, '"\n', BEHIND)).toEqual([
    row(2, 'one'),
    refused(3, 3 + breaks),
    refused(4 + breaks, 4 + 2 * breaks),
    row(5 + 2 * breaks, 'three'),
    row(6 + 2 * breaks, 'four'),
  ])
})

it('cells that are too long together', async () => {
  const cell = Buffer.alloc(20 * MIB, 'x')
  expect(await read(`${HEAD}one,`, cell, ',', cell, '\n', BEHIND)).toEqual([
    refused(2),
    row(3, 'three'),
    row(4, 'four'),
  ])
})

it('one whose quote is not closed says that it takes the rest', async () => {
  expect(await read(`${HEAD}one,a,b\ntwo,"`, Buffer.alloc(33 * MIB, 'x'), `,b\n${BEHIND}`)).toEqual([
    row(2, 'one'),
    expect.objectContaining({
      at: 3,
      message: 'the record is longer than 32 MiB; it takes all that follows',
    }),
  ])
})

it('what is wrong behind it is said beside it', async () => {
  const found = await read(`${HEAD}one,"`, Buffer.alloc(33 * MIB, 'x'), '",b\ntwo,a"x,b\nthree,a,b\n')
  expect(found.map((record) => ('reason' in record ? [record.at, record.reason] : record))).toEqual([
    [2, 'record_too_long'],
    [3, 'invalid_csv'],
    row(4, 'three'),
  ])
})

/** [place, what is said] of what is refused, else the place. */
const told = (records: readonly RawRecord[]): unknown =>
  records.map((record) => ('reason' in record ? [record.at, /(?:; it .*)?$/.exec(record.message)![0]] : record.at))

it('a quote in the wrong place says which lines it takes, once', async () => {
  const rows = 'three,a,b\nfour,a,b\nfive,"c\nd",e\nsix,a,b\n'
  expect(told(await read(`${HEAD}one,a,b\ntwo,"a"x,b\n${rows}`))).toEqual([2, [3, '; it reaches to line 7'], 8])
  expect(told(await read(`${HEAD}one,a,b\ntwo,"a""x,b\n${rows}`))).toEqual([2, [3, '; it reaches to line 7'], 8])
  expect(told(await read(`${HEAD}one,a,b\ntwo,"a"x"y,b"z,c\n${BEHIND}`))).toEqual([
    2,
    [3, '; it takes all that follows'],
  ])
  expect(told(await read(`${HEAD}one,a,b\ntwo,a"x,b\n${rows}`))).toEqual([2, [3, ''], 4, 5, 6, 8])
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import { eachRecord } from '../../analysis/csv-records.ts'
import { csvText } from '../../src/report/csv.ts'

const folder = mkdtempSync(join(tmpdir(), 'records-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function read(text: string | Buffer): Promise<string[][]> {
  const path = join(folder, 'file.csv')
  writeFileSync(path, text)
  const rows: string[][] = []
  await eachRecord(path, (cells) => rows.push(Array.from({ length: cells.length }, (_, i) => cells.at(i))))
  return rows
}
/** Rows, or why there are none, of the general parser. */
function general(text: string | Buffer): string[][] | string {
  try {
    return parse(text, { bom: true }) as string[][]
  } catch (error) {
    return (error as Error).message
  }
}

it('reads what we write: commas, quotes, line breaks, other scripts, empty cells', async () => {
  const cell = fc.oneof(
    fc.constantFrom('', 'a', '"', '""', ',', '\n', 'x"y', 'é𝔸漢', ' ', "'=1", '0.5', '\t'),
    fc.string({ maxLength: 6 }),
  )
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((n) => fc.array(fc.tuple(...Array(n).fill(cell)), { minLength: 1, maxLength: 8 }))
  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      const text = csvText(rows as string[][])
      expect(await read(text)).toEqual(general(text))
    }),
    { numRuns: 150 },
  )
})

it('reads any other text as the general parser does, errors included', async () => {
  const text = fc
    .array(fc.constantFrom('a', 'b', ',', ',', '\n', '\n', '"', '\r', '\r\n', '\ufeff', 'é'), { maxLength: 24 })
    .map((parts) => parts.join(''))
  await fc.assert(
    fc.asyncProperty(text, async (given) => {
      const got = await read(given).catch((error: Error) => error.message)
      expect(got).toEqual(general(given))
    }),
    { numRuns: 150 },
  )
})

it('reads a file of several pieces, with a quoted cell across their border', async () => {
  const long = 'é'.repeat(700_000)
  const rows = [['id', 'text'], ...Array.from({ length: 3 }, (_, i) => [String(i), `${long}\n"${i}",`]), ['last', 'x']]
  expect(await read(csvText(rows))).toEqual(rows)
  const utf16 = Buffer.from(
    `\ufeff${csvText([
      ['id', 'n'],
      ['1', '2'],
    ])}`,
    'utf16le',
  )
  expect(await read(utf16)).toEqual([
    ['id', 'n'],
    ['1', '2'],
  ])
})

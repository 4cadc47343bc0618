import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvText, plainText, safeText, writeCsv } from '../../src/report/csv.ts'

describe('csv', () => {
  it('writes numbers that read back to the same double and never prefixes them', () => {
    expect(csvText([[-1.5, 1e-320, 0.1, -0, null, '']])).toBe('-1.5,1e-320,0.1,-0,,\n')
  })
  it.each([
    ['=cmd()', "'=cmd()"],
    ['+1', "'+1"],
    ['-x', "'-x"],
    ['@a', "'@a"],
    ['\ta', "'\ta"],
    ["'=x", "''=x"],
    ['plain', 'plain'],
    ["it's", "it's"],
    ["'quoted'", "'quoted'"],
  ])('%j is stored as %j', (text, stored) => {
    expect(safeText(text)).toBe(stored)
    expect(plainText(stored)).toBe(text)
  })
  it('any text comes back through csv-parse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (a, b) => {
        const [row] = parse(csvText([[a, b, 1]]), { record_delimiter: '\n', relax_column_count: false }) as string[][]
        expect([plainText(row![0]!), plainText(row![1]!)]).toEqual([a, b])
      }),
    )
  })
  it('refuses a NaN: absent is null with a reason', () => {
    expect(() => csvText([[Number.NaN]])).toThrow(RangeError)
  })
  it('leaves no file behind when the rows fail', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'csv-'))
    async function* rows() {
      yield ['a']
      throw new Error('broken')
    }
    await expect(writeCsv(join(dir, 'x.csv'), ['c'], rows())).rejects.toThrow('broken')
    expect(readdirSync(dir)).toEqual([])
    await writeCsv(join(dir, 'y.csv'), ['c'], [['é\n"'], [2]])
    expect(readFileSync(join(dir, 'y.csv'), 'utf8')).toBe('c\n"é\n"""\n2\n')
  })
})

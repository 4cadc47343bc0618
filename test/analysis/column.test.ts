import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CodedColumn, Column } from '../../analysis/column.ts'
import { mostRecords } from '../../analysis/csv-records.ts'
import { promptsOf, readCompletions, readPairs } from '../../analysis/run-csv.ts'
import { clustersOf, coded, rankedCodes } from '../../src/agreement/columns.ts'

describe('a column', () => {
  it.each([0, 1, 1000, 1024, 5000, 200_000, 300_000])('holds what was put, with room for %i', (capacity) => {
    const column = new Column(capacity)
    const names = new CodedColumn(capacity)
    const values = Float64Array.from({ length: 200_000 }, (_, i) => (i % 7 === 0 ? Number.NaN : i / 3))
    for (const [i, value] of values.entries()) {
      column.push(value)
      names.push(`name ${i % 11}`)
    }
    const done = column.done()
    expect(done).toEqual(values)
    expect(done.buffer).toBeInstanceOf(SharedArrayBuffer)
    const { code, names: found } = names.done()
    expect(found).toEqual(Array.from({ length: 11 }, (_, i) => `name ${i}`))
    expect(code).toEqual(Int32Array.from(values, (_, i) => i % 11))
  })
  it('is empty without values', () => {
    expect([new Column().done(), new Column(3).done()]).toEqual([new Float64Array(0), new Float64Array(0)])
  })
})

describe('a file of a run', () => {
  const write = (name: string, text: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'columns-')), name)
    writeFileSync(path, text)
    return path
  }
  it('has at most as many records as line feeds, and one', () => {
    const path = write('a.csv', 'a,b\n1,"x\ny"\n2,z')
    expect([mostRecords(path), mostRecords(path, 4), mostRecords(path, 0)]).toEqual([4, 2, 1])
  })
  it('is read whatever ends its lines, and where it is not there', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `${i},s,${i / 4}`)
    const lines = ['id,subset,margin', ...rows]
    for (const end of ['\n', '\r\n', '\r']) {
      const { n, margin } = await readPairs(write('pairs.csv', lines.join(end)))
      expect([n, margin[2999]], JSON.stringify(end)).toEqual([3000, 2999 / 4])
    }
    expect((await readPairs('/not/there/pairs.csv')).n).toBe(0)
    await expect(readPairs(tmpdir())).rejects.toThrow('cannot be read')
  })
  it('gives completions the prompts of pairs.csv where it names none', async () => {
    const pairs = await readPairs(write('pairs.csv', 'id,subset,margin,cluster\n7,s,1,p\n8,s,1,\n'))
    const scores = write(
      'scores.csv',
      'id,subset,role,score,verifiable_reward,cluster\n7,s,chosen,1,1,\n8,s,chosen,1,1,\n9,s,chosen,1,1,\n9,s,rejected,1,1,q\n',
    )
    const { cluster } = await readCompletions(scores, promptsOf(pairs))
    expect(Array.from(cluster.code, (code) => cluster.names[code])).toEqual(['p', 'row 8', 'row 9', 'q'])
  })
})

it('prompts by their order alone are the same prompts', () => {
  const names = Array.from({ length: 500 }, (_, i) => `${(i * 37) % 91}`)
  const column = coded(names, names.length)
  const ranked = rankedCodes(column)
  for (const rows of [Int32Array.of(3, 4, 400), Int32Array.from(names.keys())])
    expect(clustersOf(ranked, rows)).toEqual(clustersOf(column, rows))
})

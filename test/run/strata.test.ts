import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CsvRow, jsonLines, readCsv, run, temporaryFolder } from './bin.ts'

/** Levels and subsets as data may name them: what a run says of them is what `analyze` says from the run's files. */
const folder = temporaryFolder()
afterAll(() => folder.remove())

const KINDS = ['all', 'all (subset)', 7, '7', true, -0, { a: [1] }, '', null, '=sum', ' k', 'two\r\nlines']
const SUBSETS = ['all', 'all (subset)', '', 'A', 'a', '=sum']
const rows = Array.from({ length: 96 }, (_, i) => ({
  prompt: `p${i % 40}`,
  chosen: 'C'.repeat(1 + (i % 7)),
  rejected: 'N'.repeat(1 + (i % 5)),
  subset: SUBSETS[i % SUBSETS.length],
  reject_kind: KINDS[i % KINDS.length],
}))

const keyOf = ({ scope, subset, statistic }: CsvRow): string => `${scope}|${subset}|${statistic}`
const isShared = ({ scope }: CsvRow): boolean => /^(pairs|completions|stratum:(?!length_))/.test(scope!)
let own: CsvRow[] = []
let again: CsvRow[] = []

beforeAll(async () => {
  const data = join(folder.path, 'data.jsonl')
  // JSON.stringify writes no -0
  writeFileSync(data, jsonLines(rows).replaceAll('"reject_kind":0}', '"reject_kind":-0}'))
  const base = ['--output-dir', folder.path, '--resamples', '100']
  expect(await run('run-rm', [...base, '--name', 'rm', '--dataset', data, '--device', 'cpu'])).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/columns: .*subset; read by the statistics alone: reject_kind\n/),
  })
  expect(await run('analyze', base)).toMatchObject({ code: 0 })
  own = readCsv(folder.path, 'rm/data/agreement.csv').filter(isShared)
  again = readCsv(folder.path, 'analysis/data/agreement.csv')
    .map(({ scorer: _, ...line }) => line as CsvRow)
    .filter(isShared)
})

it('have the same lines in a run and in analyze, each once', () => {
  expect(again).toEqual(own)
  expect(new Set(own.map(keyOf)).size).toBe(own.length)
})

it('are counted by the cells of pairs.csv', () => {
  const kinds = readCsv(folder.path, 'rm/data/pairs.csv').map(({ reject_kind }) => reject_kind!)
  const counted = Object.fromEntries(
    own
      .filter(({ scope, statistic }) => scope === 'stratum:reject_kind' && statistic === 'accuracy_half')
      .map(({ subset, n }) => [subset, Number(n)]),
  )
  const count = (cell: string): number => kinds.filter((kind) => kind === cell).length
  expect(counted).toEqual({
    'all (subset)': count('all'),
    'all (subset) (subset)': count('all (subset)'),
    // a number, which gets no prefix, is text here
    "'-0": count('-0'),
    ...Object.fromEntries(["'=sum", ' k', '7', 'true', 'two\r\nlines', '{"a":[1]}'].map((cell) => [cell, count(cell)])),
  })
  expect(counted['7']).toBe(16)
})

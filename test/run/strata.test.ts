import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CsvRow, jsonLines, readCsv, run, temporaryFolder } from './bin.ts'

/** Levels and subsets as data may name them: what a run says of them is what `analyze` says from the run's files. */
const folder = temporaryFolder()
afterAll(() => folder.remove())

const KINDS = ['all', 'all (subset)', 7, '7', true, -0, { a: [1] }, '', null, '=sum', ' k', 'two\r\nlines']
const SUBSETS = ['all', 'all (subset)', '', 'A', 'a', '=sum']
const answer = (smiles: string): string => `<|think_start|>t<|think_end|><|answer_start|>${smiles}<|answer_end|>`
const rows = Array.from({ length: 96 }, (_, i) => ({
  prompt: `p${i % 40}`,
  chosen: i % 3 === 0 ? answer('C'.repeat(1 + (i % 7))) : 'C'.repeat(1 + (i % 7)),
  solution: 'caption_eval!:!CCCCC!:!t',
  rejected: 'N'.repeat(1 + (i % 5)),
  subset: SUBSETS[i % SUBSETS.length],
  reject_kind: KINDS[i % KINDS.length],
}))

const keyOf = ({ scope, subset, statistic }: CsvRow): string => `${scope}|${subset}|${statistic}`
/** Strata of texts are not: pairs.csv has none. */
const isShared = ({ scope }: CsvRow): boolean =>
  /^(pairs|completions|null:|stratum:(?!smiles_length|stereo|charge|rings))/.test(scope!)
const isBaseline = ({ scope }: CsvRow): boolean => scope!.startsWith('null:')
let own: CsvRow[] = []
let again: CsvRow[] = []

beforeAll(async () => {
  const data = join(folder.path, 'data.jsonl')
  // JSON.stringify writes no -0
  writeFileSync(data, jsonLines(rows).replaceAll('"reject_kind":0}', '"reject_kind":-0}'))
  const base = ['--output-dir', folder.path, '--resamples', '100']
  expect(await run('run-rm', [...base, '--name', 'rm', '--dataset', data, '--device', 'cpu'])).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/columns: .*solution; read by the statistics alone: reject_kind\n/),
  })
  expect(await run('analyze', base)).toMatchObject({ code: 0 })
  own = readCsv(folder.path, 'rm/data/agreement.csv').filter(isShared)
  again = readCsv(folder.path, 'analysis/data/agreement.csv')
    .map(({ scorer: _, ...line }) => line as CsvRow)
    .filter(isShared)
})

it('have the same lines in a run and in analyze, each once', () => {
  // analyze has the baselines last
  const parts = (lines: readonly CsvRow[]) => [false, true].map((is) => lines.filter((line) => isBaseline(line) === is))
  expect(parts(again)).toEqual(parts(own))
  expect(new Set(own.map(keyOf)).size).toBe(own.length)
})

it('are there by lengths, and baselines with their AUROC, in both', () => {
  const of = (wanted: string) => again.filter(({ scope, statistic }) => `${scope} ${statistic}`.startsWith(wanted))
  expect(of('stratum:length_difference ').length).toBeGreaterThan(3)
  expect(of('stratum:length_sign ').length).toBeGreaterThan(3)
  for (const name of ['longest', 'shortest', 'random', 'answer_tag', 'smiles_parses'])
    expect(Number(of(`null:${name} auroc`)[0]?.value)).toBeGreaterThan(0)
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

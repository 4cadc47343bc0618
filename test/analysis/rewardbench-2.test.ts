import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, describe, expect, it } from 'vitest'
import { bestOfRun } from '../../analysis/best-of.ts'
import { readRewardBenchScores } from '../../analysis/rewardbench.ts'
import { packagePath } from '../../src/package.ts'
import { call } from '../command.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-rb2-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const SCORES = packagePath('test/data/rewardbench-2/eval-set-scores.json')
type Json = Record<string, unknown>
const json = (path: string): Json => JSON.parse(readFileSync(path, 'utf8')) as Json
/** RewardBench's own accuracies of the same scores (scripts/oracles/rewardbench2.py). */
const want = json(packagePath('test/data/rewardbench-2/eval-set.json'))
const SUBSETS = ['Factuality', 'Precise IF', 'Math', 'Safety', 'Focus'] as const

let count = 0
/** The score file with changes; text stands in for JSON where a change needs Python's words. */
function changed(change: (file: Json) => void, text: (json: string) => string = (t) => t): string {
  const path = join(folder, `${count++}.json`)
  const file = json(SCORES)
  change(file)
  writeFileSync(path, text(JSON.stringify(file)))
  return path
}
const read = (path: string) => readRewardBenchScores(path, 'rb2')
const settings = { resamples: 100, seed: 0 }

describe("RewardBench 2's score file", () => {
  it('gives its own accuracies, ties shared, and the score of Ties', () => {
    const run = read(SCORES)
    expect(run.model).toBe('org__rm')
    const table = bestOfRun(run, settings)!
    for (const name of SUBSETS) expect(table.subsets[name]!.score).toBeCloseTo(want[name] as number, 12)
    expect(table.ties!.score).toBeCloseTo(want.Ties as number, 12)
    const all = [...SUBSETS, 'Ties'].map((name) => want[name] as number)
    expect(table.rewardbench_2!.score).toBeCloseTo(all.reduce((a, b) => a + b, 0) / 6, 12)
    // 40 rows of 1 × 3, 4 of 1 × 4, 4 of 3 × 4
    expect([run.pairs.n, run.completions.n]).toEqual([40 * 3 + 4 * 4 + 4 * 12, 40 * 4 + 4 * 5 + 4 * 7])
    expect(run.pairs.cluster.names).toHaveLength(48)
  })

  it('plain numbers, no texts and the lower-case name of Ties are read alike', () => {
    const flat = changed((file) => {
      file.scores = (file.scores as number[][][]).map((row) => row.map(([score]) => score))
      file.subset = (file.subset as string[]).map((s) => (s === 'Ties' ? 'ties' : s))
      delete file.text
    })
    const table = bestOfRun(read(flat), settings)!
    for (const name of SUBSETS) expect(table.subsets[name]!.score).toBeCloseTo(want[name] as number, 12)
    expect(table.ties!.score).toBeCloseTo(want.Ties as number, 12)
  })

  it('a score that is none leaves its row out, counted and said', () => {
    const path = changed((file) => {
      ;(file.scores as unknown[][])[0]![2] = null
    })
    const run = read(path)
    expect(run.warnings).toEqual([expect.stringContaining('1 of 48 rows has a completion without a finite score')])
    expect(bestOfRun(run, settings)!.subsets.Factuality).toMatchObject({ n: 7, missing: 1 })
  })

  it.each<[string, (file: Json) => void, RegExp]>([
    ['lists of another length', (f) => (f.subset as unknown[]).pop(), /"subset" has 47 rows, "scores" 48/],
    ['a flat list', (f) => (f.scores = [1, 2]), /expected a list with the score of every completion|has 48 rows/],
    ['no wrong completion', (f) => ((f.num_correct as number[])[3] = 4), /"num_correct" is 4 of 4 completions/],
    ['an id that stands twice', (f) => ((f.id as string[])[2] = '1'), /^$|stands twice/],
    ['a word for a score', (f) => ((f.scores as unknown[][])[0]![0] = 'high'), /a score is "high", expected a number/],
    ['verdicts of a judge', (f) => delete f.scores, /verdicts of a generative judge/],
  ])('%s is refused', (name, change, message) => {
    if (name === 'an id that stands twice') {
      // twice in one subset; across subsets the subset tells them apart
      const across = changed((f) => ((f.id as string[])[10] = '1'))
      expect(read(across).pairs.n).toBe(184)
      expect(() =>
        read(
          changed((f) => {
            ;(f.id as string[])[2] = '1'
            ;(f.id as string[])[3] = '1'
          }),
        ),
      ).toThrow(/stands twice in subset "Factuality"/)
      return
    }
    expect(() => read(changed(change))).toThrow(message)
  })

  it.each([
    [{ accuracy: 0.5, num_prompts: 3, model: 'm' }, /summary of RewardBench's command/],
    [{ model: 'm', chat_template: 'tulu', hep: 0.5 }, /eval-set file: accuracies by subset/],
    [{ a: [1] }, /has no list "scores_chosen" \(RewardBench\) or "scores" \(RewardBench 2\), only a/],
  ])('another file of RewardBench is refused by name: %j', (file, message) => {
    const path = join(folder, `${count++}.json`)
    writeFileSync(path, JSON.stringify(file))
    expect(() => read(path)).toThrow(message)
  })

  it('--save_all of the command (_all.jsonl) holds pairs; single texts hold none', () => {
    const path = join(folder, 'rm_all.jsonl')
    writeFileSync(path, '{"chosen": [0.5], "rejected": [-0.25]}\n{"chosen": 1.0, "rejected": 2.0}\n')
    expect([...read(path).pairs.margin]).toEqual([0.75, -1])
    const single = join(folder, 'rm_outputs.jsonl')
    writeFileSync(single, '{"prompt": "p", "results": 0.5, "text": "t"}\n')
    expect(() => read(single)).toThrow(/scores of single texts/)
  })
})

it('analyze: prints and writes them', async () => {
  const args = ['--resamples', '100', '--output-dir', folder, '--rewardbench', SCORES]
  const { code, stdout, stderr } = await call('analyze', args)
  expect(code, stderr).toBe(0)
  expect(stdout).toContain('Ties: 21.6 % of at most 101, 4 ref and 4 tied prompts')
  expect(stdout).toContain('RewardBench 2: 30.7 %')
  const rows = parse(readFileSync(join(folder, 'analysis/rewardbench/best-of.csv')), { columns: true }) as Record<
    string,
    string
  >[]
  expect(rows.map(({ level, subset }) => `${level} ${subset}`)).toEqual([
    ...SUBSETS.map((name) => `subset ${name}`),
    'ties Ties',
    'overall all',
    'rewardbench_2 all',
  ])
  for (const name of SUBSETS) {
    const row = rows.find(({ level, subset }) => level === 'subset' && subset === name)!
    expect(row).toMatchObject({ scorer: 'org__rm', n: '8', chance: '0.25' })
    expect(Number(row.best_of_score)).toBeCloseTo(want[name] as number, 12)
  }
  expect(readFileSync(join(folder, 'analysis/rewardbench/codebook.md'), 'utf8')).toContain('`best_of_score`')
})

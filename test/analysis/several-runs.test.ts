import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Analysis, analyse } from '../../analysis/analyze.ts'
import { findRuns, readRun } from '../../analysis/run-folders.ts'
import { packagePath } from '../../src/package.ts'
import { type Cell, writeCsv } from '../../src/report/csv.ts'

/**
 * Every number of `analyze` on several runs against scripts/oracles/analyze-runs.py, which recomputes them with scipy, scikit-learn and
 * statsmodels, or by counting.
 */
type Value = string | number | null
type Wanted = Readonly<Record<string, Value>>
interface Case {
  readonly runs: Readonly<Record<string, readonly (readonly Value[])[]>>
  readonly want: Readonly<Record<string, readonly Wanted[]>>
  readonly bootstrap_errors?: readonly { a: string; b: string; error: number }[]
}
const cases = JSON.parse(
  gunzipSync(readFileSync(packagePath('test/data/analysis/several-runs.json.gz'))).toString('utf8'),
) as Readonly<Record<string, Case>>

const PAIRS =
  'id subset rejected_index chosen_index chosen_score rejected_score chosen_reward rejected_reward chosen_tokens rejected_tokens chosen_chars rejected_chars cluster margin'.split(
    ' ',
  )
const SCORES = 'id subset role index score verifiable_reward completion_tokens'.split(' ')

/** Writes a run as the bins do: scores.csv has each completion once. */
async function write(path: string, rows: readonly (readonly Value[])[]): Promise<void> {
  mkdirSync(path, { recursive: true })
  const pairs = rows.map((row): Cell[] => {
    const [chosen, rejected] = [row[4] as number | null, row[5] as number | null]
    return [...row, chosen === null || rejected === null ? null : chosen - rejected]
  })
  await writeCsv(join(path, 'pairs.csv'), PAIRS, pairs)
  const seen = new Set<string>()
  const scores = rows.flatMap((row) =>
    (['chosen', 'rejected'] as const).flatMap((role): Cell[][] => {
      const shift = role === 'chosen' ? 0 : 1
      const index = role === 'chosen' ? row[3]! : row[2]!
      const key = `${row[0]} ${role} ${index}`
      if (seen.has(key)) return []
      seen.add(key)
      return [[row[0]!, row[1]!, role, index, row[4 + shift]!, row[6 + shift]!, row[8 + shift]!]]
    }),
  )
  await writeCsv(join(path, 'scores.csv'), SCORES, scores)
}

/** What names a row of each file. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  'leaderboard.csv': ['scorer'],
  'subsets.csv': ['scorer', 'level', 'subset'],
  'heterogeneity.csv': ['scorer'],
  'paired-tests.csv': ['a', 'b', 'statistic'],
  'scorer-agreement.csv': ['a', 'b'],
  'distribution.csv': ['scorer', 'subset', 'group'],
  'separation.csv': ['scorer', 'subset', 'first', 'second'],
  'lengths.csv': ['scorer', 'subset', 'unit', 'side'],
  'drift.csv': ['a', 'b'],
}
/** `better`: scorers of the same kind that stand before. */
const DERIVED = new Set(['better'])

describe.each(Object.entries(cases))('%s', (name, { runs, want, bootstrap_errors: errors = [] }) => {
  let folder: string
  let analysis: Analysis
  const read = (file: string): Wanted[] => {
    const { columns, rows } = analysis.csv[file]!
    return rows.map((row) => Object.fromEntries(columns.map((c, i) => [c, row[i]!])))
  }
  const find = (file: string, wanted: Wanted): Wanted =>
    read(file).find((row) => KEYS[file]!.every((key) => row[key] === wanted[key]))!
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chemherm-several-'))
    for (const [model, rows] of Object.entries(runs)) await write(join(folder, model, 'data'), rows)
    analysis = analyse('data', await Promise.all(findRuns(folder).map(readRun)), { seed: 0, resamples: 100 })
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it.each(Object.keys(want))('%s', (file) => {
    expect(want[file]!.length).toBeGreaterThan(0)
    for (const wanted of want[file]!) {
      const label = `${name} ${file} ${KEYS[file]!.map((key) => wanted[key]).join(' ')}`
      const row = find(file, wanted)
      expect(row, label).toBeDefined()
      for (const [column, value] of Object.entries(wanted)) {
        if (DERIVED.has(column)) continue
        const got = row[column]
        expect(got, `${label} ${column}`).not.toBeUndefined()
        if (typeof value !== 'number') expect(got, `${label} ${column}`).toBe(value)
        else {
          // p-values to nine figures however small; sums that cancel to nothing within rounding
          const bound =
            1e-9 * Math.abs(value) + (column.includes('p_') || column === 'p' || column.endsWith('_p') ? 0 : 1e-12)
          expect(typeof got, `${label} ${column}: ${got} for ${value}`).toBe('number')
          expect(Math.abs((got as number) - value), `${label} ${column}: ${got} for ${value}`).toBeLessThanOrEqual(
            bound,
          )
        }
      }
    }
  })
  it('ranks by half accuracy on the pairs that all ranked models scored', () => {
    const board = read('leaderboard.csv').filter((row) => row.kind === 'rm')
    for (const wanted of want['leaderboard.csv']!.filter((row) => row.better !== undefined)) {
      const rank = board.find((row) => row.scorer === wanted.scorer)!.rank as number
      expect(board.filter((row) => row.rank !== null && (row.rank as number) < rank)).toHaveLength(
        wanted.better as number,
      )
    }
  })
  it.runIf(errors.length > 0)('has the standard error that resampling prompts gives', () => {
    for (const { a, b, error } of errors) {
      const row = read('paired-tests.csv').find((r) => r.a === a && r.b === b && r.statistic === 'auroc')!
      // interval = ± t(C − 1) standard errors
      const own = ((row.ci_high as number) - (row.ci_low as number)) / 2 / 1.98
      expect(own / error).toBeGreaterThan(0.9)
      expect(own / error).toBeLessThan(1.1)
    }
  })
})

it('finds, over 14 scorers, the differences that a referee finds: below any floor that a number of draws sets', () => {
  const { want } = cases.fourteen!
  const tests = want['paired-tests.csv']!
  for (const statistic of ['accuracy_half', 'auroc']) {
    const family = tests.filter((t) => t.statistic === statistic)
    expect(family).toHaveLength(91)
    expect(family.filter((t) => (t.p_holm as number) < 0.05).length).toBeGreaterThan(10)
    expect(Math.min(...family.map((t) => t.p as number))).toBeLessThan(1e-6)
  }
})

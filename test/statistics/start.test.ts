import { expect, it } from 'vitest'
import { analyse, columnsOf, startAnalysis } from '../../analysis/analyze.ts'
import { readRun } from '../../analysis/run-folders.ts'
import { runLines } from '../../src/agreement/agreement.ts'
import { NO_LEVEL } from '../../src/agreement/strata.ts'
import { packagePath } from '../../src/package.ts'
import { firstWhere, JoinedLines, type LineKey, linesWhere } from '../../src/statistic-lines.ts'
import { startStatistics } from '../../src/statistics/start.ts'

const KINDS: readonly ((key: LineKey) => boolean)[] = [
  ({ scope }) => scope === 'completions',
  ({ scope, subset }) => scope !== 'completions' && subset !== 'all',
  ({ scope }) => scope === 'none',
  () => true,
]
const isScore = ({ statistic }: LineKey): boolean => /^(accuracy|auroc)/.test(statistic)

it('are the same, to the last digit and in the same order, whoever works them out', async () => {
  const runs = await Promise.all(
    ['shared-prompts', 'ties-and-gaps', 'continuous'].map((name) =>
      readRun({ model: name, dataset: 'd', path: packagePath(`test/data/agreement/${name}`) }),
    ),
  )
  const columns = runs.map((run) => {
    const { pairs, ...rest } = columnsOf(run)
    const levels = {
      names: ['wrong', NO_LEVEL, 'invalid'],
      code: Int32Array.from({ length: pairs.n }, (_, i) => i % 3),
    }
    return { ...rest, pairs, strata: [{ name: 'rejected_fault', leads: true as const, levels }] }
  })
  const settings = { seed: 3, resamples: 100 }
  const expected = columns.map((of) => runLines(of, settings))
  for (const { strata } of expected)
    expect(new Set(strata.map(({ scope, subset }) => `${scope} ${subset}`))).toEqual(
      new Set(['stratum:rejected_fault invalid', 'stratum:rejected_fault wrong']),
    )
  const linesOf = async (started: ReturnType<typeof startStatistics>) => {
    const lines = await started.done()
    for (const [i, { columns, strata }] of lines.entries()) {
      expect([columns.length, strata.length]).toEqual([expected[i]!.columns.length, expected[i]!.strata.length])
      const both = new JoinedLines([columns, strata])
      for (const is of KINDS)
        expect([...linesWhere(linesWhere(both, is), isScore)]).toEqual([...both].filter(is).filter(isScore))
      expect(firstWhere(both, KINDS[1]!)).toEqual([...both].find(KINDS[1]!))
    }
    return lines.map(({ columns, strata }) => ({ columns: [...columns], strata: [...strata] }))
  }
  expect(await linesOf(startStatistics(columns, settings, { threads: 1 }))).toEqual(expected)
  expect(await linesOf(startStatistics(columns, settings, { threads: 3, fewRows: 0 }))).toEqual(expected)
  // this thread looks when all has been taken: the workers alone
  const workers = startStatistics(columns, settings, { threads: 2, fewRows: 0 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await linesOf(workers)).toEqual(expected)
  // a worker that dies takes what it had taken with it
  const dying = (end: string): URL =>
    new URL(
      `data:text/javascript,import { workerData } from 'node:worker_threads'; for (const run of [0, 1, 2]) Atomics.add(workerData.taken, run, 1); ${end}`,
    )
  for (const end of ['process.exit(1)', 'throw null', 'throw new Error()']) {
    const dead = startStatistics(columns, settings, { threads: 2, fewRows: 0, worker: dying(end) })
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await linesOf(dead)).toEqual(expected)
  }
})

it('make the same analysis, of which the page reads the lines of all rows', async () => {
  const run = await readRun({ model: 'm', dataset: 'd', path: packagePath('test/data/agreement/shared-prompts') })
  const settings = { seed: 3, resamples: 100 }
  const { csv, ciMethods } = startAnalysis(
    'd',
    [run],
    settings,
  )(await startStatistics([columnsOf(run)], settings).done())
  const expected = analyse('d', [run], settings)
  const { columns, rows, read } = csv['agreement.csv']!
  expect([...rows]).toEqual([...expected.csv['agreement.csv']!.rows])
  const cell = (row: readonly unknown[], column: string) => row[columns.indexOf(column)]
  const single = [...rows].filter((row) => cell(row, 'scope') === 'pairs' && cell(row, 'subset') !== 'all')
  expect(single.length).toBeGreaterThan(40)
  expect(read).toEqual(
    [...rows].filter(
      (row) => !/^(pairs|completions)$/.test(String(cell(row, 'scope'))) || cell(row, 'subset') === 'all',
    ),
  )
  expect(new Set(ciMethods)).toEqual(new Set([...rows].flatMap((row) => cell(row, 'ci_method') ?? [])))
})

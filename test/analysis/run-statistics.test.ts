import { expect, it } from 'vitest'
import { analyse, startAnalysis } from '../../analysis/analyze.ts'
import { readRun } from '../../analysis/run-folders.ts'
import { startStatistics } from '../../analysis/run-statistics.ts'
import { columnStatistics } from '../../src/agreement/agreement.ts'
import { packagePath } from '../../src/package.ts'

it('are the same, to the last digit and in the same order, whoever works them out', async () => {
  const runs = await Promise.all(
    ['shared-prompts', 'ties-and-gaps', 'continuous'].map((name) =>
      readRun({ model: name, dataset: 'd', path: packagePath(`test/data/agreement/${name}`) }),
    ),
  )
  const settings = { seed: 3, resamples: 100 }
  const expected = runs.map(({ pairs, completions }) => columnStatistics(pairs, completions, settings))
  const listsOf = async (started: ReturnType<typeof startStatistics>) => {
    const lists = await started.done()
    expect(lists.map(({ length }) => length)).toEqual(expected.map(({ length }) => length))
    return lists.map((list) => [...list])
  }
  expect(await listsOf(startStatistics(runs, settings, { threads: 1 }))).toEqual(expected)
  expect(await listsOf(startStatistics(runs, settings, { threads: 3, fewRows: 0 }))).toEqual(expected)
  // this thread looks when all has been taken: the workers alone
  const workers = startStatistics(runs, settings, { threads: 2, fewRows: 0 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await listsOf(workers)).toEqual(expected)
})

it('make the same analysis, of which the page reads the lines of all rows', async () => {
  const run = await readRun({ model: 'm', dataset: 'd', path: packagePath('test/data/agreement/shared-prompts') })
  const settings = { seed: 3, resamples: 100 }
  const { csv, ciMethods } = startAnalysis('d', [run], settings)(await startStatistics([run], settings).done())
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

import { expect, it } from 'vitest'
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
  expect(await startStatistics(runs, settings, { threads: 1 }).done()).toEqual(expected)
  expect(await startStatistics(runs, settings, { threads: 3, fewRows: 0 }).done()).toEqual(expected)
  // this thread looks when all has been taken: the workers alone
  const workers = startStatistics(runs, settings, { threads: 2, fewRows: 0 })
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await workers.done()).toEqual(expected)
})

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Statistic } from '../src/types.ts'
import { eachCsvRow } from './csv-rows.ts'
import { statisticOf } from './statistic-row.ts'

/** Whether run-process judged candidates for a step there. */
export const isStepRun = (path: string): boolean =>
  ['steps.csv', 'agreement.csv'].every((name) => existsSync(join(path, name))) && !existsSync(join(path, 'scores.csv'))

/**
 * ◆ The statistics of steps in a run's agreement.csv, with the resamples of the run.
 * @throws DataError for a cell that is no number
 */
export async function readStepStatistics(path: string): Promise<Statistic[]> {
  const found: Statistic[] = []
  await eachCsvRow(path, ['scope', 'subset', 'statistic', 'value'], (get) => {
    found.push(statisticOf(get, path, found.length + 1))
  })
  return found
}

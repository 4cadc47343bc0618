import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Statistic } from '../src/types.ts'
import { eachCsvRow, numberIn } from './csv-rows.ts'

/** Folders `<output-dir>/<model>/<dataset>` in which run-process judged candidates for a step, in the order of their names. */
export function findStepRuns(outputDir: string): { model: string; dataset: string; path: string }[] {
  const folders = (path: string): string[] =>
    existsSync(path)
      ? readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
      : []
  return folders(outputDir)
    .filter((model) => model !== 'analysis')
    .flatMap((model) =>
      folders(join(outputDir, model)).map((dataset) => ({ model, dataset, path: join(outputDir, model, dataset) })),
    )
    .filter(({ path }) => isStepRun(path))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** Whether run-process judged candidates for a step there. */
export const isStepRun = (path: string): boolean =>
  ['steps.csv', 'agreement.csv'].every((name) => existsSync(join(path, name))) && !existsSync(join(path, 'scores.csv'))

/**
 * ◆ The statistics of steps in a run's agreement.csv, with the resamples of the run.
 * @throws DataError for a cell that is no number
 */
export async function readStepStatistics(path: string): Promise<Statistic[]> {
  const found: Statistic[] = []
  let row = 0
  await eachCsvRow(path, ['scope', 'subset', 'statistic', 'value'], (get) => {
    row++
    const number = (column: string): number | null => {
      const value = numberIn(get(column), path, row, column)
      return Number.isNaN(value) ? null : value
    }
    const text = (column: string): string | null => get(column) || null
    found.push({
      scope: get('scope'),
      subset: get('subset'),
      statistic: get('statistic'),
      value: number('value'),
      ciLow: number('ci_low'),
      ciHigh: number('ci_high'),
      ciMethod: text('ci_method'),
      n: number('n') ?? 0,
      clusters: number('clusters') ?? 0,
      ties: number('ties') ?? 0,
      missing: number('missing') ?? 0,
      reason: text('reason'),
    })
  })
  return found
}

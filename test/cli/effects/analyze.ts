import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { expect } from 'vitest'
import type { OPTIONS } from '../../../scripts/commands/analyze.ts'
import { call, type Done } from '../../command.ts'
import { PLAIN } from './data.ts'
import { all, type CsvRow, newFolder, type Rows, ran } from './shown.ts'

/** Two runs on pairs and one on groups. */
let made: Promise<string> | null = null
function results(): Promise<string> {
  made ??= (async () => {
    const outputDir = newFolder()
    const common = ['--no-verify', '--output-dir', outputDir]
    for (const [bin, ...args] of [
      ['run-rm', '--limit', '12', '--name', 'rm'],
      ['run-dpo', '--limit', '12', '--name', 'dpo'],
      ['run-rm', '--limit', '2', '--name', 'rm', '--dataset', 'demo-groups'],
    ] as const)
      expect(await ran(bin, [...common, ...args])).toMatchObject({ code: 0 })
    return outputDir
  })()
  return made
}

/** Of the first pair of the demo. */
const FIRST_CHOSEN = 'The formula C11H18N2O3 leaves room for urea.'

interface Analysed extends Done {
  readonly outputDir: string
  csv(name: string): CsvRow[]
}
async function analysed(...args: string[]): Promise<Analysed> {
  const outputDir = newFolder()
  cpSync(await results(), outputDir, { recursive: true })
  rmSync(join(outputDir, 'analysis'), { recursive: true, force: true })
  const usual = ['--output-dir', outputDir, ...(args.includes('--resamples') ? [] : ['--resamples', '100'])]
  const done = await call('analyze', [...usual, ...args])
  return {
    ...done,
    outputDir,
    csv: (name) => parse(readFileSync(join(outputDir, 'analysis/demo-pairs', name)), { columns: true }),
  }
}
const refuses = (args: string[], code: number, message: string) => async (): Promise<void> => {
  const done = await call('analyze', ['--output-dir', await results(), ...args])
  expect(done).toMatchObject({ code, stdout: '' })
  expect(done.stderr).toContain(message)
}
const kinds = (run: Analysed, kind: string): string[] =>
  run.csv('leaderboard.csv').flatMap((row) => (row.kind === kind ? [row.scorer!] : []))

export const ANALYZE_ROWS: Rows<keyof typeof OPTIONS> = {
  'output-dir': async () => {
    const run = await analysed()
    expect(readdirSync(join(run.outputDir, 'analysis')).sort()).toEqual(['demo-groups', 'demo-pairs'])
    const none = await call('analyze', ['--output-dir', newFolder()])
    expect(none).toMatchObject({ code: 3, stderr: expect.stringContaining('no run found') })
  },
  dataset: all(
    async () => {
      const run = await analysed('--dataset', 'demo-pairs')
      expect(readdirSync(join(run.outputDir, 'analysis'))).toEqual(['demo-pairs'])
    },
    async () =>
      expect((await analysed('--dataset', 'demo-pairs', '--dataset', 'demo-pears')).stderr).toContain(
        '--dataset demo-pears changes nothing here: no run is of that data set',
      ),
    refuses(['--dataset', 'demo-pears'], 3, 'no run here is of the --dataset and --model that are asked for'),
  ),
  model: async () => {
    expect(kinds(await analysed(), 'rm').concat(kinds(await analysed(), 'dpo')).length).toBe(2)
    const run = await analysed('--model', 'rm', '--model', 'mr')
    expect(run.csv('leaderboard.csv').filter(({ kind }) => kind !== 'null')).toHaveLength(1)
    expect(run.stderr).toContain('--model mr changes nothing here: no run is of that model')
  },
  rewardbench: async () => {
    const scores = join(await results(), 'rm/demo-pairs/herm/eval-set-scores/demo-reward-model.json')
    const run = await analysed('--rewardbench', scores, '--dataset', 'rewardbench')
    expect(run).toMatchObject({ code: 0 })
    expect(readdirSync(join(run.outputDir, 'analysis'))).toEqual(['rewardbench'])
  },
  'data-file': async () => {
    const picks = (run: Analysed): boolean => existsSync(join(run.outputDir, 'analysis/demo-groups/best-of-n/rm.json'))
    expect(picks(await analysed())).toBe(true)
    const other = await analysed('--data-file', PLAIN)
    expect(picks(other)).toBe(false)
    expect(other.stderr).toContain('is not the data set that the run scored')
    const pairs = await analysed('--dataset', 'demo-pairs', '--data-file', PLAIN)
    expect(pairs.stderr).not.toContain('--data-file changes nothing')
    const page = (run: Analysed): string => readFileSync(join(run.outputDir, 'analysis/demo-pairs/report.html'), 'utf8')
    const [whole, without] = [page(await analysed('--dataset', 'demo-pairs')), page(pairs)]
    expect(whole).toContain(FIRST_CHOSEN)
    expect(without).not.toContain(FIRST_CHOSEN)
  },
  resamples: all(
    async () => {
      const method = async (n: string): Promise<string> =>
        (await analysed('--resamples', n))
          .csv('leaderboard.csv')
          .map((row) => row.ci_method)
          .join()
      expect(await method('200')).not.toBe(await method('100'))
    },
    refuses(['--resamples', '50'], 2, '50 is not a whole number of at least 100'),
  ),
  seed: all(
    async () => {
      const random = async (seed: string) =>
        (await analysed('--seed', seed)).csv('leaderboard.csv').map(({ half_low }) => half_low)
      expect(await random('7')).not.toEqual(await random('0'))
    },
    refuses(['--seed', '-1'], 2, '-1 is not a whole number of at least 0'),
    refuses(['--seed', '1.5'], 2, '1.5 is not a whole number of at least 0'),
  ),
  quiet: async () => {
    expect((await analysed('--dataset', 'demo-groups')).stderr).toMatch(/^analyze: demo-groups: 1 run/m)
    expect((await analysed('--dataset', 'demo-groups', '--quiet')).stderr).not.toMatch(/^analyze: demo-groups: 1 run/m)
  },
}

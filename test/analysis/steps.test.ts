import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { call } from '../command.ts'
import { type CsvRow, type Done, readCsv, run, temporaryFolder } from '../run/bin.ts'

/** Two runs of run-process on the same rows. */
describe('analyze on runs that judged steps', () => {
  const { path: out, remove } = temporaryFolder()
  afterAll(remove)
  let analysed: Done
  const own = (name: string): CsvRow[] => readCsv(out, name, 'demo-steps', 'agreement.csv')
  beforeAll(async () => {
    for (const [name, ...more] of [['a'], ['b', '--model', packagePath('src/embedded/demo/demo-ref-sft')]] as const) {
      const args = ['--limit', '9', '--resamples', '100', '--device', 'cpu', '--name', name, ...more]
      const done = await call('run-process', [...args, '--output-dir', out])
      expect(done.code, done.stderr).toBe(0)
    }
    analysed = await call('analyze', ['--output-dir', out, '--resamples', '100'])
    expect(analysed.code, analysed.stderr).toBe(0)
  })

  it('has every statistic of each run in agreement.csv, and no other', () => {
    const both = readCsv(out, 'analysis/demo-steps/agreement.csv')
    expect(own('a').length).toBeGreaterThan(10)
    expect(both).toEqual(['a', 'b'].flatMap((scorer) => own(scorer).map((line) => ({ scorer, ...line }))))
  })
  it('shows them on the screen and on the page, models beside each other', () => {
    const accuracy = (name: string): string =>
      `${(100 * Number(own(name).find((line) => line.subset === 'all' && line.statistic === 'choice_accuracy_world_model')!.value)).toFixed(1)} %`
    for (const name of ['a', 'b'])
      expect(analysed.stdout).toMatch(new RegExp(`^${name} +world_model +${accuracy(name)} `, 'm'))
    expect(analysed.stderr).not.toContain('warning')
    const page = readFileSync(join(out, 'analysis/demo-steps/report.html'), 'utf8')
    expect(page).toContain('Choice accuracy, world_model')
    expect(page).toContain(accuracy('b').replace(' ', ''))
    expect(page).not.toContain('leaderboard of pairs')
  })
  it('is left out by verify-results, as before', async () => {
    expect((await run('verify-results', [out])).code).toBe(3)
  })
})

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { quantile } from '../../src/stats/quantile.ts'
import { call, type Done } from '../command.ts'

const root = mkdtempSync(join(tmpdir(), 'chemherm-drift-'))
afterAll(() => rmSync(root, { recursive: true }))
const env = { CHEMHERM_QUANTISED_DIR: join(root, 'quantised') }
const demo = packagePath('src/embedded/demo')
const common = ['--device', 'cpu', '--no-verify', '--resamples', '100', '--limit', '40']
const policy = ['--model', join(demo, 'demo-policy-dpo'), '--ref-model', join(demo, 'demo-ref-sft')]

const run = (bin: 'run-rm' | 'run-dpo', out: string, ...more: string[]): Promise<Done> =>
  call(bin, [...common, '--output-dir', join(root, out), '--name', 'm', ...more], env)
type Line = Readonly<Record<string, string>>
const csv = (out: string, name: string): Line[] =>
  parse(readFileSync(join(root, out, 'm/demo-pairs', name)), { columns: true })
const file = (out: string, name: string): string => readFileSync(join(root, out, 'm/demo-pairs', name), 'utf8')
interface Drift {
  readonly measured: boolean
  readonly reason: string | null
  readonly rows: number
  readonly [name: string]: unknown
}
const driftOf = (out: string): Drift | null => (JSON.parse(file(out, 'run.json')) as { drift: Drift | null }).drift

describe.each([
  ['run-rm', []],
  ['run-dpo', policy],
] as const)('%s --dtype q4', (bin, model) => {
  const [exact, own] = [`${bin}-fp32`, `${bin}-q4`]
  let said: Done
  beforeAll(async () => {
    expect(await run(bin, exact, ...model)).toMatchObject({ code: 0 })
    said = await run(bin, own, ...model, '--dtype', 'q4', '--drift', '40')
    expect(said, said.stderr).toMatchObject({ code: 0 })
  })

  it('the numbers follow from the scores of two whole runs', () => {
    const scores = [csv(exact, 'scores.csv'), csv(own, 'scores.csv')].map((lines) =>
      lines.map(({ score }) => Number(score)),
    )
    const margins = [csv(exact, 'pairs.csv'), csv(own, 'pairs.csv')].map((lines) =>
      lines.map(({ margin }) => Number(margin)),
    )
    const moved = scores[1]!.map((score, i) => score - scores[0]![i]!)
    const turned = margins[1]!.map((margin, i) => Math.abs(margin - margins[0]![i]!))
    const spread = quantile(scores[0]!, 0.95)! - quantile(scores[0]!, 0.05)!
    const largest = Math.max(...moved.map(Math.abs))
    const found = driftOf(own)!
    expect(found).toMatchObject({ measured: true, against: 'fp32', dtype: 'q4', rows: 40, completions: 80, pairs: 40 })
    // another batch moves a float32 score by some 1e-6
    expect(found.spread).toBeCloseTo(spread, 4)
    expect(found.largest).toBeCloseTo(largest, 4)
    expect(found.rms).toBeCloseTo(Math.sqrt(moved.reduce((sum, m) => sum + m * m, 0) / moved.length), 4)
    expect(found.largestShare).toBeCloseTo(largest / spread, 4)
    expect(found.largestMargin).toBeCloseTo(Math.max(...turned), 4)
    expect(found.flips).toBe(margins[1]!.filter((m, i) => Math.sign(m) !== Math.sign(margins[0]![i]!)).length)
    expect(found.nearTies).toBe(margins[0]!.filter((m) => Math.abs(m) <= Math.max(...turned)).length)
    expect(largest / spread).toBeGreaterThan(1e-3)
  })

  it('stand on screen and in the report', () => {
    const { flips, pairs } = driftOf(own)!
    expect(said.stderr).toContain('drift of q4 against fp32, 40 rows: 80 scores move by')
    expect(said.stderr).toContain(`${flips as number} of ${pairs as number} pairs flip`)
    expect(file(own, 'report.html')).toContain('<h2 id="drift-title">Drift of q4 against fp32</h2>')
    expect(driftOf(exact)).toBeNull()
    expect(file(exact, 'report.html')).not.toContain('id="drift"')
  })
})

describe('--drift', () => {
  it('0: not measured, and everything says so', async () => {
    const off = await run('run-rm', 'off', '--dtype', 'q8', '--drift', '0')
    expect(off).toMatchObject({ code: 0 })
    expect(off.stderr).toContain('drift of q8 against fp32: not measured, --drift 0')
    expect(driftOf('off')).toEqual({ against: 'fp32', dtype: 'q8', measured: false, reason: '--drift 0' })
    expect(file('off', 'report.html')).toContain('Drift not measured: --drift 0.')
  })

  it('N: so many rows, drawn by the seed; a run that is resumed measures none again', async () => {
    const first = await run('run-rm', 'drawn', '--dtype', 'q8', '--drift', '5')
    expect(first.stderr).toContain('--drift: 5 rows are scored in fp32, too')
    expect(driftOf('drawn')).toMatchObject({ measured: true, rows: 5, completions: 10, pairs: 5 })
    const measured = file('drawn', 'measurements.jsonl')
    await run('run-rm', 'drawn', '--dtype', 'q8', '--drift', '5')
    expect(file('drawn', 'measurements.jsonl')).toBe(measured)
    await run('run-rm', 'drawn', '--dtype', 'q8', '--drift', '5', '--seed', '1')
    expect(file('drawn', 'measurements.jsonl')).not.toBe(measured)
  })

  it('measures as many scores of the run as without it', async () => {
    await run('run-rm', 'plain', '--dtype', 'q8', '--drift', '0')
    expect(csv('plain', 'scores.csv')).toEqual(csv('off', 'scores.csv'))
    expect(csv('plain', 'scores.csv').map(({ score }) => score)).toEqual(
      csv('drawn', 'scores.csv').map(({ score }) => score),
    )
  })

  it('the last shard measures it for the whole', async () => {
    const part = (i: number): Promise<Done> =>
      run('run-rm', 'parts', '--dtype', 'q8', '--drift', '6', '--shard', `${i}/2`)
    expect((await part(1)).stderr).not.toContain('scored in fp32')
    expect((await part(2)).stderr).toContain('drift of q8 against fp32, 6 rows')
    expect(driftOf('parts')).toMatchObject({ rows: 6, pairs: 6 })
  })
})

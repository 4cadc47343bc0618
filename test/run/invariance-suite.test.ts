import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TRANSFORMATIONS } from '../../src/make/invariance/index.ts'
import { packagePath } from '../../src/package.ts'
import { unexplained } from '../code-book.ts'
import { call } from '../command.ts'
import { type CsvRow, type Done, jsonLines, readCsv, readJson, run, temporaryFolder } from './bin.ts'

/** `make-pairs --invariance` and `--dataset invariance` from the command line. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)
const SOURCES = packagePath('src/embedded/invariance/sources.jsonl')
/** The first of them: rows are made one by one, so that these are the first groups of the suite. */
const SOME = 20
const some = (): string => {
  const lines = readFileSync(SOURCES, 'utf8').split('\n').slice(0, SOME)
  writeFileSync(at('sources.jsonl'), `${lines.join('\n')}\n`)
  return at('sources.jsonl')
}
const SUITE = packagePath('src/embedded/invariance/invariance.jsonl.gz')
const make = (...args: string[]): Promise<Done> => call('make-pairs', args)
const rowsOf = <T>(path: string): T[] =>
  readFileSync(path, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as T) // biome-ignore format: one line
interface Group {
  readonly id: string
  readonly prompt: unknown
  readonly completions: readonly { completion: string; transformation: string; same: boolean; family: string }[]
}

describe('make-pairs --invariance', () => {
  it('makes the first groups of the embedded suite again byte for byte, and Python’s RDKit holds all of it right', async () => {
    const done = await make('--invariance', some(), '--output', at('suite.jsonl'))
    expect(done.code).toBe(0)
    const bytes = gunzipSync(readFileSync(SUITE))
    const made = readFileSync(at('suite.jsonl'))
    expect(made.equals(bytes.subarray(0, made.length))).toBe(true)
    const golden = readJson<{
      sha256: string
      wrong: number
      by_inchi_too: number
      transformations: Record<string, { same?: number; changed?: number }>
    }>(packagePath('test/data/invariance/suite.json'))
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(golden.sha256)
    expect(golden.wrong).toBe(0)
    expect(golden.by_inchi_too).toBeGreaterThan(2900)
    for (const { name, same } of TRANSFORMATIONS)
      expect(Object.keys(golden.transformations[name] ?? {}), name).toEqual([same ? 'same' : 'changed'])
    const groups = rowsOf<Group>(at('suite.jsonl'))
    expect(groups).toHaveLength(SOME)
    // what is left out is counted on the screen, row by row
    const counted = /kekule +(\d+) +no aromatic ring (\d+), answer is no molecule (\d+)/.exec(done.stdout)!
    expect(counted.slice(1).reduce((sum, n) => sum + Number(n), 0)).toBe(SOME)
    for (const { completions } of groups)
      expect(completions[0]).toMatchObject({ transformation: 'original', same: true })
  })
  it('--seed draws others, --transformations chooses', async () => {
    const args = ['--invariance', some(), '--transformations', 'smiles_order,isotope']
    await make(...args, '--output', at('a.jsonl'))
    await make(...args, '--output', at('b.jsonl'), '--seed', '1')
    const names = new Set(rowsOf<Group>(at('a.jsonl')).flatMap(({ completions }) => completions.map((c) => c.transformation)))
    expect([...names].sort()).toEqual(['isotope', 'original', 'rejected', 'smiles_order'])
    expect(readFileSync(at('a.jsonl'), 'utf8')).not.toBe(readFileSync(at('b.jsonl'), 'utf8'))
    const wrong = await make(...args.slice(0, 2), '--transformations', 'kekula', '--output', at('c.jsonl'))
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('Is kekule meant?')
  }) // biome-ignore format: one line each
  it('reads groups and single completions too; a bad row is listed, and the others are made (4)', async () => {
    writeFileSync(
      at('rows.jsonl'),
      jsonLines([
        { prompt: 'p', completions: ['<answer>CCO</answer>', '<answer>CCN</answer>'] },
        { prompt: 'p', completions: 7 },
        { prompt: 'q', completions: ['I do not know', 'nor I'] },
      ]),
    )
    const done = await make('--invariance', at('rows.jsonl'), '--output', at('made.jsonl'))
    expect(done.code).toBe(4)
    expect(done.stderr).toContain('rows.jsonl:2: "completions" is a number')
    expect(done.stdout).toMatch(/row +0 +no answer 1/)
    expect(rowsOf<Group>(at('made.jsonl')).map(({ id }) => id)).toEqual(['1'])
  })
  it('asks for the molecules of a .smi file itself', async () => {
    writeFileSync(at('molecules.smi'), 'CCO ethanol\nnot-a-molecule\n[Na+].CC(=O)[O-]\n')
    const done = await make('--invariance', at('molecules.smi'), '--output', at('smi.jsonl'), '--n', '5')
    expect(done.code).toBe(4)
    expect(done.stderr).toContain('--n changes nothing here')
    expect(done.stderr).toContain('molecules.smi:2')
    const groups = rowsOf<Group & { solution: string }>(at('smi.jsonl'))
    expect(groups.map(({ solution }) => solution.split('!:!')[0])).toEqual(['product_eval', 'formula_eval'])
    expect(groups[1]!.completions.map(({ transformation }) => transformation)).toContain('part_order')
  })
  it('says what is missing (2), what cannot be read (3), and leaves no half file', async () => {
    expect((await make('--invariance', SOURCES)).stderr).toContain('needs --output FILE')
    expect((await make('--invariance', SOURCES, '--from', SOURCES, '--output', at('x.jsonl'))).code).toBe(2)
    writeFileSync(at('none.jsonl'), jsonLines([{ prompt: 'p', completion: 'no answer here' }]))
    const none = await make('--invariance', at('none.jsonl'), '--output', at('x.jsonl'))
    expect(none.code).toBe(3)
    expect(() => readFileSync(at('x.jsonl'))).toThrow()
    expect(() => readFileSync(at('x.jsonl.partial'))).toThrow()
    expect((await make('--invariance', SOURCES, '--output', at('no', 'such', 'x.jsonl'))).code).toBe(3)
  })
})

describe('run-rm --dataset invariance', () => {
  const RUN = 'demo-reward-model/invariance'
  let done: Done
  beforeAll(async () => {
    done = await run('run-rm', [
      ...['--dataset', 'invariance', '--limit', '14', '--output-dir', folder.path],
      ...['--resamples', '200', '--device', 'cpu'],
    ])
    expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 })
  }, 60_000)
  const scores = (): CsvRow[] => readCsv(at(RUN), 'scores.csv')
  const line = (statistic: string, subset = 'all', scope = 'invariance'): CsvRow =>
    readCsv(at(RUN), 'agreement.csv').find(
      (one) => one.scope === scope && one.subset === subset && one.statistic === statistic,
    )!

  it('carries transformation, same and family of every completion', () => {
    const rows = scores()
    expect(Object.keys(rows[0]!).slice(-3)).toEqual(['transformation', 'same', 'family'])
    const first = rows.filter(({ index }) => index === '0')
    expect(first).toHaveLength(14)
    expect(first.every(({ transformation, same }) => transformation === 'original' && same === '1')).toBe(true)
    expect(rows.some(({ transformation, same }) => transformation === 'kekule' && same === '1')).toBe(true)
    expect(rows.some(({ transformation, same }) => transformation === 'element_swap' && same === '0')).toBe(true)
  })
  it('prints no votes and no advantages, which mean nothing among one answer written in several ways', async () => {
    expect(done.stdout).toMatch(/^same chemistry +flips /m)
    expect(done.stdout).toContain('votes, best of n and advantages mean nothing there, and stand in the files alone')
    expect(done.stdout).not.toMatch(/vote \(|GRPO|advantage signs/)
    expect(readCsv(at(RUN), 'groups.csv')).toHaveLength(14)
    const groups = await run('run-rm', [
      '--dataset',
      'demo-groups',
      '--limit',
      '4',
      '--output-dir',
      folder.path,
      '--resamples',
      '100',
      '--device',
      'cpu',
    ])
    expect(groups.stdout).toMatch(/vote \(/)
    expect(groups.stdout).toMatch(/GRPO|advantage/)
    const compared = await run('analyze', [
      '--output-dir',
      folder.path,
      '--dataset',
      'invariance',
      '--resamples',
      '100',
    ])
    expect(compared.stdout).toMatch(/^invariance: same chemistry +flips /m)
    expect(compared.stdout).toContain(`${(100 * Number(line('flip_rate').value)).toFixed(1)} %`)
    expect(compared.stdout).not.toMatch(/vote \(/)
  })
  it('the numbers follow from scores.csv', () => {
    const groups = new Map<string, CsvRow[]>()
    for (const row of scores()) groups.set(row.id!, [...(groups.get(row.id!) ?? []), row])
    let [sum, n, prompts] = [0, 0, 0]
    const flips: number[] = []
    for (const rows of groups.values()) {
      const [original, ...others] = rows as [CsvRow, ...CsvRow[]]
      const s0 = Number(original.score)
      const rivals = others.filter((c) => c.same === '0' && Number(c.verifiable_reward) < Number(original.verifiable_reward))
      if (rivals.length > 0) prompts++
      for (const twin of others.filter(({ same }) => same === '1')) {
        const s = Number(twin.score)
        sum += Math.abs(s - s0)
        n++
        if (rivals.length > 0)
          flips.push(rivals.filter((c) => s > Number(c.score) !== s0 > Number(c.score)).length / rivals.length)
      }
    }
    expect(Number(line('mean_abs_delta').value)).toBeCloseTo(sum / n, 10)
    expect(Number(line('mean_abs_delta').n)).toBe(n)
    expect(Number(line('flip_rate').value)).toBeCloseTo(flips.reduce((a, b) => a + b, 0) / flips.length, 10)
    const { ci_low, ci_high, ci_method, clusters } = line('flip_rate')
    expect(Number(ci_low)).toBeLessThan(Number(ci_high))
    expect(ci_method).toContain('cluster bootstrap')
    expect(clusters).toBe(String(prompts))
  }) // biome-ignore format: one line each
  it('stand in summary.json, the tables, the report, the code book and on the screen', () => {
    const summary = readJson<{ invariance: Record<string, Record<string, { value: number; n: number }>> }>(at(RUN), 'summary.json')
    expect(summary.invariance.all!.flip_rate!.value).toBe(Number(line('flip_rate').value))
    expect(summary.invariance.kekule!.mean_abs_delta!.n).toBe(Number(line('mean_abs_delta', 'kekule').n))
    for (const name of ['invariance', 'invariance-changed', 'sensitivity'])
      for (const kind of ['md', 'tex']) expect(readFileSync(at(RUN, 'tables', `${name}.${kind}`), 'utf8')).toContain('95')
    const html = readFileSync(at(RUN, 'report.html'), 'utf8')
    for (const id of ['invariance', 'sensitivity', 'fig-flips', 'fig-moves', 'fig-ranked-below', 'fig-margin-over-tanimoto-distance'])
      expect(html).toContain(`id="${id}"`)
    expect(readFileSync(at(RUN, 'codebook.md'), 'utf8')).toMatch(/## sensitivity\.csv[\s\S]*Statistics of equal and of changed chemistry/)
    expect(unexplained(at(RUN))).toEqual([])
    expect(done.stdout).toMatch(/same chemistry +flips +wins lost/)
    expect(readCsv(at(RUN), 'sensitivity.csv').length).toBeGreaterThan(4)
  }) // biome-ignore format: one line each
})

it('a transformation without "same" is said, and takes no part', async () => {
  writeFileSync(
    at('half.jsonl'),
    jsonLines([{ prompt: 'p', completions: [{ completion: 'a', transformation: 'x' }, { completion: 'b', transformation: 'y' }] }]),
  )
  const done = await run('run-rm', ['--dataset', at('half.jsonl'), '--output-dir', folder.path, '--no-verify', '--resamples', '100'])
  expect(done.stderr).toContain('transformation without "same"')
  expect(Object.keys(readCsv(at('demo-reward-model', 'half'), 'scores.csv')[0]!)).not.toContain('transformation')
}) // biome-ignore format: one line each

it('analyze has the same lines, from scores.csv', async () => {
  const own = readCsv(at('demo-reward-model/invariance'), 'agreement.csv').filter(({ scope }) => scope === 'invariance')
  const done = await call('analyze', ['--output-dir', folder.path, '--dataset', 'invariance', '--resamples', '200'])
  expect({ code: done.code, stderr: done.stderr }).toMatchObject({ code: 0 })
  const all = readCsv(at('analysis/invariance'), 'agreement.csv').filter(({ scope }) => scope === 'invariance')
  expect(all.map(({ scorer: _, ...line }) => line)).toEqual(own)
  expect(own.length).toBeGreaterThan(60)
})

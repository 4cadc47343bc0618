import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { groupAdvantages } from '../../src/groups/advantages.ts'
import { packagePath } from '../../src/package.ts'
import { type Bin, type CsvRow, type Done, header, jsonLines, readCsv, readJson, run, temporaryFolder } from './bin.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

interface Expected {
  readonly rm_scores: Readonly<Record<string, readonly number[]>>
  readonly groups: readonly {
    readonly id: string
    readonly std_unbiased: number
    readonly advantages_trl_grpo: readonly number[]
    readonly advantages_dr_grpo: readonly number[]
  }[]
}
/** Advantages of accuracy alone, and scores, as Python has them. */
const expected = JSON.parse(
  gunzipSync(readFileSync(packagePath('test/data/demo/expected-groups.json.gz'))).toString('utf8'),
) as Expected

async function groupsOf(bin: Bin, name: string, ...more: string[]): Promise<{ done: Done; path: string }> {
  const outputDir = join(folder.path, name)
  const args = ['--dataset', 'demo-groups', '--output-dir', outputDir, '--resamples', '200', ...more]
  const done = await run(bin, bin === 'run-verify' ? args : [...args, '--device', 'cpu'])
  expect(done.code, done.stderr).toBe(0)
  const scorer = bin === 'run-verify' ? 'verifiable' : 'demo-reward-model'
  return { done, path: join(outputDir, scorer, 'demo-groups') }
}
function byId(rows: readonly CsvRow[]): Map<string, CsvRow[]> {
  const found = new Map<string, CsvRow[]>()
  for (const row of rows) found.set(row.id!, [...(found.get(row.id!) ?? []), row])
  return found
}
const numbers = (rows: readonly CsvRow[], column: string): number[] => rows.map((row) => Number(row[column]))
const keptOf = (path: string): Readonly<Record<string, unknown>>[] =>
  readFileSync(join(path, 'curriculum.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)

describe('run-verify on the embedded groups', () => {
  let path = ''
  let done!: Done
  beforeAll(async () => {
    const ran = await groupsOf('run-verify', 'verify', '--reward-weights', '0,1,1')
    path = ran.path
    done = ran.done
  })

  it("has the advantages of accuracy that Python's TRL formula gives", () => {
    const rows = byId(readCsv(path, 'advantages.csv'))
    expect([...rows.keys()]).toEqual(expected.groups.map(({ id }) => id))
    for (const { id, advantages_trl_grpo } of expected.groups)
      for (const [i, a] of numbers(rows.get(id)!, 'advantage_verifier').entries())
        expect(a).toBeCloseTo(advantages_trl_grpo[i]!, 9)
    // nothing of a model, and said why
    for (const row of [...rows.values()].flat())
      expect(row).toMatchObject({ score: '', score_reason: 'no_model', advantage_learned: '', advantage_mix: '' })
  })

  it('keeps the prompts whose rewards differ, for a trainer', () => {
    const lines = keptOf(path)
    const data = readFileSync(packagePath('src/embedded/demo/groups.jsonl'), 'utf8').trimEnd().split('\n')
    expect(lines).toHaveLength(60)
    for (const [i, line] of lines.entries()) {
      const { id, subset, prompt, solution } = JSON.parse(data[i]!) as Record<string, unknown>
      expect(line).toMatchObject({ id, subset, prompt, solution, n: 8, n_verified: 8, keep_learned: null })
      const { std_unbiased } = expected.groups[i]!
      expect(line.std_verifier).toBeCloseTo(std_unbiased, 12)
      expect(line.keep_verifier).toBe(std_unbiased > 0)
      expect(line.reason_verifier).toBe(std_unbiased > 0 ? null : 'all_wrong')
      expect(line.reason_learned).toBe('missing')
    }
  })

  it('says so on the screen, in agreement.csv and in run.json', () => {
    // 7 of 60: pass@8 of the demo is 0.8833
    expect(done.stdout).toContain(
      'groups without an advantage: verifier 11.7 % of 60 (all right 0.0 %, all wrong 11.7 %); format and accuracy weigh 0 and 1\n',
    )
    expect(done.stdout).not.toContain('model')
    const table = readCsv(path, 'agreement.csv')
    expect(
      table.find(({ statistic, subset }) => statistic === 'zero_advantage_verifier' && subset === 'all'),
    ).toMatchObject({ scope: 'advantages', n: '60', clusters: '60', value: String(7 / 60) })
    expect(new Set(table.filter(({ scope }) => scope === 'curriculum').map(({ ci_method }) => ci_method))).toEqual(
      new Set(['none: simulated, seed 0']),
    )
    const { grpo } = readJson<{ grpo: { curriculum: { assumptions: string[] }; batches: number } }>(path, 'run.json')
    expect(grpo.batches).toBe(4)
    const codebook = readFileSync(join(path, 'codebook.md'), 'utf8')
    for (const assumption of grpo.curriculum.assumptions) expect(codebook).toContain(assumption)
    expect(codebook).toContain('## curriculum.jsonl')
  })

  it('simulates the curriculum in tidy lines', () => {
    const rows = readCsv(path, 'curriculum.csv')
    // 5 · 60 / 16
    expect(rows.map(({ reward_source, step }) => `${reward_source} ${step}`)).toEqual(
      Array.from({ length: 19 }, (_, i) => `verifier ${i + 1}`),
    )
    const [first] = rows
    expect(first).toMatchObject({
      groups: '16',
      from_buffer: '0',
      nontrivial_share_buffer: '',
      reason: 'nothing_from_buffer',
    })
    const mean = (name: string) => numbers(rows, name).reduce((a, b) => a + b, 0) / rows.length
    const table = readCsv(path, 'agreement.csv')
    for (const name of ['nontrivial_share', 'nontrivial_share_without']) {
      const line = table.find(({ statistic }) => statistic === `curriculum_${name}_verifier`)!
      expect(Number(line.value)).toBeCloseTo(mean(name), 12)
      expect(line.n).toBe('304')
    }
    expect(mean('nontrivial_share')).toBeGreaterThan(mean('nontrivial_share_without'))
  })
})

it('run-rm on the embedded groups: the score beside the verifier, and both', async () => {
  const { done, path } = await groupsOf('run-rm', 'rm', '--scale-rewards', 'none', '--reward-weights', '0,1,0.5')
  const rows = byId(readCsv(path, 'advantages.csv'))
  for (const { id, advantages_dr_grpo } of expected.groups) {
    const own = rows.get(id)!
    for (const [i, a] of numbers(own, 'advantage_verifier').entries()) expect(a).toBeCloseTo(advantages_dr_grpo[i]!, 12)
    const learned = groupAdvantages(expected.rm_scores[id]!, { scale: 'none' })
    for (const [i, a] of numbers(own, 'advantage_learned').entries())
      expect(Math.abs(a - learned[i]!)).toBeLessThan(2e-4)
    // distances from means add up
    for (const row of own)
      expect(Number(row.advantage_mix)).toBeCloseTo(
        Number(row.advantage_verifier) + 0.5 * Number(row.advantage_learned),
        9,
      )
  }
  expect(header(path, 'curriculum.csv')[0]).toBe('reward_source')
  expect(new Set(readCsv(path, 'curriculum.csv').map((row) => row.reward_source))).toEqual(
    new Set(['verifier', 'learned', 'mix']),
  )
  const rejected = [...rows.values()].flat().filter((row) => row.verifiable_status === 'fail')
  const up = rejected.filter((row) => Number(row.advantage_learned) > 0).length
  const table = readCsv(path, 'agreement.csv')
  expect(
    table.find(({ statistic, subset }) => statistic === 'pushed_up_of_failing_learned' && subset === 'all'),
  ).toMatchObject({ value: String(up / rejected.length), n: String(rejected.length) })
  expect(done.stdout).toContain(
    `the model's is above 0 in ${((100 * up) / rejected.length).toFixed(1)} % of ${rejected.length} that fail`,
  )
})

it('odd groups: none, one, an empty one, duplicates; a run of pairs has no such file', async () => {
  const data = join(folder.path, 'odd.jsonl')
  const right = '<|think_start|>t<|think_end|><|answer_start|>CCO<|answer_end|>'
  const solution = 'str_eval!:!CCO!:!x'
  writeFileSync(
    data,
    jsonLines([
      { id: 'one', prompt: 'a', completions: [right], solution },
      { id: 'same', prompt: 'b', completions: [right, right], solution },
      { id: 'empty text', prompt: 'c', completions: ['', right], solution },
      { id: 'unsolved', prompt: 'd', completions: ['x', 'y'] },
    ]),
  )
  const outputDir = join(folder.path, 'odd')
  const done = await run('run-rm', [
    '--dataset',
    data,
    '--output-dir',
    outputDir,
    '--device',
    'cpu',
    '--resamples',
    '100',
  ])
  expect(done.code, done.stderr).toBe(0)
  const path = join(outputDir, 'demo-reward-model', 'odd')
  expect(keptOf(path).map((line) => [line.id, line.keep_verifier, line.reason_verifier, line.reason_learned])).toEqual([
    ['one', false, 'too_few', 'too_few'],
    ['same', false, 'all_right', 'all_right'],
    ['empty text', true, null, null],
    ['unsolved', null, 'missing', null],
  ])
  expect(readCsv(path, 'advantages.csv').map((row) => row.advantage_verifier === '')).toEqual([
    ...[false, false, false, false, false, true, true],
  ])

  const pairs = join(folder.path, 'pairs')
  await run('run-verify', ['--limit', '2', '--output-dir', pairs, '--resamples', '100'])
  for (const name of ['advantages.csv', 'curriculum.csv', 'curriculum.jsonl'])
    expect(existsSync(join(pairs, 'verifiable', 'demo-pairs', name))).toBe(false)
})

it('without verification the model alone has advantages, and the rest is absent with its reason', async () => {
  const { done, path } = await groupsOf('run-rm', 'unverified', '--limit', '3', '--no-verify')
  expect(new Set(readCsv(path, 'curriculum.csv').map((row) => row.reward_source))).toEqual(new Set(['learned']))
  const table = readCsv(path, 'agreement.csv').filter(({ subset }) => subset === 'all')
  for (const name of ['zero_advantage_verifier', 'curriculum_nontrivial_share_verifier', 'curriculum_kept_share_mix'])
    expect(table.find(({ statistic }) => statistic === name)).toMatchObject({ value: '', n: '0' })
  expect(table.find(({ statistic }) => statistic === 'advantage_sign_agreement_learned')).toMatchObject({
    value: '',
    missing: '24',
    reason: 'no_completion_with_two_advantages',
  })
  expect(done.stdout).toContain('curriculum (simulated, model): groups with an advantage')
})

it('a later run without a simulation leaves no curriculum.csv of the earlier one', async () => {
  const { path } = await groupsOf('run-verify', 'again', '--limit', '3')
  expect(existsSync(join(path, 'curriculum.csv'))).toBe(true)
  await groupsOf('run-verify', 'again', '--limit', '3', '--curriculum-epochs', '0')
  expect(existsSync(join(path, 'curriculum.csv'))).toBe(false)
  expect(existsSync(join(path, 'curriculum.jsonl'))).toBe(true)
})

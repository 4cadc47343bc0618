import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { type CsvRow, jsonLines, readCsv, readJson, run, temporaryFolder } from './bin.ts'

/** run-process on the goldens (test/data/process): RATIONALYST's formulas over transformers' log-probabilities of the demo policy. */
const folder = temporaryFolder()
afterAll(() => folder.remove())

interface Scored {
  readonly start: number
  readonly boundary_moved: number
  readonly token_logprobs: readonly number[]
  readonly n_tokens: number
  readonly sum: number
  readonly mean: number
  readonly decayed_sum: number
  readonly decayed_mean: number
}
interface Chosen {
  readonly index: number
  readonly margin: number
  readonly correct: boolean
}
interface Expected {
  readonly rows: readonly {
    readonly id: string
    readonly layouts: Readonly<
      Record<string, { readonly candidates: readonly Scored[]; readonly choice: Readonly<Record<string, Chosen>> }>
    >
    readonly trajectory_choice: {
      readonly given: readonly { readonly score: number }[] | null
      readonly given_choice?: Chosen
      readonly greedy: readonly { readonly score: number | null; readonly near_ties: readonly number[] }[]
      readonly greedy_choice: Chosen
    }
  }[]
  readonly summary: Readonly<Record<string, { readonly count: number; readonly of: number }>>
}
const data = (name: string): string => packagePath('test/data/process', name)
const expected = JSON.parse(gunzipSync(readFileSync(data('expected.json.gz'))).toString('utf8')) as Expected
const rowsOf = (name: string): { readonly id: string; readonly rationale: string | null; readonly label: number }[] =>
  readFileSync(data(name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
const input = new Map(rowsOf('rows.jsonl').map((row) => [row.id, row]))

const LAYOUTS = ['none', 'rationale-first', 'rationale-last'] as const
const HEURISTICS = { world_model: 'decayed_mean', world_model_no_length: 'mean' } as const
/** A margin within which two computations may choose otherwise. */
const NEAR = 1e-3

describe.each(LAYOUTS)('--layout %s', (layout) => {
  const at = (): string => join(folder.path, layout, 'demo-policy-dpo/rows')
  const lines = new Map<string, CsvRow>()

  it('runs on the rows of the goldens', async () => {
    const done = await run('run-process', [
      '--dataset',
      data('rows.jsonl'),
      '--layout',
      layout,
      ...Object.keys(HEURISTICS).flatMap((name) => ['--heuristic', name]),
      ...[
        '--heuristic',
        'trajectory',
        '--heuristic',
        'random',
        '--device',
        'cpu',
        '--output-dir',
        join(folder.path, layout),
      ],
    ])
    // rows without a rationale have no trajectory score
    expect(done).toMatchObject({ code: 4 })
    for (const line of readCsv(at(), 'steps.csv')) lines.set(`${line.id} ${line.heuristic} ${line.candidate}`, line)
  })

  it.each(expected.rows.map((row) => [row.id, row] as const))('%s', (id, row) => {
    // a row without a rationale is read as under `none`, and says so
    const used = input.get(id)!.rationale === null ? 'none' : layout
    const { candidates, choice } = row.layouts[used]!
    for (const [heuristic, by] of Object.entries(HEURISTICS)) {
      const own = candidates.map((_, i) => lines.get(`${id} ${heuristic} ${i}`)!)
      for (const [i, want] of candidates.entries()) {
        const got = own[i]!
        expect(got).toMatchObject({
          tokens: String(want.n_tokens),
          context_tokens: String(want.start),
          boundary_moved: String(want.boundary_moved),
          layout: used,
          label: input.get(id)!.label === i ? '1' : '0',
        })
        for (const name of ['sum', 'decayed_sum'] as const)
          expect(Math.abs(Number(got[name]) - want[name])).toBeLessThan(2e-4)
        for (const name of ['mean', 'decayed_mean'] as const)
          expect(Math.abs(Number(got[name]) - want[name])).toBeLessThan(1e-4)
        expect(got.score).toBe(got[by])
      }
      const picked = own.findIndex(({ chosen }) => chosen === '1')
      expect(own.filter(({ chosen }) => chosen === '1')).toHaveLength(1)
      if (choice[by]!.margin > NEAR) {
        expect(picked).toBe(choice[by]!.index)
        expect(own[picked]!.label === '1').toBe(choice[by]!.correct)
      }
    }
    const { given, given_choice: byRationale } = row.trajectory_choice
    for (const i of candidates.keys()) {
      const got = lines.get(`${id} trajectory ${i}`)!
      if (given === null) expect(got).toMatchObject({ score: '', score_reason: 'no_rationale', chosen: '' })
      else {
        expect(Math.abs(Number(got.score) - given[i]!.score)).toBeLessThan(1e-4)
        if (byRationale!.margin > NEAR) expect(got.chosen).toBe(byRationale!.index === i ? '1' : '0')
      }
    }
  })

  it.runIf(layout === 'none')('the rationales that the model writes itself: scores and choices', async () => {
    const args = ['--heuristic', 'trajectory_greedy', '--device', 'cpu', '--output-dir', join(folder.path, 'greedy')]
    expect(await run('run-process', ['--dataset', data('rows.jsonl'), ...args])).toMatchObject({ code: 0 })
    const own = readCsv(folder.path, 'greedy/demo-policy-dpo/rows/steps.csv')
    for (const { id, trajectory_choice: want } of expected.rows) {
      const lines = own.filter((line) => line.id === id)
      for (const [i, { score, near_ties: near }] of want.greedy.entries())
        if (near.length === 0) expect(Math.abs(Number(lines[i]!.score) - score!)).toBeLessThan(1e-4)
      if (want.greedy_choice.margin > NEAR && want.greedy.every(({ near_ties: near }) => near.length === 0))
        expect(lines.findIndex(({ chosen }) => chosen === '1')).toBe(want.greedy_choice.index)
    }
  })

  it('report.html shows what was chosen', () => {
    const html = readFileSync(join(at(), 'report.html'), 'utf8')
    expect(html).toContain('Choosing the next step')
    expect(html).toContain('28 rows of steps')
  })

  it('summary.json and agreement.csv count the choices of steps.csv', () => {
    const summary = readJson<{
      readonly steps: {
        readonly heuristics: Record<string, { readonly overall: { readonly strict: number; readonly n: number } }>
      }
    }>(at(), 'summary.json')
    const agreement = readCsv(at(), 'agreement.csv')
    for (const heuristic of [...Object.keys(HEURISTICS), 'random']) {
      const chosen = [...lines.values()].filter((line) => line.heuristic === heuristic && line.chosen === '1')
      const share = chosen.filter(({ label }) => label === '1').length / chosen.length
      expect(summary.steps.heuristics[heuristic]!.overall).toMatchObject({ strict: share, n: 28 })
      const line = agreement.find(
        ({ statistic, subset }) => statistic === `choice_accuracy_${heuristic}` && subset === 'all',
      )!
      expect(Number(line.value)).toBe(share)
      expect(line).toMatchObject({ scope: 'steps', n: '28' })
    }
    const chance = agreement.find(({ statistic, subset }) => statistic === 'choice_chance' && subset === 'all')!
    const sizes = expected.rows.map(({ layouts }) => 1 / layouts.none!.candidates.length)
    expect(Number(chance.value)).toBeCloseTo(sizes.reduce((sum, one) => sum + one) / 28, 12)
  })
})

it('without a label the verifiable reward of each trajectory says what is right', async () => {
  const wrap = (answer: string): string => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`
  const row = {
    prompt: 'What do acetic acid and ethanol give?',
    solution: 'product_eval!:!CCOC(C)=O!:!reaction-prediction',
  }
  const rows = [
    { ...row, id: 'a', candidates: [wrap('CCOC(=O)CC'), wrap('CCOC(C)=O')] },
    { ...row, id: 'b', candidates: [wrap('C'), wrap('CC'), 'no answer'] },
    // the label wins
    { ...row, id: 'c', candidates: [wrap('C'), wrap('CCOC(C)=O')], label: 0 },
    // the answer may stand behind the thought of an earlier step
    {
      ...row,
      id: 'd',
      steps: ['<|think_start|>t<|think_end|>'],
      candidates: ['<|answer_start|>C<|answer_end|>', '<|answer_start|>CCO<|answer_end|>'],
    },
    { id: 'e', prompt: 'Nobody knows.', candidates: ['x', 'y'] },
  ]
  const path = join(folder.path, 'solved.jsonl')
  writeFileSync(path, jsonLines(rows))
  const out = join(folder.path, 'solved')
  const done = await run('run-process', ['--dataset', path, '--heuristic', 'random', '--output-dir', out])
  expect(done).toMatchObject({ code: 0 })
  expect(done.stderr).toContain('of 1 rows it is not known which candidates are right')
  const at = join(out, 'no-model/solved')
  const right = readCsv(at, 'steps.csv').map(
    ({ id, right, verifiable_status }) => `${id} ${right} ${verifiable_status}`,
  )
  expect(right).toEqual([
    ...['a 0 fail', 'a 1 pass', 'b 0 fail', 'b 0 fail', 'b 0 fail', 'c 1 fail', 'c 0 pass'],
    ...['d 0 fail', 'd 0 fail', 'e  ', 'e  '],
  ])
  const bound = (name: string) =>
    readCsv(at, 'agreement.csv').find(({ statistic, subset }) => statistic === name && subset === 'all')!
  expect(bound('choice_chance')).toMatchObject({ value: '0.25', n: '4', missing: '1' })
  expect(bound('choice_ceiling')).toMatchObject({ value: '0.5', n: '4' })
})

it('bad rows are listed, the others are chosen from', async () => {
  const rows = [
    { id: 'none', prompt: 'Hi', candidates: [], label: 0 },
    { id: 'one', prompt: 'Hi', candidates: ['a'], label: 0 },
    { id: 'beyond', prompt: 'Hi', candidates: ['a', 'b'], label: 2 },
    { id: 'empty', prompt: 'Hi', candidates: ['', 'b'], label: 1 },
    { id: 'good', prompt: 'Hi', candidates: ['CCO', 'C'], label: 0 },
  ]
  const path = join(folder.path, 'bad.jsonl')
  writeFileSync(path, jsonLines(rows))
  const out = join(folder.path, 'bad')
  const done = await run('run-process', [
    '--dataset',
    path,
    '--device',
    'cpu',
    '--heuristic',
    'world_model',
    '--output-dir',
    out,
  ])
  expect(done).toMatchObject({ code: 4 })
  for (const message of [
    '"candidates" is an empty list',
    'nothing is to be chosen',
    'there are 2 candidates',
    'there is no text to score',
  ])
    expect(done.stderr).toContain(message)
  const lines = readCsv(out, 'demo-policy-dpo/bad/steps.csv')
  expect(lines.map(({ id, chosen, score_reason: reason }) => `${id} ${chosen} ${reason}`)).toEqual([
    ...['empty  empty_span', 'empty  ', expect.stringMatching(/^good [01] $/), expect.stringMatching(/^good [01] $/)],
  ])
})

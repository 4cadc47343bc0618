import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { jsonLines, readCsv, readJson, run, temporaryFolder } from './bin.ts'

/** Process reward models on rows of steps: the probabilities are those of the heads' own goldens (test/data/heads). */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const head = (name: string): string => packagePath('test/data/heads', name)

interface Case {
  readonly id: string
  readonly messages: readonly { readonly role: string; readonly content: string }[]
  readonly scores: readonly number[] | null
  readonly truncation?: unknown
}
const casesOf = (name: string): Case[] => {
  const golden = JSON.parse(gunzipSync(readFileSync(join(head(name), 'golden.json.gz'))).toString('utf8')) as {
    readonly cases: readonly Case[]
  }
  return golden.cases.filter(
    ({ messages, scores, truncation }) =>
      (truncation ?? null) === null && (scores?.length ?? 0) > 0 && messages.at(-1)!.role === 'assistant',
  )
}
/** A golden case as steps: its text without what stands behind each step. */
interface Stepped {
  readonly id: string
  readonly prompt: Case['messages']
  readonly steps: readonly string[]
  readonly scores: readonly number[]
}
function stepped(name: string, mark: string): Stepped[] {
  return casesOf(name).flatMap(({ id, messages, scores }) => {
    const steps = messages.at(-1)!.content.split(mark)
    // a mark stands behind each step, or a blank line between them
    if (mark !== '\n\n' && steps.pop() !== '') return []
    if (steps.length !== scores!.length) return []
    return [{ id, prompt: messages.slice(0, -1), steps, scores: scores! }]
  })
}
const write = (name: string, rows: readonly unknown[]): string => {
  const path = join(folder.path, `${name}.jsonl`)
  writeFileSync(path, jsonLines(rows))
  return path
}
/** Labels that are right where the golden probability is, but for every third step. */
const labelsOf = ({ scores }: Stepped, row: number): boolean[] =>
  scores.map((score, i) => ((row + i) % 3 === 0 ? score < 0.5 : score >= 0.5))

const MODELS = [
  ['trl-prm-llama', '\n', ['--chat-template', 'raw']],
  ['trl-prm-qwen2', '\n', ['--chat-template', 'raw']],
  ['qwen2-prm', '<extra_0>', []],
  ['math-shepherd', ' +\n', ['--step-tokens', '+ the of', '--chat-template', 'raw']],
  ['rlhflow-prm', '\n\n', ['--step-tokens', 'turns + -']],
] as const

describe.each(MODELS)('%s', (name, mark, more) => {
  const cases = stepped(name, mark)
  const go = (data: string, ...args: string[]) =>
    run('run-process', [
      ...['--model', head(name), '--heuristic', 'reward', '--dataset', data, '--device', 'cpu', ...more],
      ...['--output-dir', join(folder.path, 'out'), ...args],
    ])
  const at = (data: string): string => join(folder.path, 'out', name, data)

  it('has cases', () => {
    expect(cases.length).toBeGreaterThan(3)
  })

  it("TRL's stepwise rows: every step has the golden probability", async () => {
    const rows = cases.map((one, i) => ({
      id: one.id,
      prompt: one.prompt,
      completions: one.steps,
      labels: labelsOf(one, i),
    }))
    const done = await go(write(`trl-${name}`, rows))
    expect(done).toMatchObject({ code: 0 })
    const lines = readCsv(at(`trl-${name}`), 'step-scores.csv')
    const scores = cases.flatMap(({ scores }) => scores)
    const labels = rows.flatMap(({ labels }) => labels)
    expect(lines.map(({ label }) => label)).toEqual(labels.map((label) => (label ? '1' : '0')))
    for (const [i, score] of scores.entries())
      expect(Math.abs(Number(lines[i]!.step_probability) - score)).toBeLessThan(3e-5)

    // the statistics, by another way
    const statistics = readCsv(at(`trl-${name}`), 'agreement.csv').filter(({ subset }) => subset === 'all')
    const value = (statistic: string): number => Number(statistics.find((one) => one.statistic === statistic)!.value)
    const hits = scores.filter((score, i) => score >= 0.5 === labels[i]).length
    expect(value('step_accuracy')).toBeCloseTo(hits / scores.length, 12)
    const [right, wrong] = [true, false].map((want) => scores.filter((_, i) => labels[i] === want))
    let above = 0
    for (const a of right!) for (const b of wrong!) above += a > b ? 1 : a === b ? 0.5 : 0
    expect(value('auroc')).toBeCloseTo(above / (right!.length * wrong!.length), 12)
    const firsts = cases.map(({ scores }, i) => [
      rows[i]!.labels.indexOf(false),
      scores.findIndex((score) => score < 0.5),
    ])
    const share = (part: number[][]): number => part.filter(([label, found]) => label === found).length / part.length
    const [found, seen] = [share(firsts.filter(([l]) => l !== -1)), share(firsts.filter(([l]) => l === -1))]
    expect(value('first_error_found')).toBeCloseTo(found, 12)
    if (Number.isNaN(seen)) expect(statistics.find((s) => s.statistic === 'no_error_seen')).toMatchObject({ value: '' })
    else {
      expect(value('no_error_seen')).toBeCloseTo(seen, 12)
      expect(value('process_bench_f1')).toBeCloseTo(found + seen === 0 ? 0 : (2 * found * seen) / (found + seen), 12)
    }
  })

  it('the last step of each case as a candidate: its own probability chooses, or an aggregate', async () => {
    const rows = cases.map(({ id, prompt, steps, scores }) => ({
      id,
      prompt,
      steps: steps.slice(0, -1),
      candidates: [steps.at(-1)!, 'Thus it is water.'],
      label: 0,
      golden: scores,
    }))
    const data = write(`steps-${name}`, rows)
    expect(await go(data)).toMatchObject({ code: 0 })
    const own = readCsv(at(`steps-${name}`), 'steps.csv').filter(({ candidate }) => candidate === '0')
    for (const [i, { scores }] of cases.entries()) {
      const probabilities = JSON.parse(own[i]!.step_probabilities!) as number[]
      expect(probabilities).toHaveLength(scores.length)
      for (const [s, score] of scores.entries()) expect(Math.abs(probabilities[s]! - score)).toBeLessThan(3e-5)
      expect(Number(own[i]!.score)).toBe(probabilities.at(-1))
    }
    const aggregates: Readonly<Record<string, (values: readonly number[]) => number>> = {
      min: (values) => Math.min(...values),
      product: (values) => values.reduce((product, value) => product * value, 1),
      mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
    }
    for (const [aggregate, of] of Object.entries(aggregates)) {
      expect(await go(data, '--step-aggregate', aggregate)).toMatchObject({ code: 0 })
      for (const line of readCsv(at(`steps-${name}`), 'steps.csv'))
        expect(Number(line.score)).toBeCloseTo(of(JSON.parse(line.step_probabilities!) as number[]), 12)
    }
  })
})

it('a step that holds what ends one is not scored, and listed', async () => {
  const rows = [
    { id: 'a', prompt: 'Hi', steps: ['One.'], candidates: ['Two.', 'Two\nlines.'], label: 0 },
    { id: 'b', prompt: 'Hi', steps: ['One.'], candidates: ['Two.', 'Three.'], label: 0 },
  ]
  const done = await run('run-process', [
    ...['--model', head('trl-prm-llama'), '--heuristic', 'reward', '--chat-template', 'raw', '--device', 'cpu'],
    ...['--dataset', write('separator', rows), '--output-dir', join(folder.path, 'separator')],
  ])
  expect(done).toMatchObject({ code: 4 })
  expect(done.stderr).toContain('separator.jsonl:1: candidate 1 has no score (reward): step_count')
  const lines = readCsv(join(folder.path, 'separator/trl-prm-llama/separator'), 'steps.csv')
  expect(lines.map(({ chosen }) => chosen)).toEqual(['', '', expect.any(String), expect.any(String)])
  expect(lines[1]).toMatchObject({ score: '', score_reason: 'step_count' })
})

it("ProcessBench's form: the index of the first wrong step, −1 where there is none", async () => {
  const rows = [
    { id: 'a', problem: 'Hi', steps: ['One.', 'Two.', 'Three.'], label: 1 },
    { id: 'b', problem: 'Hi', steps: ['One.', 'Two.'], label: -1 },
    { id: 'c', problem: 'Hi', steps: ['One.'], label: 1 },
  ]
  const done = await run('run-process', [
    ...['--model', head('trl-prm-llama'), '--heuristic', 'reward', '--chat-template', 'raw', '--device', 'cpu'],
    ...['--dataset', write('bench', rows), '--output-dir', join(folder.path, 'bench')],
  ])
  expect(done).toMatchObject({ code: 4 })
  expect(done.stderr).toContain('"label" is 1, and there are 1 steps')
  const at = join(folder.path, 'bench/trl-prm-llama/bench')
  const lines = readCsv(at, 'step-scores.csv')
  expect(lines.map(({ id, label, first_error }) => `${id} ${label} ${first_error}`)).toEqual([
    ...['a 1 1', 'a 0 1', 'a  1', 'b 1 -1', 'b 1 -1'],
  ])
  expect(readJson<{ labelled_steps: object }>(at, 'summary.json').labelled_steps).toMatchObject({
    first_error_found: { n: 1 },
    no_error_seen: { n: 1 },
  })
})

it.each([
  [
    'a head that gives one number of a text',
    ['--heuristic', 'reward', '--model', head('ultrarm')],
    2,
    'one reward of a text, not one of every step',
  ],
  [
    'labelled steps without a reward model',
    [],
    2,
    'holds labelled steps, which a process reward model is held against',
  ],
])('%s is refused', async (_, args, code, message) => {
  const data = write('labelled', [{ prompt: 'Hi', completions: ['One.'], labels: [true] }])
  const done = await run('run-process', [
    '--dataset',
    data,
    '--device',
    'cpu',
    '--output-dir',
    join(folder.path, 'no'),
    ...args,
  ])
  expect(done).toMatchObject({ code, stdout: '' })
  expect(done.stderr).toContain(message)
})

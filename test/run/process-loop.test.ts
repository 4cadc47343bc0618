import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { jsonLines, manifestOf, readCsv, readJson, run, temporaryFolder } from './bin.ts'

/** run-process --generate: RATIONALYST's loop on the embedded policy. */
const folder = temporaryFolder()
afterAll(() => folder.remove())

interface Step {
  readonly candidates: readonly string[]
  readonly finish_reasons: readonly string[]
  readonly scores: readonly (number | null)[]
  readonly chosen: number
  readonly margin: number | null
  readonly rationale: string | null
}
interface Row {
  readonly id: string
  readonly prompt: unknown
  readonly completions: readonly [
    { readonly completion: string; readonly finish_reason: string; readonly steps: readonly Step[] },
  ]
}
const FILE = 'demo-policy-dpo/demo-prompts/trajectories.jsonl'
const text = (name: string): string => readFileSync(join(folder.path, name, FILE), 'utf8')
const rows = (name: string): Row[] =>
  text(name)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
const go = (name: string, ...args: string[]) =>
  run('run-process', ['--generate', '--device', 'cpu', '--output-dir', join(folder.path, name), ...args])
/** The demo policy writes no line breaks: its thought and its answer are two steps. */
const TWO = ['--step-separator', '<|think_end|>'] as const

it('with a seed the same file, byte by byte, whatever runs beside it; another seed, another file', async () => {
  const done = await go('a', '--limit', '5', ...TWO)
  expect(done).toMatchObject({ code: 0 })
  // sampling is the default, and said
  expect(done.stderr).toContain('decoding: temperature 0.7, seed 0, 3 per step, ')
  expect(done.stderr).toContain(`written to ${join(folder.path, 'a', FILE)}\n`)
  await go('b', '--limit', '5', '--batch-size', '2', ...TWO)
  await go('c', '--limit', '5', '--seed', '1', ...TWO)
  // log-probabilities differ in the last digits between batches; what was drawn and chosen does not
  const drawn = (name: string) =>
    rows(name).map(({ completions: [{ steps, completion }] }) => [
      completion,
      steps.map((s) => [s.candidates, s.chosen]),
    ])
  expect(drawn('b')).toEqual(drawn('a'))
  expect(drawn('c')).not.toEqual(drawn('a'))
  await go('d', '--limit', '5', ...TWO)
  expect(text('d')).toBe(text('a'))
})

it('a run that goes on writes what is missing, and the same', async () => {
  await go('more', '--limit', '2', ...TWO)
  const before = text('more')
  const done = await go('more', '--limit', '5', ...TWO)
  expect(done).toMatchObject({ code: 0 })
  expect(text('more').startsWith(before)).toBe(true)
  expect(rows('more').map(({ id }) => id)).toEqual(rows('a').map(({ id }) => id))
  const other = await go('more', '--limit', '5', '--seed', '3', ...TWO)
  expect(other.code).toBe(0)
  expect(text('more')).not.toBe(text('a'))
})

it('a reasoning is its chosen steps; its end is said, and counted', () => {
  const endings: Record<string, number> = {}
  let steps = 0
  for (const { completions } of rows('a')) {
    const [{ completion, finish_reason: ending, steps: own }] = completions
    expect(completion).toBe(own.map(({ candidates, chosen }) => candidates[chosen]!).join('<|think_end|>'))
    for (const { candidates, scores, chosen, margin } of own) {
      expect(new Set(candidates).size).toBe(candidates.length)
      expect(scores[chosen]).toBe(Math.max(...(scores as number[])))
      const sorted = [...(scores as number[])].sort((x, y) => y - x)
      if (sorted.length > 1) expect(margin).toBeCloseTo(sorted[0]! - sorted[1]!, 12)
      else expect(margin).toBeNull()
    }
    if (ending === 'answer') expect(completion).toContain('<|answer_end|>')
    endings[ending] = (endings[ending] ?? 0) + 1
    steps += own.length
  }
  const { reasonings } = readJson<{ reasonings: { rows: number; steps: number; endings: Record<string, number> } }>(
    folder.path,
    'a/demo-policy-dpo/demo-prompts/summary.json',
  )
  expect(reasonings).toMatchObject({ rows: 5, steps, endings })
  expect(manifestOf(folder.path, 'a/demo-policy-dpo/demo-prompts').models).toHaveLength(1)
})

describe.each(['rationale-first', 'rationale-last', 'none'])('--layout %s', (layout) => {
  it('choices are those of run-process on the same candidates', async () => {
    // at a high temperature steps end in line breaks now and then
    const more = [
      '--limit',
      '4',
      '--temperature',
      '1',
      '--max-steps',
      '3',
      '--max-new-tokens',
      '30',
      '--layout',
      layout,
    ]
    expect(await go(`own ${layout}`, ...more)).toMatchObject({ code: 0 })
    const choices = rows(`own ${layout}`).flatMap(({ id, prompt, completions: [{ steps }] }) =>
      steps.flatMap(({ candidates, rationale, scores, chosen }, k) =>
        candidates.length < 2
          ? []
          : [
              {
                id: `${id} ${k}`,
                prompt,
                steps: steps.slice(0, k).map((one) => one.candidates[one.chosen]!),
                candidates,
                rationale,
                scores,
                chosen,
              },
            ],
      ),
    )
    expect(choices.length).toBeGreaterThan(3)
    if (layout === 'none') expect(choices.every(({ rationale }) => rationale === null)).toBe(true)
    const data = join(folder.path, `choices-${layout}.jsonl`)
    writeFileSync(data, jsonLines(choices.map(({ scores: _, chosen: __, ...row }) => row)))
    const out = join(folder.path, `again ${layout}`)
    await run('run-process', [
      ...['--dataset', data, '--layout', layout, '--heuristic', 'world_model', '--device', 'cpu', '--output-dir', out],
    ])
    const lines = readCsv(out, `demo-policy-dpo/choices-${layout}/steps.csv`)
    for (const { id, scores, chosen } of choices) {
      const own = lines.filter((line) => line.id === id)
      for (const [i, score] of scores.entries()) expect(Math.abs(Number(own[i]!.score) - score!)).toBeLessThan(3e-5)
      expect(own.findIndex((line) => line.chosen === '1')).toBe(chosen)
    }
  })
})

it('a reward model chooses; a draw needs none', async () => {
  expect(await go('reward', '--limit', '2', '--heuristic', 'reward', ...TWO)).toMatchObject({ code: 0 })
  const at = join(folder.path, 'reward/demo-policy-dpo__with__demo-reward-model/demo-prompts')
  expect(manifestOf(at).models.map(({ role }) => role)).toEqual(['policy', 'rm'])
  expect(await go('random', '--limit', '2', '--heuristic', 'random', ...TWO)).toMatchObject({ code: 0 })
  for (const { completions } of rows('random'))
    for (const { scores, rationale } of completions[0].steps) {
      expect(scores.every((score) => score === null)).toBe(true)
      expect(rationale).toBeNull()
    }
})

it('the other commands read the file as groups', async () => {
  const out = join(folder.path, 'verified')
  const done = await run('run-verify', ['--dataset', join(folder.path, 'a', FILE), '--output-dir', out])
  expect(done).toMatchObject({ code: 0 })
  const scored = readCsv(out, 'verifiable/trajectories/scores.csv')
  expect(scored.map(({ id }) => id)).toEqual(rows('a').map(({ id }) => id))
})

it('a prompt that leaves no room is listed, the others are there', async () => {
  const data = join(folder.path, 'long.jsonl')
  writeFileSync(data, jsonLines([{ prompt: 'C'.repeat(5000) }, { prompt: 'A SMILES of ethanol?' }]))
  const done = await go('long', '--dataset', data)
  expect(done).toMatchObject({ code: 4 })
  expect(done.stderr).toContain('long.jsonl:1: the prompt has')
})

it('a reasoning that leaves no room for one more step ends there', async () => {
  const more = [
    '--limit',
    '3',
    '--max-length',
    '150',
    '--max-new-tokens',
    '40',
    '--temperature',
    '1',
    '--step-separator',
    ' ',
  ]
  const done = await go('room', ...more, '--max-steps', '40')
  expect([0, 4]).toContain(done.code)
  const endings = rows('room').map(({ completions }) => completions[0].finish_reason)
  expect(endings).toContain('length')
  for (const { completions } of rows('room')) expect(completions[0].steps.length).toBeGreaterThan(0)
})

it('--dry-run and --dump-rendered show the prompts', async () => {
  expect(await go('dry', '--limit', '3', '--dry-run')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('not continued'),
  })
  const dump = await go('dry', '--dump-rendered', '2')
  expect(dump.stdout.match(/assistant/g)).toHaveLength(2)
})

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { type Entry, openStore } from '../../src/store/log.ts'
import { storeName, visitEntries } from '../../src/store/merge.ts'
import { type Bin, type CsvRow, type Done, manifestOf, QUICK, readCsv, run, start, temporaryFolder } from './bin.ts'

/** A score depends on its text and model, not on batches, order, shards or what else was run. */
const ROWS = 40
const lines = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8').trim().split('\n').slice(0, ROWS)

const STORE = /^measurements(\.shard-\d-of-\d)?\.jsonl$/

const folder = temporaryFolder()
afterAll(() => folder.remove())
const data = (name: string, content: readonly string[]): string => {
  const path = join(folder.path, name)
  writeFileSync(path, `${content.join('\n')}\n`)
  return path
}
/** Every seventh of them, wrapping around: another order of the same rows. */
const shuffled = lines.map((_, i) => lines[(7 * i + 3) % ROWS]!)
expect(new Set(shuffled).size).toBe(ROWS)
const PAIRS = data('pairs.jsonl', lines)
const SHUFFLED = data('shuffled.jsonl', shuffled)
const HALF = data('half.jsonl', lines.slice(10, 30))
const WITH_BAD_ROW = data('with-bad-row.jsonl', [
  ...lines.slice(0, 5),
  '{"id": "broken", "prompt": 1}',
  ...lines.slice(5),
])

const MODEL = { 'run-rm': 'demo-reward-model', 'run-dpo': 'demo-policy-dpo__vs__demo-ref-sft' } as const
type Scoring = keyof typeof MODEL
const outOf = (bin: Scoring, label: string, dataset = 'pairs'): string => join(folder.path, label, MODEL[bin], dataset)
const argsOf = (label: string, dataset: string, ...args: string[]): string[] => [
  ...['--dataset', dataset, '--output-dir', join(folder.path, label)],
  ...[...QUICK, ...args],
]
const go = (bin: Bin, label: string, dataset: string, ...args: string[]): Promise<Done> =>
  run(bin, argsOf(label, dataset, ...args))

const byCompletion = (path: string): Map<string, CsvRow> =>
  new Map(readCsv(path, 'scores.csv').map((row) => [`${row.id} ${row.role} ${row.index}`, row]))

/** 2e-5 absolute + 1e-5 relative; sums × tokens. Everything that is no score is equal. */
function expectSameScores(path: string, other: string): void {
  const [want, got] = [byCompletion(other), byCompletion(path)]
  expect(got.size).toBe(want.size)
  for (const [key, row] of want) {
    const tokens = Number(row.completion_tokens)
    for (const [column, text] of Object.entries(row)) {
      const found = got.get(key)![column]!
      const scale = /logprob$|^logratio$|^policy_norm$|^implicit/.test(column) && !column.includes('mean') ? tokens : 1
      if (/score|logprob|logratio|implicit|norm/.test(column) && text !== '')
        expect(Math.abs(Number(found) - Number(text)), `${key} ${column}`).toBeLessThanOrEqual(
          scale * (2e-5 + 1e-5 * Math.abs(Number(text))),
        )
      else expect(found, `${key} ${column}`).toBe(text)
    }
  }
}

beforeAll(async () => {
  const all = await Promise.all([go('run-rm', 'base', PAIRS), go('run-dpo', 'base', PAIRS)])
  expect(all.map(({ code }) => code)).toEqual([0, 0])
})

describe.concurrent('batches', () => {
  it.each([
    ['run-rm', '--batch-tokens', '64'],
    ['run-rm', '--batch-size', '1'],
    ['run-dpo', '--batch-tokens', '64'],
    ['run-dpo', '--batch-tokens', '100000'],
  ] as const)('%s %s %s', async (bin, flag, value) => {
    const label = `${bin}${flag}-${value}`
    expect((await go(bin, label, PAIRS, flag, value)).code).toBe(0)
    expectSameScores(outOf(bin, label), outOf(bin, 'base'))
    const [plan, other] = [manifestOf(outOf(bin, label)), manifestOf(outOf(bin, 'base'))].map(
      ({ models }) => models[0]!.work.batches,
    )
    expect(plan).not.toBe(other)
  })
})

it('the order of the rows', async () => {
  expect((await go('run-dpo', 'shuffled', SHUFFLED)).code).toBe(0)
  const out = outOf('run-dpo', 'shuffled', 'shuffled')
  expectSameScores(out, outOf('run-dpo', 'base'))
  // the files keep the order of the data
  expect(readCsv(out, 'pairs.csv').map(({ id }) => id)).toEqual(
    shuffled.map((line) => (JSON.parse(line) as { id: string }).id),
  )
})

describe('shards', () => {
  it('two of them, the second first, give the files of the whole', async () => {
    const out = outOf('run-rm', 'two')
    const first = await go('run-rm', 'two', PAIRS, '--shard', '2/2')
    expect(first.code).toBe(0)
    expect(first.stderr).toContain('shard 2/2 is done; waiting for measurements.shard-1-of-2.jsonl')
    expect(existsSync(join(out, 'scores.csv'))).toBe(false)
    const last = await go('run-rm', 'two', PAIRS, '--shard', '1/2')
    expect(last.code).toBe(0)
    expect(last.stderr).toMatch(/all 2 shards are there: \d+ measurements merged/)
    expectSameScores(out, outOf('run-rm', 'base'))
    const manifest = manifestOf(out)
    expect(manifest.dataset).toMatchObject({ rows: ROWS, completions: 2 * ROWS })
    expect(manifest.models[0]!.work).toMatchObject({ measured: 0 })
  })

  it('three of them at once, with a row that is none, list it once', async () => {
    const out = outOf('run-dpo', 'three', 'with-bad-row')
    const done = await Promise.all(
      ['3/3', '1/3', '2/3'].map((part) => start('run-dpo', argsOf('three', WITH_BAD_ROW, '--shard', part)).done),
    )
    // the part that has the bad row, and the one that merged
    expect(done.map(({ code }) => code).filter((code) => code === 4).length).toBeGreaterThanOrEqual(1)
    expect(done.every(({ code }) => code === 0 || code === 4)).toBe(true)
    expectSameScores(out, outOf('run-dpo', 'base'))
    expect(readCsv(out, 'failures.csv')).toMatchObject([{ where: 'with-bad-row.jsonl:6', id: 'broken' }])
  })

  it('more rows: shards of fewer are gone on with, wherever a prompt lies now, and nothing is measured twice', async () => {
    const out = outOf('run-rm', 'limits')
    const shard = (i: number, ...more: string[]): Promise<Done> =>
      go('run-rm', 'limits', PAIRS, '--shard', `${i}/3`, ...more)
    for (const i of [1, 2, 3]) expect((await shard(i, '--limit', '20')).code).toBe(0)
    expect(manifestOf(out).dataset).toMatchObject({ rows: 20 })
    const first = await shard(1)
    expect(first.stderr).toContain('shard 1/3 is done; to be run again, cut otherwise')
    expect(first.stderr).toContain('measurements.shard-2-of-3.jsonl, measurements.shard-3-of-3.jsonl')
    expect((await shard(1, '--merge', 'only')).code).toBe(3)
    const measured = [first, await shard(2), await shard(3)].map(({ stderr }) =>
      Number(/(\d+) measurements? of an earlier run/.exec(stderr)?.[1] ?? 0),
    )
    // each of the first 20 rows' completions is found once, in whatever shard it was measured
    expect(measured.reduce((sum, n) => sum + n, 0)).toBe(
      new Set(
        readCsv(out, 'scores.csv')
          .slice(0, 40)
          .map((row) => row.text_sha256),
      ).size,
    )
    expectSameScores(out, outOf('run-rm', 'base'))
    const { models, shards } = manifestOf(out)
    expect(models[0]!.work).toMatchObject({ measured: 0 })
    expect(shards).toMatchObject({ count: 3, rule: expect.stringContaining('rows of one prompt together') })
    expect(shards!.heaviest_over_mean).toBe(
      (Math.max(...shards!.estimated_tokens) * 3) / shards!.estimated_tokens.reduce((sum, n) => sum + n, 0),
    )
  })

  it('stores of an earlier version, cut by row, are not merged before their shards were gone on with', async () => {
    const out = outOf('run-rm', 'earlier')
    const whole = await openStore(join(outOf('run-rm', 'base'), 'measurements.jsonl'), { readOnly: true })
    const entries: Entry[] = []
    await visitEntries(whole.path, (entry) => entries.push(entry))
    whole.close()
    expect((await go('run-rm', 'earlier', PAIRS, '--shard', '1/2', '--limit', '1')).code).toBe(0)
    for (const index of [1, 2]) {
      const store = await openStore(join(out, storeName({ index, count: 2 })), { fresh: true, config: whole.config })
      store.append(entries.filter((_, i) => i % 2 === index - 1))
      store.finish()
      store.close()
    }
    const first = await go('run-rm', 'earlier', PAIRS, '--shard', '1/2')
    expect(first.stderr).toContain(
      'cut otherwise (from other rows or by an earlier version; what they have measured is used): measurements.shard-2-of-2.jsonl',
    )
    expect(existsSync(join(out, 'scores.csv'))).toBe(false)
    const last = await go('run-rm', 'earlier', PAIRS, '--shard', '2/2')
    expect(last.stderr).toMatch(/all 2 shards are there/)
    expect(readFileSync(join(out, 'scores.csv'))).toEqual(readFileSync(join(outOf('run-rm', 'base'), 'scores.csv')))
  })

  it('rows of one prompt are in one shard, and its tokens are computed once as in a single run', async () => {
    const rows = lines.slice(0, 6).flatMap((line, r) => {
      const { prompt, chosen, rejected } = JSON.parse(line) as Record<string, string>
      return Array.from({ length: 8 }, (_, k) =>
        JSON.stringify({ id: `${k}-${r}`, prompt, completion: `${k} ${k % 2 ? chosen : rejected}` }),
      )
    })
    const rollouts = data('rollouts.jsonl', rows)
    const tokens: number[] = []
    for (const args of [[], ['--shard', '1/3'], ['--shard', '2/3'], ['--shard', '3/3']])
      expect((await go('run-rm', args.length === 0 ? 'one' : 'rollouts', rollouts, ...args)).code).toBe(0)
    for (const label of ['one', 'rollouts']) {
      const out = outOf('run-rm', label, 'rollouts')
      let sum = 0
      for (const name of readdirSync(out).filter((name) => STORE.test(name))) {
        const { plans } = await visitEntries(join(out, name), () => {})
        const store = await openStore(join(out, name), { readOnly: true })
        for (const plan of plans.keys()) for (const batch of store.plan(plan)!) sum += batch.tokens
        store.close()
      }
      tokens.push(sum)
    }
    expect(tokens[1]! / tokens[0]!).toBeLessThan(1.02)
    // every prompt with each of its completions
    expect(manifestOf(outOf('run-rm', 'one', 'rollouts')).models[0]!.work.tokens).toBe(tokens[0])
    const apart = readCsv(outOf('run-rm', 'one', 'rollouts'), 'scores.csv')
    expect(tokens[0]).toBeLessThan(
      0.8 * apart.reduce((sum, row) => sum + Number(row.prompt_tokens) + Number(row.completion_tokens), 0),
    )
    expectSameScores(outOf('run-rm', 'rollouts', 'rollouts'), outOf('run-rm', 'one', 'rollouts'))
  })

  it('run again when all are there, no model is opened', async () => {
    const out = outOf('run-rm', 'two')
    const before = readFileSync(join(out, 'scores.csv'), 'utf8')
    expect((await go('run-rm', 'two', PAIRS)).code).toBe(0)
    expect(manifestOf(out).models[0]).toMatchObject({ runner: null, work: { measured: 0, batches: 0 } })
    expect(readFileSync(join(out, 'scores.csv'), 'utf8')).toBe(before)
  })
})

it("another data set takes over the same model's measurements", async () => {
  const done = await go('run-dpo', 'base', HALF)
  expect(done.code).toBe(0)
  expect(done.stderr).toContain("80 measurements of an earlier run are used, of this model's other runs or shards\n")
  const out = outOf('run-dpo', 'base', 'half')
  for (const { runner, work } of manifestOf(out).models) {
    expect(runner).toBeNull()
    expect(work).toMatchObject({ measured: 0, found: 40, kept: 40, borrowed: 40 })
  }
  const base = byCompletion(outOf('run-dpo', 'base'))
  for (const [key, row] of byCompletion(out)) expect(row).toEqual(base.get(key))
  // and keeps them: its own store is whole
  const own = readFileSync(join(out, 'measurements.jsonl'), 'utf8').match(/^\{"key":/gm)
  expect(own).toHaveLength(80)
})

import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prng } from '../../src/prng.ts'
import { Batcher, type BatcherInput } from '../../src/serve/batcher.ts'
import type { LearnedScore, ScoreRequest } from '../../src/serve/request.ts'
import type { Runner } from '../../src/types.ts'
import { call } from '../command.ts'
import { type CsvRow, jsonLines, QUICK, readCsv } from '../run/bin.ts'
import { DEMO, POLICY, REFERENCE, type ServedHere, servedHere } from './served.ts'

/** Groups of a few prompts, some completions equal, one too long. */
const GROUPS = Array.from({ length: 12 }, (_, g) => ({
  id: String(g),
  prompt: `What is the SMILES of alcohol number ${g % 5}? ${'Think about it. '.repeat(g % 3)}`,
  completions: [
    `C${'C'.repeat(g)}O`,
    'CCO',
    `<|think_start|>${'so '.repeat(g * 2)}<|think_end|><|answer_start|>CCCO<|answer_end|>`,
    ...(g === 7 ? ['too long '.repeat(600)] : []),
  ],
}))
const requests = GROUPS.map(({ prompt, completions }): ScoreRequest => ({ kind: 'conversation', prompt, completions }))
let rows: string
const scoresOf = async (bin: 'run-rm' | 'run-dpo'): Promise<CsvRow[]> => {
  const out = mkdtempSync(join(tmpdir(), 'served-'))
  const args = ['--dataset', rows, '--output-dir', out, '--name', 'm', ...QUICK]
  expect(await call(bin, args)).toMatchObject({ code: 4 })
  return readCsv(out, 'm', 'groups', 'scores.csv')
}
beforeAll(() => {
  rows = join(mkdtempSync(join(tmpdir(), 'served-')), 'groups.jsonl')
  writeFileSync(rows, jsonLines(GROUPS))
})
const opened: ServedHere[] = []
const open = async (args: readonly string[]): Promise<ServedHere> => {
  const served = await servedHere(args)
  opened.push(served)
  return served
}
afterAll(async () => {
  for (const { runners } of opened) for (const runner of runners) await runner.release()
})

/** CONTRACT §5.7: of a score against itself under another batch. */
function expectClose(found: number | null, want: string | undefined, tokens = 1): void {
  if (want === '' || found === null) return expect([found, want]).toEqual([null, ''])
  expect(Math.abs(found - Number(want))).toBeLessThanOrEqual((2e-5 + 1e-5 * Math.abs(Number(want))) * tokens)
}

describe.each([
  ['run-rm', ['--model', DEMO]],
  ['run-dpo', ['--model', POLICY, '--ref-model', REFERENCE]],
] as const)('against %s', (bin, args) => {
  it('gives the same scores and reasons, whatever comes together and in whatever order', async () => {
    const want = await scoresOf(bin)
    const served = await open([...args, '--batch-tokens', '300'])
    const random = prng(7)
    for (let round = 0; round < 3; round++) {
      const order = GROUPS.map((_, g) => [random(), g] as const)
        .sort(([a], [b]) => a - b)
        .map(([, g]) => g)
      const answers = await served.score(...order.map((g) => requests[g]!))
      for (const [i, g] of order.entries())
        for (const [c, score] of answers[i]!.entries()) {
          const row = want.find(({ id, index }) => id === String(g) && index === String(c))!
          expectClose(score.score, row.score, bin === 'run-rm' ? 1 : Number(row.completion_tokens))
          expect(score.unscored?.reason ?? '').toBe(row.score_reason)
          expect(score.textSha256 ?? '').toBe(row.text_sha256)
          expect(String(score.promptTokens ?? '')).toBe(row.prompt_tokens)
        }
    }
  })
})

describe('what waits together', () => {
  it('shares its prompts: requests of one prompt compute it once', async () => {
    const served = await open(['--model', DEMO])
    const prompt = `Which of these is an alcohol? ${'Take your time. '.repeat(5)}`
    const ask = (i: number): ScoreRequest => ({ kind: 'conversation', prompt, completions: [`The number ${i}.`] })
    const alone = []
    for (let i = 0; i < 6; i++) {
      await served.score(ask(i))
      alone.push(served.batcher().work.tokens)
    }
    const answers = await served.score(...alone.map((_, i) => ask(i)))
    const { tokens, batches, scored } = served.batcher().work
    expect([batches, scored]).toEqual([1, 6])
    const own = answers.reduce((sum, [score]) => sum + score!.completionTokens!, 0)
    // a row alone computes its prompt and itself; together the prompt is there once, and equal beginnings of the answers, too
    expect(alone[0]).toBe(answers[0]![0]!.promptTokens! + answers[0]![0]!.completionTokens!)
    expect(tokens).toBeLessThanOrEqual(answers[0]![0]!.promptTokens! + own)
    expect(tokens).toBeLessThan(alone.reduce((sum, one) => sum + one, 0) / 3)
  })
  it('measures equal rows once', async () => {
    const served = await open(['--model', DEMO])
    const answers = await served.score(requests[0]!, requests[0]!, requests[0]!)
    expect(answers[1]).toEqual(answers[0])
    expect(served.batcher().work).toMatchObject({ scored: 3, found: 6 })
  })
})

describe('the queue', () => {
  const batcherOf = (served: ServedHere, more: Partial<BatcherInput>) => {
    const done = new Map<number, readonly LearnedScore[]>()
    const order: number[] = []
    const refused: number[] = []
    const troubles: unknown[] = []
    const batcher = new Batcher({
      ...served,
      store: null,
      clock: () => 0,
      onDone: (request, scores) => {
        order.push(request)
        done.set(request, scores)
      },
      onRefused: (request) => refused.push(request),
      onTrouble: (error) => troubles.push(error),
      ...more,
    })
    const run = async (): Promise<void> => {
      while (batcher.busy) await batcher.step()
    }
    return { batcher, done, order, refused, troubles, run }
  }
  it('answers a request as soon as its rows are measured, and lets none starve behind larger ones', async () => {
    const served = await open(['--model', DEMO, '--batch-tokens', '60'])
    const { batcher, order, done } = batcherOf(served, {})
    batcher.add(0, { kind: 'conversation', prompt: 'short', completions: ['a'] })
    for (let i = 1; i <= 40; i++) {
      batcher.add(i, { kind: 'conversation', prompt: `long ${'word '.repeat(20)} ${i}`, completions: [`${i}`] })
      await batcher.step()
      if (i === 8) expect(order).toContain(0)
    }
    while (batcher.busy) await batcher.step()
    expect(done.size).toBe(41)
  })
  it('drops what is not measured of a client that is gone', async () => {
    const served = await open(['--model', DEMO])
    const { batcher, order, run } = batcherOf(served, {})
    batcher.add(0, requests[0]!)
    batcher.add(1, requests[1]!)
    batcher.cancel(0)
    await run()
    expect(order).toEqual([1])
    // two of its three completions are equal
    expect(batcher.work.scored).toBe(2)
  })
  it('a row that the model does not survive costs itself alone, with the reason', async () => {
    const served = await open(['--model', DEMO])
    const [runner] = served.runners as [Runner]
    const fragile: Runner = {
      ...runner,
      info: runner.info,
      run: (batch, sequences) => {
        if (batch.sequences.some((i) => sequences[i]!.ids.length > 60)) throw new Error('out of memory')
        return runner.run(batch, sequences)
      },
      release: () => runner.release(),
    }
    const { batcher, done, troubles, run } = batcherOf(served, { runners: [fragile] })
    batcher.add(0, { kind: 'conversation', prompt: 'p', completions: ['CCO', 'C'.repeat(200), 'CO'] })
    await run()
    const [good, bad, other] = done.get(0)!
    expect([good!.score, other!.score]).toEqual([expect.any(Number), expect.any(Number)])
    expect(bad).toMatchObject({ score: null, unscored: { reason: 'not_measured', message: 'out of memory' } })
    expect(troubles).toHaveLength(2)
  })
  it('refuses what cannot be stored', async () => {
    const served = await open(['--model', DEMO])
    const store = {
      get: () => null,
      append: () => {
        throw new Error('disk full')
      },
    }
    const { batcher, done, refused, run } = batcherOf(served, { store })
    batcher.add(0, requests[0]!)
    await run()
    expect([refused, done.size]).toEqual([[0], 0])
  })
  it('finds what the store has', async () => {
    const served = await open(['--model', DEMO])
    const kept = new Map()
    const store = {
      get: (key: string) => kept.get(key) ?? null,
      append: (entries: readonly (readonly [string, unknown])[]) => {
        for (const [key, value] of entries) kept.set(key, value)
      },
    }
    const { batcher, done, run } = batcherOf(served, { store })
    batcher.add(0, requests[0]!)
    await run()
    batcher.add(1, requests[0]!)
    // at once: nothing was queued
    expect(done.get(1)).toEqual(done.get(0))
    expect(batcher.work).toMatchObject({ scored: 3, found: 3, batches: 1 })
  })
})

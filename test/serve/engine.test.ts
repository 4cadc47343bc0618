import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createApp } from '../../src/serve/app.ts'
import {
  createRewardEngine,
  DEFAULT_QUEUE,
  QueueFull,
  type QueueLimits,
  type RewardEngine,
} from '../../src/serve/engine.ts'
import { DEFAULT_LIMITS } from '../../src/serve/limits.ts'
import type { ScoreRequest } from '../../src/serve/request.ts'
import { configOf, DEMO, POLICY, REFERENCE, servedHere } from './served.ts'

const ask = (i: number, words = 3): ScoreRequest => ({
  kind: 'conversation',
  prompt: `Question ${i}?`,
  completions: [`Answer ${i}${' word'.repeat(words)}`],
})
const start = async (args: readonly string[], limits: QueueLimits = DEFAULT_QUEUE): Promise<RewardEngine> => {
  const { config, given } = await configOf(['--device', 'cpu', ...args])
  return createRewardEngine({ config, given, store: null, answers: {}, limits, say: () => {} })
}

describe('a reward model in its thread', () => {
  let engine: RewardEngine
  beforeAll(async () => {
    engine = await start(['--model', DEMO], { requests: 50, tokens: 1_000_000 })
  })
  afterAll(() => engine.close())

  it('is ready once it is warm', async () => {
    const facts = await engine.ready
    expect(facts).toMatchObject({
      kind: 'rm',
      labels: ['LABEL_0'],
      perStep: false,
      kept: null,
      device: 'cpu',
      dtype: 'fp32',
    })
    expect(facts.frame.header).toBe('<|im_end|><|im_start|>assistant\n')
    expect(Math.min(facts.openMs, facts.warmUpMs)).toBeGreaterThan(0)
  })
  it('answers as the model does without a thread, and leaves this one free', async () => {
    const want = await (await servedHere(['--model', DEMO])).score(ask(1))
    let turns = 0
    const timer = setInterval(() => void turns++, 1)
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => engine.score(ask(i, 60))))
    clearInterval(timer)
    expect(answers).toHaveLength(40)
    expect(turns).toBeGreaterThan(5)
    const [found] = await engine.score(ask(1))
    expect(found!.score).toBeCloseTo(want[0]![0]!.score!, 5)
  })
  it('refuses what would wait too long, with the time to come again', async () => {
    const waiting = Array.from({ length: 50 }, (_, i) => engine.score(ask(i)))
    expect(engine.gauges.waitingRequests).toBe(50)
    expect(engine.gauges.waitingTokens).toBeGreaterThan(50)
    expect(() => engine.score(ask(51))).toThrow(QueueFull)
    try {
      void engine.score(ask(51))
    } catch (error) {
      expect((error as QueueFull).retryAfterSeconds).toBeGreaterThanOrEqual(1)
    }
    await Promise.all(waiting)
    expect(engine.gauges).toMatchObject({ waitingRequests: 0, waitingTokens: 0 })
    await engine.score(ask(51))
    const narrow = await start(['--model', DEMO], { requests: 50, tokens: 10 })
    // one that is longer than the queue is taken where nothing waits
    const long = narrow.score(ask(0, 100))
    expect(() => narrow.score(ask(1, 100))).toThrow(QueueFull)
    expect((await long)[0]!.score).not.toBeNull()
    // so is a list, which is one request: in parts it would be refused for ever
    const list = (n: number): ScoreRequest => ({
      kind: 'conversations',
      conversations: Array.from({ length: n }, (_, i) => ({ prompt: `Question ${i}?`, completions: [`Answer ${i}`] })),
    })
    const many = narrow.score(list(60))
    expect(narrow.gauges.waitingRequests).toBe(1)
    expect(() => narrow.score(list(2))).toThrow(QueueFull)
    const scores = await many
    expect(scores).toHaveLength(60)
    const [alone] = await narrow.score(ask(7, 0))
    expect(scores[7]!.score).toBeCloseTo(alone!.score!, 5)
    await narrow.close()
    // and beside others, where the queue is half empty at least
    const wide = await start(['--model', DEMO], { requests: 50, tokens: 600 })
    const small = wide.score(ask(0))
    const longer = wide.score({ kind: 'conversation', prompt: 'p', completions: Array(20).fill('long '.repeat(30)) })
    expect(wide.gauges.waitingTokens).toBeGreaterThan(600)
    expect(() => wide.score(ask(1))).toThrow(QueueFull)
    expect(await longer).toHaveLength(20)
    await small
    await wide.close()
  })
  it('drops a request whose client is gone', async () => {
    const controller = new AbortController()
    const gone = engine.score(ask(1), controller.signal)
    controller.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    expect(engine.gauges.waitingRequests).toBe(0)
    await expect(engine.score(ask(1), AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
  })
  it('counts what it does', async () => {
    await engine.score(ask(1233))
    const before = engine.gauges
    await engine.score(ask(1234))
    const after = engine.gauges
    expect(after.scored).toBe(before.scored + 1)
    expect(after.batches).toBe(before.batches + 1)
    expect(after.tokens).toBeGreaterThan(before.tokens + 10)
    expect(after.modelMs).toBeGreaterThan(before.modelMs)
  })
})

it('serves a policy with its reference', async () => {
  const engine = await start(['--model', POLICY, '--ref-model', REFERENCE])
  const facts = await engine.ready
  expect([facts.kind, facts.labels, facts.names.length]).toEqual(['dpo', [], 2])
  const [score] = await engine.score(ask(1))
  expect(score!.score).toBe(score!.own[facts.columns.indexOf('implicit_reward')])
  await engine.close()
  await expect(engine.score(ask(1))).rejects.toThrow('the server stops')
})

it('says what is wrong with a model, as a run does', async () => {
  const { config, given } = await configOf(['--model', DEMO, '--chat-template', 'raw'])
  const broken = { ...config, models: [{ ...config.models[0]!, name: '/nowhere' }] }
  const engine = createRewardEngine({
    config: broken,
    given,
    store: null,
    answers: {},
    limits: DEFAULT_QUEUE,
    say: () => {},
  })
  await expect(engine.ready).rejects.toMatchObject({
    tag: expect.any(String),
    where: expect.stringContaining('/nowhere'),
  })
  await expect(engine.score(ask(1))).rejects.toMatchObject({ where: expect.stringContaining('/nowhere') })
  await engine.close()
})

it('is not ready while the weights are cut short on disk, says why, and is again once they are whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chemherm-engine-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  cpSync(DEMO, folder, { recursive: true })
  const engine = await start(['--model', folder])
  onTestFinished(() => engine.close())
  await engine.ready
  const { http, lifecycle, metrics } = createApp(
    { token: null, limits: DEFAULT_LIMITS, engine: () => engine.gauges },
    [],
  )
  lifecycle.ready()
  const ready = async () => {
    const { statusCode, body } = await http.inject('/ready')
    return { code: statusCode, ...(JSON.parse(body) as object) }
  }
  const [before] = await engine.score(ask(1))
  expect(await ready()).toMatchObject({ code: 200 })
  const file = join(folder, 'model.safetensors')
  const bytes = readFileSync(file)
  truncateSync(file, bytes.length - 4096)
  const [lost] = await engine.score(ask(2))
  expect(lost).toMatchObject({ score: null, unscored: { reason: 'not_measured' } })
  expect(await ready()).toEqual({ code: 503, detail: expect.stringContaining('model.safetensors was cut short') })
  expect(await metrics.text()).toContain('chemherm_ready 0')
  // as a copy that takes its room first
  truncateSync(file, bytes.length)
  const changed = { code: 503, detail: expect.stringContaining('model.safetensors changed after it was hashed') }
  await vi.waitFor(async () => expect(await ready()).toEqual(changed), { timeout: 20_000, interval: 50 })
  writeFileSync(file, bytes, { flag: 'r+' })
  await vi.waitFor(async () => expect((await ready()).code).toBe(200), { timeout: 20_000, interval: 50 })
  expect((await engine.score(ask(1)))[0]!.score).toBe(before!.score)
})

import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VerifyOptions } from '../../src/chem/ether0/accuracy.ts'
import { createChemPool } from '../../src/chem/workers/verifier.ts'
import { packagePath } from '../../src/package.ts'
import { createRewardServer } from '../../src/serve/app.ts'
import { Journal } from '../../src/serve/journal.ts'
import { DEFAULT_LIMITS } from '../../src/serve/limits.ts'
import type { MixRule } from '../../src/serve/mix.ts'
import { factsOf } from '../../src/serve/models.ts'
import type { WhenReady } from '../../src/serve/open.ts'
import { activated, classifyRoutes } from '../../src/serve/routes/classify.ts'
import { getRewardRoutes } from '../../src/serve/routes/get-reward.ts'
import { rewardsRoutes } from '../../src/serve/routes/rewards.ts'
import { createRewardService } from '../../src/serve/service.ts'
import { readCsv } from '../run/bin.ts'
import { DEMO, engineOf, POLICY, REFERENCE, type ServedHere, servedHere } from './served.ts'

// The routes over real models and real verification, without a thread for the model (test/serve/engine.test.ts) or a socket.

const pool = createChemPool({ oracles: { kind: 'embedded' }, data: {} }, { workers: 1 })
let rm: ServedHere
let dpo: ServedHere
let llama: ServedHere
beforeAll(async () => {
  rm = await servedHere(['--model', DEMO])
  llama = await servedHere(['--model', packagePath('test/data/parity/llama-gqa'), '--chat-template', 'raw'])
  dpo = await servedHere(['--model', POLICY, '--ref-model', REFERENCE])
})
afterAll(() => pool.close())

const RULE: MixRule = { mix: 'learned', lambda: 1, unverifiableReward: null, unscoredReward: null }
interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  readonly body: any
}
function serving(
  served: ServedHere,
  rule: Partial<MixRule> = {},
  verify: VerifyOptions = {},
  journal: Journal | null = null,
) {
  const service = createRewardService({
    engine: engineOf(served),
    chem: pool,
    verify,
    rule: { ...RULE, ...rule },
    journal,
    now: () => new Date(0),
  })
  const facts = factsOf(served, served.runners, { openMs: 0, warmUpMs: 0, kept: null })
  const when: WhenReady = () => ({ facts, folder: null, service })
  const now = (): Date => new Date(1_700_000_000_000)
  const routes = [rewardsRoutes(when, { batch: 8 }), getRewardRoutes(when), classifyRoutes(when, { batch: 8, now })]
  const server = createRewardServer(pool, { token: null, limits: DEFAULT_LIMITS }, routes)
  server.lifecycle.ready()
  return async (url: string, payload: object): Promise<Answer> => {
    const { statusCode, body } = await server.http.inject({ method: 'POST', url, payload })
    return { status: statusCode, body: JSON.parse(body) as unknown }
  }
}
const wrap = (answer: string): string => `<|think_start|>t<|think_end|><|answer_start|>${answer}<|answer_end|>`
const ALCOHOL = 'str_eval!:!C1CCCCC1O!:!property'
const PROMPT = 'What is the SMILES of cyclohexanol?'
const HEADER = '<|im_end|><|im_start|>assistant\n'
const rendered = (completion: string, prompt = PROMPT): string =>
  `<s><|im_start|>user\n${prompt}${HEADER}${completion}<|im_end|>`
const right = wrap('C1CCCCC1O')
const wrong = wrap('CCO')
/** As the model gives them in a run. */
const scoreOf = async (served: ServedHere, prompt: string, completion: string): Promise<number> =>
  (await served.score({ kind: 'conversation', prompt, completions: [completion] }))[0]![0]!.score!

describe('POST /rewards', () => {
  it('answers both parts of each completion, in order', async () => {
    const post = serving(rm)
    const { status, body } = await post('/rewards', {
      prompt: PROMPT,
      completions: [right, wrong, 'nothing', [{ role: 'assistant', content: right }]],
      solution: ALCOHOL,
    })
    expect(status).toBe(200)
    const [first, second, third, messages] = body.completions
    const learned = await scoreOf(rm, PROMPT, right)
    expect(first).toEqual({
      reward: first.learned,
      learned: expect.closeTo(learned, 5),
      verifiable: 1,
      format: 1,
      reason: 'right_answer',
      status: 'pass',
      learned_reason: null,
      learned_message: null,
      verifiable_message: null,
    })
    expect(second).toMatchObject({ verifiable: 0, format: 1, reason: 'wrong_answer', status: 'fail' })
    expect(third).toMatchObject({ verifiable: 0, format: 0, reason: 'format_failed', status: 'fail' })
    expect(messages).toEqual(first)
  })
  it('answers a list of requests by a list, and takes prompts of messages', async () => {
    const post = serving(rm)
    const one = { prompt: [{ role: 'user', content: PROMPT }], completions: [right] }
    const { body } = await post('/rewards', [{ ...one, solution: ALCOHOL }, one])
    expect(body).toHaveLength(2)
    expect(body[1].completions[0]).toMatchObject({ verifiable: null, status: 'unverifiable', reason: null, format: 1 })
    expect(body[1].completions[0].verifiable_message).toBe('There is no solution to judge it by')
    expect(body[0].completions[0].learned).toBe(body[1].completions[0].learned)
  })
  it('says of a completion without a verdict what is wrong', async () => {
    const post = serving(rm)
    const messageOf = async (solution: string): Promise<string> => {
      const { body } = await post('/rewards', { prompt: PROMPT, completions: [right], solution })
      expect(body.completions[0]).toMatchObject({ verifiable: null, status: 'unverifiable' })
      return body.completions[0].verifiable_message
    }
    expect(await messageOf('42')).toBe('the solution is not fxn_name!:!answer_info!:!problem_type')
    expect(await messageOf('guess_eval!:!CCO!:!property')).toMatch(/^KeyError: .*guess_eval/)
  })
  it('verifies nothing more for a client that has left', async () => {
    const signals: (AbortSignal | undefined)[] = []
    const service = createRewardService({
      ...{ engine: engineOf(rm), verify: {}, rule: RULE, journal: null, now: () => new Date(0) },
      chem: {
        run: (job, signal) => {
          signals.push(signal)
          return pool.run(job, signal)
        },
      },
    })
    const left = new AbortController()
    left.abort(new Error('left'))
    const asked = service.rate({
      ...{ route: '/rewards', told: 'reward', signal: left.signal },
      asked: { kind: 'conversation', prompt: 'p', completions: [right, wrong] },
      rows: [
        {
          ...{ prompt: 'p', texts: [right, wrong], learned: [0, 1], step: null },
          claims: [right, wrong].map((completion) => ({ completion, solution: ALCOHOL })),
        },
      ],
    })
    await expect(asked).rejects.toThrow('left')
    expect(signals).toEqual([left.signal, left.signal])
  })
  it('keeps nothing of a request that was given up while its last verdict was computed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'served-late-'))
    const journal = new Journal(folder, [])
    const late = new AbortController()
    const service = createRewardService({
      ...{ engine: engineOf(rm), verify: {}, rule: RULE, journal, now: () => new Date(0) },
      chem: {
        run: async (job) => {
          late.abort(new Error('the answer took too long'))
          return pool.run(job)
        },
      },
    })
    const asked = service.rate({
      ...{ route: '/rewards', told: 'reward', signal: late.signal },
      asked: { kind: 'conversation', prompt: 'p', completions: [right] },
      rows: [
        {
          ...{ prompt: 'p', texts: [right], learned: [0], step: null },
          claims: [{ completion: right, solution: ALCOHOL }],
        },
      ],
    })
    await expect(asked).rejects.toThrow('the answer took too long')
    journal.close()
    expect(readCsv(folder, 'scores.csv')).toEqual([])
  })
  it('keeps a list as one request, its prompts as rows with their own steps', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'served-list-'))
    const journal = new Journal(folder, [])
    const post = serving(rm, {}, {}, journal)
    const ask = (prompt: string, step: number | null, ...completions: string[]) => ({ prompt, completions, step })
    const { body } = await post('/rewards', [ask('first', 4, right, wrong), ask('second', null, 'x')])
    await post('/rewards', ask('third', 5, 'y'))
    journal.close()
    const rows = readCsv(folder, 'scores.csv')
    expect(rows.map(({ id, index, request, step }) => [id, index, request, step].join(' '))).toEqual([
      '1 0 1 4',
      '1 1 1 4',
      '1.1 0 1 ',
      '2 0 2 5',
    ])
    const told = [body[0].completions[0], body[0].completions[1], body[1].completions[0]].map(({ learned }) => learned)
    expect(rows.slice(0, 3).map(({ score }) => Number(score))).toEqual(told)
    const requests = readFileSync(join(folder, 'requests.jsonl'), 'utf8').trim().split('\n')
    expect(requests.map((line) => JSON.parse(line) as object)).toMatchObject([
      { id: '1', prompt: 'first', request: 1, step: 4 },
      { id: '1.1', prompt: 'second', request: 1 },
      { id: '2', prompt: 'third', request: 2, step: 5 },
    ])
  })
  it('one completion that has no score costs itself alone', async () => {
    const { status, body } = await serving(rm)('/rewards', { prompt: PROMPT, completions: ['x '.repeat(900), right] })
    expect(status).toBe(200)
    expect(body.completions[0]).toMatchObject({
      reward: null,
      learned: null,
      reason: 'too_long',
      learned_reason: 'too_long',
      learned_message: expect.stringContaining('the limit is 512'),
    })
    expect(body.completions[1].reward).toEqual(expect.any(Number))
  })
  it('judges as the options of the verifiable rewards say', async () => {
    const ask = { prompt: PROMPT, completions: ['It is <answer>C1CCCCC1O</answer>.'], solution: ALCOHOL }
    const loose = (await serving(rm, {}, { test: true })('/rewards', ask)).body.completions[0]
    expect(loose).toMatchObject({ verifiable: 1, status: 'pass' })
    const bare = { ...ask, completions: ['<|answer_start|>C1CCCCC1O<|answer_end|>'] }
    expect((await serving(rm)('/rewards', bare)).body.completions[0]).toMatchObject({ verifiable: 0, format: 0 })
    expect((await serving(rm, {}, { reasoning: false })('/rewards', bare)).body.completions[0]).toMatchObject({
      verifiable: 1,
      format: 1,
    })
    const product = {
      prompt: 'p',
      completions: [wrap('CCOC(=O)CC')],
      solution: 'product_eval!:!CCOC(C)=O!:!reaction-prediction',
    }
    const soft = (await serving(rm, {}, { soft: true })('/rewards', product)).body.completions[0]
    expect(soft).toMatchObject({ verifiable: expect.closeTo(0.5263157894736842, 12), status: 'partial' })
    const group = {
      prompt: 'p',
      completions: [wrap('OCCc1ccccc1')],
      solution: "functional_group_eval!:!('C8H10O', ['primary alcohol'])!:!functional-group",
    }
    const clean = (await serving(rm, {}, { goodMoleculeBonus: 0.5 })('/rewards', group)).body.completions[0]
    expect(clean).toMatchObject({ verifiable: 1.5, status: 'pass' })
  })
  it('mixes as it is told', async () => {
    const ask = { prompt: PROMPT, completions: [right, wrong], solution: ALCOHOL }
    const { completions: sum } = (
      await serving(rm, { mix: 'sum', lambda: 0.25, unverifiableReward: 0 })('/rewards', ask)
    ).body
    for (const { reward, learned, verifiable } of sum) expect(reward).toBe(verifiable + 0.25 * learned)
    const { completions: judged } = (await serving(rm, { mix: 'verifiable', unverifiableReward: 0 })('/rewards', ask))
      .body
    expect(judged.map(({ reward }: { reward: number }) => reward)).toEqual([1, 0])
  })
  it('refuses what it does not understand, field by field', async () => {
    const post = serving(rm)
    for (const [body, loc] of [
      [{ prompt: PROMPT }, ['body', 'completions']],
      [{ prompt: PROMPT, completions: [] }, ['body', 'completions']],
      [{ prompt: PROMPT, completions: Array(9).fill('x') }, ['body', 'completions']],
      [{ prompt: 3, completions: ['x'] }, ['body', 'prompt']],
      [{ prompt: PROMPT, completions: ['x'], temperature: 1 }, ['body']],
      [[{ prompt: PROMPT, completions: ['x'], solution: 4 }], ['body', 0, 'solution']],
    ] as const)
      expect(await post('/rewards', body)).toMatchObject({ status: 422, body: { detail: [{ loc }] } })
  })
})

describe('POST /get_reward', () => {
  it("reads a query as it stands, as OpenRLHF's server does, and answers finite numbers alone", async () => {
    const { status, body } = await serving(rm)('/get_reward', {
      query: [rendered(right), rendered(wrong), 'anything'],
      prompts: [`<|im_start|>user\n${PROMPT}${HEADER}`, '', null],
      labels: [ALCOHOL, ALCOHOL, null],
    })
    expect(status).toBe(200)
    // the text holds its BOS: without a further one these are the tokens of a run
    expect(body.rewards[0]).toBeCloseTo(await scoreOf(rm, PROMPT, right), 5)
    expect(body.rewards[1]).toBeCloseTo(await scoreOf(rm, PROMPT, wrong), 5)
    expect(body.scores).toEqual(body.rewards)
    expect(body.extra_logs).toEqual({
      learned: body.rewards,
      verifiable: [1, 0, 0],
      format: [1, 1, 0],
      learned_known: [1, 1, 1],
      verifiable_known: [1, 1, 0],
      format_known: [1, 1, 0],
    })
    const plain = await rm.score({
      kind: 'texts',
      texts: [{ prompt: '', completion: 'anything' }],
      addSpecialTokens: false,
    })
    expect(body.rewards[2]).toBeCloseTo(plain[0]![0]!.score!, 5)
  })
  it('keeps the order where queries share a prompt', async () => {
    const query = [rendered(right), rendered('x', 'other'), rendered(wrong), rendered(right)]
    const { body } = await serving(rm)('/get_reward', { query, labels: [ALCOHOL, ALCOHOL, ALCOHOL, ALCOHOL] })
    expect(body.extra_logs.verifiable).toEqual([1, 0, 0, 1])
    const alone = []
    for (const one of query) alone.push((await serving(rm)('/get_reward', { query: [one] })).body.rewards[0])
    for (const [i, reward] of alone.entries()) expect(body.rewards[i]).toBeCloseTo(reward, 5)
  })
  it('says what stands for an absent part, and makes up no reward', async () => {
    const long = rendered('x '.repeat(900))
    const refused = await serving(rm)('/get_reward', { query: [rendered(right), long] })
    expect(refused).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'query', 1], msg: expect.stringContaining('too_long') }] },
    })
    const told = await serving(rm, { unscoredReward: -3 })('/get_reward', { query: [rendered(right), long] })
    expect(told).toMatchObject({ status: 200, body: { extra_logs: { learned_known: [1, 0] } } })
    expect(told.body.rewards[1]).toBe(-3)
    expect(told.body.extra_logs.learned[1]).toBe(-3)
    // the verifier alone: no score is needed
    const rule = { mix: 'verifiable', unverifiableReward: 0.25 } as const
    const judged = await serving(rm, rule)('/get_reward', {
      query: [rendered(right), long, rendered(right)],
      labels: [ALCOHOL, ALCOHOL, ''],
    })
    expect(judged.body).toMatchObject({
      rewards: [1, 0, 0.25],
      extra_logs: { verifiable: [1, 0, 0.25], verifiable_known: [1, 1, 0], learned_known: [1, 0, 1] },
    })
  })
  it('gives the implicit reward of a policy, where it can tell the completion', async () => {
    const post = serving(dpo)
    const query = [rendered(right)]
    const { body } = await post('/get_reward', { query })
    expect(body.rewards[0]).toBeCloseTo(await scoreOf(dpo, PROMPT, right), 4)
    expect(await post('/get_reward', { query: ['no header'] })).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'query', 0], msg: expect.stringContaining('send prompts') }] },
    })
  })
  it('wants lists of one length', async () => {
    const post = serving(rm)
    expect(await post('/get_reward', { query: [] })).toMatchObject({ status: 200, body: { rewards: [], scores: [] } })
    for (const more of [{ labels: ['a', 'b'] }, { prompts: [] }])
      expect(await post('/get_reward', { query: ['x'], ...more })).toMatchObject({ status: 422 })
    for (const body of [{}, { query: 'x' }, { query: [1] }, { query: ['x'], other: 1 }])
      expect(await post('/get_reward', body)).toMatchObject({ status: 422 })
  })
})

describe('POST /classify', () => {
  it("answers in vLLM's and SGLang's form, with special tokens and an activation unless it is told otherwise", async () => {
    const post = serving(llama)
    const raw = (await post('/classify', { model: 'any', input: [`${PROMPT} ${right}`, 'x'], use_activation: false }))
      .body
    expect(raw).toMatchObject({
      id: expect.stringMatching(/^classify-[0-9a-f]{32}$/),
      object: 'list',
      created: 1_700_000_000,
      model: 'llama-gqa',
      data: [{ index: 0, label: 'LABEL_0', num_classes: 1 }, { index: 1 }],
      usage: { completion_tokens: 0, prompt_tokens_details: null },
    })
    expect(raw.usage.total_tokens).toBe(raw.usage.prompt_tokens)
    // with the BOS that the tokenizer adds: the tokens of a run on that text (verl reads data[-1].probs[-1])
    expect(raw.data[0].probs[0]).toBeCloseTo(await scoreOf(llama, `${PROMPT} `, right), 5)
    const [logit] = raw.data[1].probs
    for (const url of ['/classify', '/v1/classify']) {
      const [{ probs }] = (await post(url, { model: 'any', input: 'x' })).body.data
      expect(probs[0]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 6)
    }
    // verl before vLLM 0.11.2
    const old = (await post('/classify', { input: 'x', activation: false, add_special_tokens: true })).body
    expect(old.data[0].probs[0]).toBeCloseTo(logit, 6)
    const without = (await post('/classify', { input: 'x', use_activation: false, add_special_tokens: false })).body
    expect(without.data[0].probs[0]).not.toBeCloseTo(logit, 3)
    expect((await post('/get_reward', { query: ['x'] })).body.rewards[0]).toBe(without.data[0].probs[0])
    const written = (await post('/get_reward', { query: ['<|begin_of_text|>x'] })).body.rewards[0]
    expect(written).toBeCloseTo(logit, 6)
  })
  it('activates by the number of labels', () => {
    expect(activated([0])).toEqual([0.5])
    const three = activated([1, 2, 3])
    expect(three.reduce((sum, p) => sum + p)).toBeCloseTo(1, 12)
    expect(three[2]! / three[1]!).toBeCloseTo(Math.E, 12)
    expect(activated([-1000, 1000])).toEqual([0, 1])
  })
  it('refuses what it cannot answer', async () => {
    const post = serving(rm)
    expect(await post('/classify', { input: ['x', 'y '.repeat(900)] })).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'input', 1], msg: expect.stringContaining('too_long') }] },
    })
    for (const body of [
      {},
      { input: [1, 2] },
      { input: [] },
      { input: 'x', truncate_prompt_tokens: 5 },
      { input: 'x', foo: 1 },
    ])
      expect(await post('/classify', body)).toMatchObject({ status: 422 })
    expect((await post('/classify', { input: 'x', user: 'me', priority: 0 })).status).toBe(200)
    expect(await serving(dpo)('/classify', { input: 'x' })).toMatchObject({
      status: 400,
      body: { detail: 'A policy and its reference are no classifier: ask /rewards or /get_reward' },
    })
  })
})

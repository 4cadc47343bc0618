import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import type { ChemJob, ChemResult } from '../../src/chem/workers/jobs.ts'
import type { JobEnd } from '../../src/chem/workers/pool.ts'
import { isLoopback } from '../../src/serve/access.ts'
import { createRewardServer, type ServerOptions } from '../../src/serve/app.ts'
import { DEFAULT_LIMITS } from '../../src/serve/limits.ts'

/** Answers from a table in place of the workers, and keeps what it was asked. */
const ANSWERS: { readonly [K in ChemJob['kind']]: Extract<ChemResult, { kind: K }> } = {
  solubility: { kind: 'solubility', solubility: { answer: { mean: -0.5, aleatoric: 1.5, epistemic: 0.25 } } },
  purchasable: { kind: 'purchasable', purchasable: { answer: { CCO: true, CCN: false } } },
  translate: { kind: 'translate', translation: { answer: { precursors: 'CC(=O)O.CCO', product: 'CCOC(C)=O' } } },
  apart: { kind: 'apart', apart: null },
  pictures: { kind: 'pictures', pictures: { differing: [], drawn: [] } },
  verify: {
    kind: 'verify',
    verification: {
      value: 1,
      status: 'pass',
      reason: 'right_answer',
      metadata: {},
      cause: null,
      hingesOn: null,
      formatReward: 1,
    },
  },
}
const servers: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((s) => s.close()))
})

const serve = (over: Partial<ServerOptions> & { reply?: (job: ChemJob) => Promise<JobEnd<ChemResult>> } = {}) => {
  const asked: ChemJob[] = []
  const { reply, ...options } = over
  const backend = {
    run: (job: ChemJob) => {
      asked.push(job)
      return reply?.(job) ?? Promise.resolve({ kind: 'done' as const, result: ANSWERS[job.kind] })
    },
  }
  const { http: server, lifecycle } = createRewardServer(backend, {
    token: 'secret',
    limits: DEFAULT_LIMITS,
    ...options,
  })
  lifecycle.ready()
  servers.push(server)
  const post = async (
    url: string,
    payload: unknown,
    headers: Record<string, string> = { authorization: 'Bearer secret' },
  ) => {
    const response = await server.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
    })
    return { status: response.statusCode, body: JSON.parse(response.body) as unknown, headers: response.headers }
  }
  return { server, post, asked }
}

describe('the routes of ether0.remotes', () => {
  it('computes a solubility', async () => {
    const { post, asked } = serve()
    expect(await post('/compute_solubility', { smiles: 'CCO' })).toMatchObject({
      status: 200,
      body: { mean: -0.5, au: 1.5, eu: 0.25 },
    })
    expect(asked).toEqual([{ kind: 'solubility', smiles: 'CCO' }])
  })
  it('says that a prediction failed with status 200, and refuses mixtures with 400', async () => {
    const { post } = serve({
      reply: async () => ({
        kind: 'done',
        result: { kind: 'solubility', solubility: { failure: 'declined', message: 'Solubility prediction failed.' } },
      }),
    })
    expect(await post('/compute_solubility', { smiles: 'nope' })).toMatchObject({
      status: 200,
      body: { error: 'Solubility prediction failed.' },
    })
    expect(await post('/compute_solubility', { smiles: '[Na+].[Cl-]' })).toMatchObject({
      status: 400,
      body: { detail: 'Only single molecules are supported' },
    })
  })
  it('looks up one molecule or several', async () => {
    const { post, asked } = serve()
    expect(await post('/is_purchasable', { smiles: ['CCO', 'CCN'] })).toMatchObject({
      status: 200,
      body: { CCO: true, CCN: false },
    })
    await post('/is_purchasable', { smiles: 'CCO' })
    expect(asked).toEqual([
      { kind: 'purchasable', smiles: ['CCO', 'CCN'] },
      { kind: 'purchasable', smiles: ['CCO'] },
    ])
  })
  it('translates where a model is configured', async () => {
    const { post, asked } = serve()
    const { body } = await post('/translate', { reaction: 'CC(=O)O.OCC > > ' })
    expect(body).toMatchObject({ product: 'CCOC(C)=O', reaction: 'CC(=O)O.CCO>>CCOC(C)=O' })
    expect((body as { id: string }).id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/)
    expect(asked).toEqual([{ kind: 'translate', precursors: 'CC(=O)O.OCC' }])
  })
  it('refuses a reaction without two ">", and one that RDKit cannot read, in the words of ether0.remotes', async () => {
    const { post } = serve({
      reply: async () => ({
        kind: 'done',
        result: { kind: 'translate', translation: { answer: { invalid: ['x', 'y'] } } },
      }),
    })
    expect(await post('/translate', { reaction: 'A.B > C' })).toMatchObject({
      status: 400,
      body: {
        detail:
          "Syntax error in the reaction SMILES: A.B>C\nThe reaction should have two '>' characters, and no spaces.",
      },
    })
    expect(await post('/translate', { reaction: 'x.y>>' })).toMatchObject({
      status: 400,
      body: { detail: 'The reaction could not be parsed by RDKit. The following SMILES were invalid: x, y' },
    })
  })
  it('answers 501, which no client tries again, where there is no model or time ran out', async () => {
    const none = serve({
      reply: async () => ({
        kind: 'done',
        result: {
          kind: 'translate',
          translation: { failure: 'declined', message: 'no forward-reaction model is configured' },
        },
      }),
    })
    expect(await none.post('/translate', { reaction: 'C>>' })).toMatchObject({
      status: 501,
      body: { detail: 'no forward-reaction model is configured' },
    })
    for (const end of [{ kind: 'timeout' }, { kind: 'stalled' }, { kind: 'crash', message: 'x' }] as const) {
      expect((await serve({ reply: async () => end }).post('/is_purchasable', { smiles: 'C' })).status).toBe(501)
    }
  })
})

describe('POST /verify', () => {
  const solution = 'str_eval!:!x!:!property'
  it('answers with the verdict and the format reward', async () => {
    const { post, asked } = serve()
    expect(await post('/verify', { completion: 'x', solution, soft: true, good_molecule_bonus: 0.5 })).toMatchObject({
      status: 200,
      body: { value: 1, status: 'pass', reason: 'right_answer', metadata: {}, format_reward: 1 },
    })
    expect(asked).toEqual([
      { kind: 'verify', completion: 'x', solution, options: { soft: true, goodMoleculeBonus: 0.5 } },
    ])
  })
  it('answers with an unverifiable verdict where time ran out, never with a reward of 0', async () => {
    const completion = '<|think_start|>t<|think_end|><|answer_start|>CCO<|answer_end|>'
    const { post } = serve({ reply: async () => ({ kind: 'timeout' }) })
    expect(await post('/verify', { completion, solution })).toMatchObject({
      status: 200,
      body: { value: null, status: 'unverifiable', reason: null, metadata: { error: 'Timeout' }, format_reward: 1 },
    })
  })
  it.each([
    [{ solution }, 'completion', 'missing'],
    [{ completion: 5, solution }, 'completion', 'string_type'],
    [{ completion: 'x', solution: 5 }, 'solution', 'invalid_union'],
    [{ completion: 'x', solution, soft: 'yes' }, 'soft', 'boolean_type'],
  ])('refuses %j', async (body, field, type) => {
    const { status, body: answer } = await serve().post('/verify', body)
    expect({ status, answer }).toMatchObject({ status: 422, answer: { detail: [{ loc: ['body', field], type }] } })
  })
})

describe('access', () => {
  it.each([
    ['no header', {}, 'Not authenticated'],
    ['another scheme', { authorization: 'Basic c2VjcmV0' }, 'Not authenticated'],
    ['a wrong token', { authorization: 'Bearer Secret' }, 'Incorrect bearer token'],
    ['a longer token', { authorization: 'Bearer secret ' }, 'Incorrect bearer token'],
    ['an empty token', { authorization: 'Bearer ' }, 'Incorrect bearer token'],
  ])('is refused with %s', async (_, headers, detail) => {
    const { post, asked } = serve()
    const answer = await post('/compute_solubility', { smiles: 'C' }, headers)
    expect(answer).toMatchObject({ status: 401, body: { detail }, headers: { 'www-authenticate': 'Bearer' } })
    expect(asked).toEqual([])
  })
  it('needs no token on a loopback server, but then a loopback name', async () => {
    const { post } = serve({ token: null })
    expect((await post('/compute_solubility', { smiles: 'C' }, { host: '127.0.0.1:8000' })).status).toBe(200)
    expect((await post('/compute_solubility', { smiles: 'C' }, { host: 'evil.example:8000' })).status).toBe(403)
  })
  it.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['localhost', true],
    ['::1', true],
    ['[::1]', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.0.0.1.example.org', false],
    ['192.168.1.2', false],
    ['', false],
  ])('knows whether %s means this machine only', (host, expected) => {
    expect(isLoopback(host)).toBe(expected)
  })
})

describe('bad requests', () => {
  it.each([
    ['no JSON', '{', 422, 'json_invalid'],
    ['an empty body', '', 422, 'missing'],
    ['a list', '[1]', 422, 'model_attributes_type'],
    ['null', 'null', 422, 'model_attributes_type'],
    ['a missing field', '{}', 422, 'missing'],
    ['a wrong type', '{"smiles": 5}', 422, 'invalid_union'],
    ['a wrong element', '{"smiles": ["C", 5]}', 422, 'invalid_union'],
    ['a poisoned key', '{"smiles": "C", "__proto__": {"x": 1}}', 422, 'json_invalid'],
  ])('%s', async (_, payload, status, type) => {
    const answer = await serve().post('/is_purchasable', payload)
    expect(answer).toMatchObject({ status, body: { detail: [{ type }] } })
  })
  it('of another content type, route, method or size', async () => {
    const { server, post } = serve({ limits: { ...DEFAULT_LIMITS, bodyBytes: 200, batch: 3 } })
    const headers = { authorization: 'Bearer secret' }
    const plain = await server.inject({
      method: 'POST',
      url: '/verify',
      headers: { ...headers, 'content-type': 'text/plain' },
      payload: 'x',
    })
    expect(plain.statusCode).toBe(422)
    expect(await post('/nowhere', {})).toMatchObject({ status: 404, body: { detail: 'Not Found' } })
    const get = await server.inject({ method: 'GET', url: '/verify', headers })
    expect([get.statusCode, get.headers.allow, get.json()]).toEqual([405, 'POST', { detail: 'Method Not Allowed' }])
    expect(await post('/compute_solubility', { smiles: 'C'.repeat(300) })).toMatchObject({
      status: 413,
      body: { detail: 'The request body is too large' },
    })
    expect((await post('/is_purchasable', { smiles: ['C', 'C', 'C', 'C'] })).status).toBe(422)
  })
  it('beyond the limit of requests under way are asked to come again', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { post } = serve({
      limits: { ...DEFAULT_LIMITS, pending: 1 },
      reply: async () => {
        await held
        return { kind: 'done', result: ANSWERS.solubility }
      },
    })
    const first = post('/compute_solubility', { smiles: 'C' })
    await new Promise((resolve) => setTimeout(resolve, 20))
    const second = await post('/compute_solubility', { smiles: 'C' })
    expect(second).toMatchObject({
      status: 503,
      body: { detail: 'The server is busy' },
      headers: { 'retry-after': '1' },
    })
    release()
    expect((await first).status).toBe(200)
  })
  it('that hit a bug are answered without its text, which goes to the operator', async () => {
    const bugs: unknown[] = []
    const { post } = serve({
      reply: () => Promise.reject(new Error('secret path')),
      onBug: (error) => bugs.push(error),
    })
    expect(await post('/verify', { completion: 'x', solution: 'a!:!b!:!c' })).toMatchObject({
      status: 500,
      body: { detail: 'Internal Server Error' },
    })
    expect(String(bugs[0])).toContain('secret path')
  })
})

it('tells the log the route and the status, never what a client sent', async () => {
  const log: unknown[] = []
  const { post } = serve({ onAnswer: (entry) => log.push(entry) })
  await post('/compute_solubility', { smiles: 'CCO' })
  await post('/nowhere?token=abc', {})
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(log).toMatchObject([
    { method: 'POST', path: '/compute_solubility', status: 200 },
    { method: 'POST', path: '(unknown)', status: 404 },
  ])
})

it('is healthy without a token', async () => {
  const { server } = serve()
  const answer = await server.inject({ method: 'GET', url: '/health' })
  expect([answer.statusCode, answer.json()]).toEqual([200, { status: 'ok' }])
})

import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { createInterface } from 'node:readline'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { call, type Started, start } from '../command.ts'

const TOKEN = 'a-token-of-the-test'

interface Row {
  readonly smiles: string
  readonly value: { readonly mean: number; readonly value: boolean } | null
}
const rows = (name: string) =>
  readFileSync(new URL(`../data/oracles/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)

let server: Started['child']
let url: string
let said = ''
/** The same JSON as Python's ether0.clients sends (scripts/oracles/clients.py asks with those themselves). */
const post = async (path: string, body: unknown, token = TOKEN) => {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
beforeAll(async () => {
  server = start('serve-rewards', ['--port', '0'], { ETHER0_REMOTES_API_TOKEN: TOKEN }).child
  server.stderr!.on('data', (chunk) => {
    said += chunk
  })
  ;[url] = (await once(createInterface({ input: server.stdout! }), 'line')) as [string]
})
afterAll(() => server.kill('SIGKILL'))

it('answers as ether0.remotes with KDESol', async () => {
  for (const { smiles, value } of rows('solubility.jsonl').filter((row) => !row.smiles.includes('.'))) {
    const { status, body } = await post('/compute_solubility', { smiles })
    expect(status).toBe(200)
    if (value === null) expect(body).toEqual({ error: 'Solubility prediction failed.' })
    else expect(Math.abs((body.mean as number) - value.mean)).toBeLessThan(1e-4)
  }
})

it('answers as ether0.remotes with molbloom', async () => {
  const cases = rows('purchasable.jsonl')
  const { body } = await post('/is_purchasable', { smiles: cases.map((c) => c.smiles) })
  expect(body).toEqual(Object.fromEntries(cases.map((c) => [c.smiles, c.value!.value])))
})

it('has no forward-reaction model, and checks the reaction first', async () => {
  expect(await post('/translate', { reaction: 'CC(=O)O.CCO>>' })).toEqual({
    status: 501,
    body: { detail: 'no forward-reaction model is configured' },
  })
  expect(await post('/translate', { reaction: 'nope.CCO.neither>>' })).toEqual({
    status: 400,
    body: { detail: 'The reaction could not be parsed by RDKit. The following SMILES were invalid: nope, neither' },
  })
})

it('verifies a completion', async () => {
  const completion = '<|think_start|>t<|think_end|><|answer_start|>C1CCCCC1O<|answer_end|>'
  expect(await post('/verify', { completion, solution: 'str_eval!:!C1CCCCC1O!:!property' })).toMatchObject({
    status: 200,
    body: { value: 1, status: 'pass', reason: 'right_answer', format_reward: 1 },
  })
})

it('refuses a wrong token', async () => {
  expect(await post('/is_purchasable', { smiles: 'C' }, 'wrong')).toEqual({
    status: 401,
    body: { detail: 'Incorrect bearer token' },
  })
})

it('answers what is under way when it is stopped, exits with 0 soon, and never said the token', async () => {
  // "100 Continue" says that the server has the request; its body is sent only once the server is stopping
  const { port, hostname } = new URL(url)
  const body = JSON.stringify({ smiles: 'CCO' })
  const underWay = request({
    ...{ host: hostname, port, path: '/compute_solubility', method: 'POST' },
    headers: {
      ...{ Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
      ...{ 'Content-Length': Buffer.byteLength(body), Expect: '100-continue' },
    },
  })
  underWay.flushHeaders()
  await once(underWay, 'continue')
  const exited = once(server, 'exit')
  const stoppedMs = performance.now()
  server.kill('SIGTERM')
  await expect.poll(() => said).toContain('stopping')
  const answered = once(underWay, 'response')
  underWay.end(body)
  const [response] = (await answered) as [IncomingMessage]
  expect(response.statusCode).toBe(200)
  expect(await json(response)).toMatchObject({ mean: expect.any(Number) })
  expect((await exited)[0]).toBe(0)
  // the server itself would wait 10 s for an answer, then cut it off
  expect(performance.now() - stoppedMs).toBeLessThan(9000)
  await expect(post('/compute_solubility', { smiles: 'CCO' })).rejects.toThrow()
  expect(said).toContain('POST /compute_solubility 200')
  expect(said).not.toContain(TOKEN)
})

describe('does not start', () => {
  it.each([
    ['on an address that others reach, without a token', ['--host', '0.0.0.0'], 2, 'there is no token'],
    ['with an empty token', ['--token', ''], 2, '--token: needs a value'],
    ['on a port that is none', ['--port', '70000'], 2, 'not a port'],
    ['with an unknown flag', ['--hots', '::1'], 2, 'unknown flag'],
    ['with a filter that is none', ['--purchasable-bloom', packagePath('package.json')], 3, 'not a molbloom filter'],
    ['with a forward server that is no address', ['--forward-base-url', 'nope'], 2, 'not an http(s) address'],
  ])('%s', async (_, args, code, message) => {
    expect(await call('serve-rewards', args)).toMatchObject({ code, stderr: expect.stringContaining(message) })
  })
  it('and its process ends with that code', async () => {
    expect(await start('serve-rewards', ['--port', '70000']).done).toMatchObject({ code: 2, stdout: '' })
  })
})

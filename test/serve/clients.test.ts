import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { type Started, start } from '../command.ts'
import { DEMO } from './served.ts'

// what the trainers' own client code sent and was answered (scripts/oracles/serve-clients.py), sent again

interface Exchange {
  readonly client: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly status: number
  readonly answer: unknown
}
const EXCHANGES = readFileSync(packagePath('test/data/serve/clients.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Exchange)

let server: Started
let url: string
beforeAll(async () => {
  server = start('serve-rewards', ['--port', '0', '--model', DEMO, '--device', 'cpu', '--quiet'], {
    ETHER0_REMOTES_API_TOKEN: 'a-token-of-the-oracle',
  })
  ;[url] = (await once(createInterface({ input: server.child.stdout! }), 'line')) as [string]
})
afterAll(async () => {
  server.child.kill('SIGTERM')
  expect((await server.done).code).toBe(0)
})

/** Values that differ each time. */
const OWN = new Set(['id', 'created'])
/** Numbers within the contract's tolerance of a score against itself in another batch; all else equal. */
function same(got: unknown, want: unknown, where: string): void {
  if (typeof want === 'number' && !Number.isInteger(want)) {
    expect(Math.abs((got as number) - want), where).toBeLessThanOrEqual(2e-5 + 1e-5 * Math.abs(want))
  } else if (typeof want === 'object' && want !== null) {
    expect(Object.keys(got as object), where).toEqual(Object.keys(want))
    for (const [key, value] of Object.entries(want))
      if (!OWN.has(key)) same((got as Record<string, unknown>)[key], value, `${where}.${key}`)
  } else expect(got, where).toBe(want)
}

it('has an exchange of every client', () => {
  const names = new Set(EXCHANGES.map(({ client }) => client.split(' ')[0]))
  expect([...names].sort()).toEqual(['openrlhf', 'sglang', 'trl', 'verl', 'vllm'])
})

it.each(EXCHANGES.map((exchange, i) => [i + 1, exchange.client, exchange.path, exchange] as const))(
  '%d: %s on %s',
  async (_, __, path, { headers, body, status, answer }) => {
    // the proxy of the script brought the token to those that have none
    const authorization = headers.Authorization ?? 'Bearer a-token-of-the-oracle'
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { ...headers, Authorization: authorization },
      body,
    })
    expect(response.status).toBe(status)
    same(await response.json(), answer, 'answer')
  },
)

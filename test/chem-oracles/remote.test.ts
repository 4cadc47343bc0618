import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { OracleError } from '../../src/chem/oracles/error.ts'
import { RemoteOracles } from '../../src/chem/oracles/remote.ts'
import { UsageError } from '../../src/errors.ts'
import { type Scripted, stubServer } from './stub-server.ts'

interface Case {
  readonly id: string
  readonly fn: 'fetch_solubility' | 'fetch_purchasable' | 'fetch_forward_rxn'
  readonly arg: string | string[]
  readonly script: readonly Scripted[]
  readonly desc: string
  readonly server_error_threshold: number
  readonly value?: Readonly<Record<string, unknown>>
  readonly error?: { readonly class: string }
  readonly attempts: number
  readonly server_error_count: number
}
const cases = gunzipSync(readFileSync(new URL('../data/oracles/clients.jsonl.gz', import.meta.url)))
  .toString()
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Case)

const ROUTES = {
  fetch_solubility: '/compute_solubility',
  fetch_purchasable: '/is_purchasable',
  fetch_forward_rxn: '/translate',
} as const
/** Failures that a local server cannot act out on demand. */
const NOT_STAGED = ['ConnectTimeout', 'WriteTimeout', 'PoolTimeout']

const stubs: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(stubs.splice(0).map((s) => s.close()))
})
const stub = async (script: readonly Scripted[], delayMs?: number) => {
  const made = await stubServer(script, delayMs)
  stubs.push(made)
  return made
}

/** What Python's value or exception means for us: the answer, or the failure that the oracle rejects with. */
function expected(c: Case): { answer: unknown } | { failure: string } {
  const known = (name: string) => name.split('.').at(-1)!
  if (c.error) return { failure: known(c.error.class) }
  const value = c.value!
  if (c.fn === 'fetch_solubility') return 'solubility' in value ? { answer: value.solubility } : { failure: 'declined' }
  if (c.fn === 'fetch_forward_rxn') return 'product' in value ? { answer: value.product } : { failure: 'declined' }
  // Python hands on whatever JSON came; ours is an answer only where every string that was asked about has one
  const asked = [c.arg].flat()
  if (asked.every((s) => typeof value[s] === 'boolean'))
    return { answer: Object.fromEntries(asked.map((s) => [s, value[s]])) }
  if (c.script.at(-1)!.status !== 200) return { failure: 'declined' }
  return { failure: Array.isArray(value) ? 'TypeError' : 'KeyError' }
}

const raises = (c: Case, error: string): boolean => c.script.some((s) => s.raise === error)
const staged = cases.filter((c) => !NOT_STAGED.some((error) => raises(c, error)))

/** Asks a server what the case asks: its answer, or the failure that the oracle rejects with. */
async function ask(c: Case, oracles: RemoteOracles): Promise<{ answer: unknown } | { failure: string }> {
  const answer =
    c.fn === 'fetch_solubility'
      ? oracles.solubility(c.arg as string)
      : c.fn === 'fetch_purchasable'
        ? oracles.purchasable([c.arg].flat())
        : oracles.forwardReaction(c.arg as string)
  return answer.then(
    (answer) => ({ answer }),
    (error: OracleError) => ({ failure: error.failure }),
  )
}
const oraclesAt = (baseUrl: string, c: Case): RemoteOracles =>
  new RemoteOracles({
    baseUrl,
    token: 'stub-token',
    // short only where no answer ever comes; elsewhere a busy machine must not look like a silent server
    timeoutMs: raises(c, 'ReadTimeout') ? 500 : 60_000,
    backoffMs: 5,
    serverErrorThreshold: c.server_error_threshold,
  })

// a refused connection has no server behind it, so here every attempt is refused
describe.each(staged.filter((c) => raises(c, 'ConnectError')))('$fn: $desc ($id)', (c) => {
  it('fails as Python does', async () => {
    const free = await stubServer([])
    await free.close()
    expect(await ask(c, oraclesAt(free.baseUrl, c))).toEqual({ failure: 'RetryError' })
  })
})

// several at once: most of the time is spent waiting for servers that say nothing
describe.concurrent.each(staged.filter((c) => !raises(c, 'ConnectError')))('$fn: $desc ($id)', (c) => {
  it('answers, fails and tries again as Python does', async ({ expect, onTestFinished }) => {
    const server = await stubServer(c.script)
    onTestFinished(() => server.close())
    const oracles = oraclesAt(server.baseUrl, c)
    const got = await ask(c, oracles)
    expect(got).toEqual(expected(c))
    expect(server.asked.length).toBe(c.attempts)
    expect(oracles.serverErrorCount(ROUTES[c.fn])).toBe(c.server_error_count)
    expect(server.asked[0]).toMatchObject({
      path: ROUTES[c.fn],
      headers: { authorization: 'Bearer stub-token', 'content-type': 'application/json' },
      body:
        c.fn === 'fetch_forward_rxn'
          ? { reaction: c.arg }
          : { smiles: c.fn === 'fetch_purchasable' ? [c.arg].flat() : c.arg },
    })
  })
})

it('asks once for equal questions, under way or answered, and again after a failure', async () => {
  const server = await stub([{ status: 400, text: 'no' }, { json: { mean: -1.5 } }], 20)
  const oracles = new RemoteOracles({ baseUrl: `${server.baseUrl}/`, backoffMs: 1 })
  await expect(oracles.solubility('C')).rejects.toThrow(OracleError)
  expect(await Promise.all(['C', 'C'].map((s) => oracles.solubility(s)))).toEqual([-1.5, -1.5])
  expect(await oracles.solubility('C')).toBe(-1.5)
  expect(server.asked.map((a) => a.path)).toEqual(['/compute_solubility', '/compute_solubility'])
})

it('asks only about molecules that it does not know yet', async () => {
  const server = await stub([{ json: { A: true, B: false } }, { json: { C: true } }])
  const oracles = new RemoteOracles({ baseUrl: server.baseUrl })
  expect(await oracles.purchasable(['A', 'B', 'A'])).toEqual({ A: true, B: false })
  expect(await oracles.purchasable(['B', 'C'])).toEqual({ B: false, C: true })
  expect(server.asked.map((a) => a.body)).toEqual([{ smiles: ['A', 'B'] }, { smiles: ['C'] }])
})

it('never has more requests under way than the limit', async () => {
  const server = await stub([{ json: { mean: 0 } }], 20)
  const oracles = new RemoteOracles({ baseUrl: server.baseUrl, concurrency: 3 })
  await Promise.all(Array.from({ length: 12 }, (_, i) => oracles.solubility(`C${i}`)))
  expect(server.mostUnderWay()).toBe(3)
})

it('waits longer before every further attempt', async () => {
  const server = await stub([{ status: 503 }])
  const startedMs = performance.now()
  await expect(new RemoteOracles({ baseUrl: server.baseUrl, backoffMs: 60 }).solubility('C')).rejects.toMatchObject({
    failure: 'RetryError',
  })
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(60 + 120 - 5)
  expect(server.asked.length).toBe(3)
})

it.each(['', 'localhost:8000', 'ftp://x', 'not a url', 'http://user:password@x'])(
  'refuses %j as the server’s address',
  (baseUrl) => {
    expect(() => new RemoteOracles({ baseUrl })).toThrow(UsageError)
  },
)

import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { goneSignal } from '../../../src/serve/gone.ts'
import { Pace } from '../../../src/serve/operations/pace.ts'
import { post, type Routes } from '../../../src/serve/route.ts'
import { gate, postHead, serve } from './serving.ts'

describe('the pace', () => {
  const clocked = () => {
    let now = 0
    const pace = new Pace(() => now)
    return {
      pace,
      pass(ms: number) {
        now += ms
      },
    }
  }
  it('is that of busy time: an idle hour changes nothing', () => {
    const { pace, pass } = clocked()
    expect(pace.perSecond).toBeNull()
    for (let i = 0; i < 200; i++) {
      pace.enter()
      pass(50)
      pace.leave()
      pass(3_600_000)
    }
    // one in 50 ms; each leaves the moment the clock is read, so that the newest counts whole
    expect(pace.perSecond).toBeCloseTo(20, 0)
    expect(pace.secondsFor(100)).toBe(5)
  })
  it('follows a change within its memory', () => {
    const { pace, pass } = clocked()
    const run = (n: number, ms: number): void => {
      for (let i = 0; i < n; i++) {
        pace.enter()
        pass(ms)
        pace.leave()
      }
    }
    run(1000, 10)
    run(30, 2000)
    // four memories later: half a request a second, and e⁻⁴ of what was
    expect(pace.perSecond!).toBeGreaterThan(0.45)
    expect(pace.perSecond!).toBeLessThan(3)
  })
  it('sends nobody away for less than a second, or for more than a minute', () => {
    const { pace, pass } = clocked()
    expect(pace.secondsFor(1e6)).toBe(1)
    pace.enter()
    pass(1000)
    pace.leave()
    expect([pace.secondsFor(0), pace.secondsFor(7), pace.secondsFor(1e6)]).toEqual([1, 7, 60])
  })
})

describe('room', () => {
  it('503 where all places are taken, with the time that the measured pace asks for; then there is room again', async () => {
    const { reply, waiting, open } = gate()
    let now = 0
    const { ask } = await serve({ pending: 3 }, reply, { clock: () => now })
    const first = [ask(), ask(), ask()]
    await vi.waitUntil(() => waiting() === 3)
    expect((await ask()).headers.get('retry-after')).toBe('1')
    // three requests in 30 s: 0.1 a second, so three more will take half a minute
    now = 30_000
    open()
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect((await ask()).status).toBe(200)
  })
  it('Retry-After grows with what is ahead over what is finished', async () => {
    let now = 0
    const held: (() => void)[] = []
    const { ask } = await serve(
      { pending: 4 },
      async () => {
        await new Promise<void>((resolve) => held.push(resolve))
        return { kind: 'done', result: { kind: 'purchasable', purchasable: { answer: {} } } }
      },
      { clock: () => now },
    )
    const first = ask()
    await vi.waitUntil(() => held.length === 1)
    now += 2000
    held.shift()!()
    await first
    // one in 2 s
    const four = [ask(), ask(), ask(), ask()]
    await vi.waitUntil(() => held.length === 4)
    const refused = await ask()
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
      503,
      '8',
      { detail: 'The server is busy' },
    ])
    for (const release of held) release()
    await Promise.all(four)
  })
  it('429 where one address has its share, while others find room', async () => {
    const { reply, waiting, open } = gate()
    const { ask } = await serve({ pending: 10, perClient: 2 }, reply)
    const first = [ask(), ask()]
    await vi.waitUntil(() => waiting() === 2)
    const third = await ask()
    expect([third.status, third.headers.get('retry-after')]).toEqual([429, '1'])
    expect(await third.json()).toEqual({ detail: '2 requests of this address are under way already' })
    open()
    await Promise.all(first)
    expect((await ask()).status).toBe(200)
  })
  it('a body that is still coming takes no place, and who is refused is so before the body', async () => {
    const { reply, waiting, open } = gate()
    const { ask, raw } = await serve({ pending: 2 }, reply)
    for (let i = 0; i < 5; i++) raw(`${postHead(14)}{`)
    await delay(50)
    const first = [ask(), ask()]
    await vi.waitUntil(() => waiting() === 2)
    const refused = raw(postHead(1000))
    const answer = await new Promise<string>((resolve) => refused.once('data', (chunk) => resolve(chunk.toString())))
    expect(answer).toMatch(/^HTTP\/1.1 503 [\s\S]*retry-after: 1/i)
    open()
    await Promise.all(first)
  })
  it('a client that leaves does not free the place of the work that it asked for', async () => {
    const { reply, waiting, open } = gate()
    const { ask } = await serve({ pending: 1 }, reply)
    const leaving = new AbortController()
    const left = ask({ signal: leaving.signal }).catch(() => 'left')
    await vi.waitUntil(() => waiting() === 1)
    leaving.abort()
    expect(await left).toBe('left')
    await delay(50)
    expect((await ask()).status).toBe(503)
    open()
    await expect.poll(async () => (await ask()).status).toBe(200)
  })
})

describe('time', () => {
  it('a head or a body that comes too slowly: 408', async () => {
    const { exchange, ask } = await serve({ requestMs: 300 })
    const started = performance.now()
    const answers = await Promise.all([
      exchange('POST /verify HTT'),
      exchange('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: '),
      exchange(`${postHead(100)}{`),
    ])
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 408 [\s\S]*did not arrive in time/)
    expect(performance.now() - started).toBeLessThan(3000)
    expect((await ask()).status).toBe(200)
  })
  it('a body of one byte now and then is cut at the same time', async () => {
    const { raw } = await serve({ requestMs: 500 })
    const socket = raw(postHead(1000))
    const dripping = setInterval(() => socket.write(' '), 20)
    const answer = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
    clearInterval(dripping)
    expect(answer).toMatch(/^HTTP\/1.1 408 /)
  })
  it('the body of a refused request is not read for longer than that either', async () => {
    const { raw, http } = await serve({ requestMs: 500 }, undefined, { token: 'secret' })
    const socket = raw(postHead(100_000))
    const answer = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
    expect(answer).toMatch(/^HTTP\/1.1 401 /)
    const dripping = setInterval(() => socket.write(' '), 20)
    const open = () => new Promise<number>((resolve) => http.server.getConnections((_, n) => resolve(n)))
    await expect.poll(open, { timeout: 20_000 }).toBe(0)
    clearInterval(dripping)
  })
  it('an answer that takes too long: 503, and the place is still taken', async () => {
    const { reply, open } = gate()
    const { ask } = await serve({ answerMs: 100, pending: 1 }, reply)
    const answer = await ask()
    expect([answer.status, await answer.json()]).toEqual([503, { detail: 'The answer took too long' }])
    expect(await (await ask()).json()).toEqual({ detail: 'The server is busy' })
    open()
  })
  it('who works on an answer is told when nobody waits for it', async () => {
    const signals: AbortSignal[] = []
    const { reply: held, open } = gate()
    const routes: Routes = (server) =>
      post(server, '/slow', async (_request, reply) => {
        signals.push(goneSignal(reply))
        await held({ kind: 'purchasable', smiles: [] })
        return {}
      })
    const { url } = await serve({ answerMs: 300 }, held, {}, [routes])
    const ask = (init: RequestInit = {}) =>
      fetch(`${url}/slow`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}', ...init })
    const leaving = new AbortController()
    void ask({ signal: leaving.signal }).catch(() => {})
    await vi.waitUntil(() => signals.length === 1)
    await delay(20)
    expect(signals[0]!.aborted).toBe(false)
    leaving.abort()
    await vi.waitUntil(() => signals[0]!.aborted)
    expect((await ask()).status).toBe(503)
    expect(signals[1]!.aborted).toBe(true)
    open()
    expect((await ask()).status).toBe(200)
    expect(signals[2]!.aborted).toBe(false)
  })
  it('further connections than the limit are closed at once', async () => {
    const { raw, ask } = await serve({ connections: 2 })
    const two = [raw(postHead(9)), raw(postHead(9))]
    await delay(50)
    await expect(ask()).rejects.toThrow('fetch failed')
    for (const socket of two) socket.destroy()
    await expect
      .poll(() =>
        ask().then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
  })
})

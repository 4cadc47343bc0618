import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { gate, postHead, serve } from './serving.ts'

const BODY = '{"smiles": "C"}'
/** Milliseconds that `stop` took. */
async function timed(stop: Promise<number>): Promise<{ cut: number; ms: number }> {
  const started = performance.now()
  const cut = await stop
  return { cut, ms: performance.now() - started }
}

describe('a stop', () => {
  it('takes readiness off first, answers what is under way, and takes nothing new', async () => {
    const { reply, waiting, open } = gate()
    const server = await serve({}, reply)
    const kept = server.raw(`GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
    await new Promise((resolve) => kept.once('data', resolve))
    const underWay = server.ask()
    await vi.waitUntil(() => waiting() === 1)
    const keptSaid: string[] = []
    kept.on('data', (chunk) => keptSaid.push(chunk.toString()))
    const stopping = timed(server.stop(5000))
    expect(server.lifecycle.stage).toBe('stopping')
    await delay(50)
    // the idle connection was closed, and no new one is taken
    await vi.waitUntil(() => kept.destroyed)
    expect(keptSaid).toEqual([])
    await expect(fetch(`${server.url}/ready`)).rejects.toThrow('fetch failed')
    open()
    const answer = await underWay
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close'])
    expect(await stopping).toEqual({ cut: 0, ms: expect.toSatisfy((ms: number) => ms < 1000) })
  })

  it('answers a request whose body comes during the grace period', async () => {
    const server = await serve()
    // "100 Continue" says that the server has the request
    const socket = server.raw(postHead(BODY.length, ['Expect: 100-continue']))
    const says = () => new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
    expect(await says()).toMatch(/^HTTP\/1.1 100 /)
    socket.write(BODY.slice(0, 5))
    const answer = says()
    const stopping = timed(server.stop(5000))
    await delay(100)
    socket.write(BODY.slice(5))
    expect(await answer).toMatch(/^HTTP\/1.1 200 [\s\S]*connection: close/i)
    expect((await stopping).cut).toBe(0)
  })

  it('refuses a second request on a connection that is still busy, and says when to come again', async () => {
    const { reply, waiting, open } = gate()
    const server = await serve({}, reply)
    const post = `${postHead(BODY.length)}${BODY}`
    const said = server.exchange(`${post}${postHead(BODY.length)}`)
    await vi.waitUntil(() => waiting() === 1)
    const stopping = server.stop(5000)
    open()
    await stopping
    const answers = (await said).match(/^HTTP\/1.1 \d+/gm)
    expect(answers![0]).toBe('HTTP/1.1 200')
  })

  it('ends within the grace period whatever clients do', async () => {
    const { reply, waiting } = gate()
    const server = await serve({ requestMs: 60_000 }, reply)
    const never = server.exchange(`${postHead(BODY.length)}${BODY}`)
    // "100 Continue" says that the server has the request
    const [halfBody, dripping] = await Promise.all(
      [1000, 100_000].map(async (length) => {
        const socket = server.raw(postHead(length, ['Expect: 100-continue']))
        await once(socket, 'data')
        socket.write('{')
        return socket
      }),
    )
    const halfHead = server.raw('POST /verify HTTP/1.1\r\nHost: 127')
    const drip = setInterval(() => dripping!.write(' '), 10)
    const silent = connect(server.port, '127.0.0.1')
    silent.on('error', () => {})
    await vi.waitUntil(() => waiting() === 1)
    let heard = ''
    halfBody!.on('data', (chunk) => {
      heard += chunk
    })
    const { cut, ms } = await timed(server.stop(1500))
    clearInterval(drip)
    expect(ms).toBeLessThan(1500)
    expect(ms).toBeGreaterThan(900)
    // the half head never was a request
    expect(cut).toBe(3)
    expect(await never).toMatch(/^HTTP\/1.1 503 [\s\S]*retry-after: 1[\s\S]*is stopping/i)
    expect(heard).toMatch(/^HTTP\/1.1 503 /)
    await vi.waitUntil(() => [halfBody!, dripping!, halfHead, silent].every(({ destroyed }) => destroyed))
  })

  it('ends at once where only silent connections are open', async () => {
    const server = await serve()
    const silent = connect(server.port, '127.0.0.1')
    silent.on('error', () => {})
    await new Promise((resolve) => silent.once('connect', resolve))
    await delay(50)
    expect((await timed(server.stop(10_000))).ms).toBeLessThan(1000)
  })

  it('cuts a client that does not read its answer', async () => {
    const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`C${i}${'x'.repeat(100)}`, true]))
    const server = await serve({ requestMs: 500 }, async () => ({
      kind: 'done',
      result: { kind: 'purchasable', purchasable: { answer: many } },
    }))
    const socket = server.raw(`${postHead(BODY.length)}${BODY}`)
    socket.pause()
    const open = () => new Promise<number>((resolve) => server.http.server.getConnections((_, n) => resolve(n)))
    await expect.poll(open).toBe(1)
    await expect.poll(open, { timeout: 20_000 }).toBe(0)
  })
})

describe('readiness', () => {
  it('503 before, 200 while it answers; health is always 200; questions hear when to come again', async () => {
    const { createRewardServer } = await import('../../../src/serve/app.ts')
    const { DEFAULT_LIMITS } = await import('../../../src/serve/limits.ts')
    const { http, lifecycle } = createRewardServer(
      { run: async () => ({ kind: 'timeout' }) },
      { token: 'secret', limits: DEFAULT_LIMITS },
    )
    const get = async (url: string) => {
      const { statusCode, body, headers } = await http.inject({ url })
      return [statusCode, JSON.parse(body), headers['retry-after']]
    }
    expect(await get('/ready')).toEqual([503, { detail: 'starting' }, '1'])
    expect(await get('/health?x=1')).toEqual([200, { status: 'ok' }, undefined])
    const early = await http.inject({
      method: 'POST',
      url: '/verify',
      headers: { authorization: 'Bearer secret' },
      payload: {},
    })
    expect([early.statusCode, early.json(), early.headers['retry-after']]).toEqual([
      503,
      { detail: 'The model is not ready yet' },
      '2',
    ])
    lifecycle.ready()
    expect(await get('/ready')).toEqual([200, { status: 'ready' }, undefined])
    lifecycle.stopping()
    lifecycle.ready()
    expect(await get('/ready')).toEqual([503, { detail: 'stopping' }, '1'])
    expect(await get('/health')).toEqual([200, { status: 'ok' }, undefined])
    await http.close()
  })
})

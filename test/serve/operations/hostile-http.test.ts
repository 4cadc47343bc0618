import { describe, expect, it } from 'vitest'
import { postHead, type Served, serve } from './serving.ts'

/** Status and body of a raw answer. */
function parsed(answer: string): { status: number; detail: unknown; head: string } {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), detail: (JSON.parse(body) as { detail: unknown }).detail, head }
}
const aliveAfter = async ({ ask }: Served): Promise<void> => expect((await ask()).status).toBe(200)

describe('what is no HTTP request is answered, and the connection closed', () => {
  it.each([
    ['bytes', Buffer.from([0, 255, 1, 254, 13, 10, 13, 10]), 400, /no HTTP/],
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex'), 400, /no HTTP/],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, /no HTTP/],
    ['another protocol', 'EHLO example.org\r\n', 400, /no HTTP/],
    ['a method that is none', 'FETCH /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 400, /no HTTP/],
    ['two lengths', `${postHead(2).trimEnd()}\r\nContent-Length: 3\r\n\r\n{}`, 400, /no HTTP/],
    ['a length and chunks', `${postHead(2).trimEnd()}\r\nTransfer-Encoding: chunked\r\n\r\n{}`, 400, /no HTTP/],
    ['CONNECT', 'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n', 405, /Method Not Allowed/],
    ['a header of 1 MB', `GET /health HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1 << 20)}\r\n\r\n`, 431, /too large/],
    ['a flood of headers', `GET /health HTTP/1.1\r\n${'a: b\r\n'.repeat(50_000)}\r\n`, 431, /too large/],
    ['a long path', `GET /${'x'.repeat(1 << 17)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431, /too large/],
  ])('%s', async (_, sent, status, detail) => {
    const server = await serve()
    const answer = parsed(await server.exchange(sent))
    expect(answer).toMatchObject({ status, detail: expect.stringMatching(detail) })
    expect(answer.head).toMatch(/connection: close/i)
    expect(server.log).toContainEqual({ method: 'none', path: '(unreadable)', status, elapsedMs: 0 })
    await aliveAfter(server)
  })

  it('a refusal is never taken for the answer of the request before', async () => {
    const server = await serve()
    const both = await server.exchange('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n\0\0\0\0\r\n\r\n')
    expect(both.match(/^HTTP\/1.1 \d+/gm)).toEqual(['HTTP/1.1 200'])
  })
})

describe('methods and paths are refused before a body is read', () => {
  const held = (method: string, path: string): string =>
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`

  it.each([
    ['PUT', '/verify', 405, 'POST'],
    ['DELETE', '/is_purchasable', 405, 'POST'],
    ['PATCH', '/translate?x=1', 405, 'POST'],
    ['GET', '/verify', 405, 'POST'],
    ['OPTIONS', '/verify', 405, 'POST'],
    ['POST', '/health', 405, 'GET, HEAD'],
    ['PUT', '/metrics', 405, 'GET'],
    ['POST', '/nowhere', 404, undefined],
    ['PUT', '/__proto__', 404, undefined],
    ['PROPFIND', '/verify', 405, 'POST'],
  ])('%s %s: %d', async (method, path, status, allow) => {
    const server = await serve()
    const socket = server.raw(held(method, path))
    const answer = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
    expect(Number(answer.split(' ')[1])).toBe(status)
    expect(/^allow: (.*)$/im.exec(answer)?.[1]).toBe(allow)
    await aliveAfter(server)
  })
  it('a path that is not decodable', async () => {
    const server = await serve()
    expect((await fetch(`${server.url}/%E0%A4%A`)).status).toBe(400)
  })
  it('HEAD of the probes', async () => {
    const server = await serve()
    for (const path of ['/health', '/ready']) {
      expect((await fetch(server.url + path, { method: 'HEAD' })).status).toBe(200)
    }
  })
})

describe('bodies', () => {
  const post = async (body: BodyInit, headers: Record<string, string> = {}): Promise<[number, unknown]> => {
    const server = await serve()
    const response = await server.ask({ body, headers: { 'Content-Type': 'application/json', ...headers } })
    await aliveAfter(server)
    return [response.status, ((await response.json()) as { detail: unknown }).detail]
  }
  it.each([
    ['a lone half in a value', '{"smiles": "\\ud83d"}', ['body', 'smiles']],
    ['in a list', '{"smiles": ["C", "x\\uDE00"]}', ['body', 'smiles', 1]],
    ['in a key', '{"smiles": "C", "more": {"\\ud800": 1}}', ['body', 'more']],
    ['the halves the wrong way round', '{"smiles": "\\ude00\\ud83d"}', ['body', 'smiles']],
  ])('%s: 422, where it is', async (_, body, loc) => {
    expect(await post(body)).toEqual([422, [expect.objectContaining({ type: 'string_unicode', loc })]])
  })
  it('a whole pair is text', async () => {
    const server = await serve()
    expect((await server.ask({ body: '{"smiles": "\\ud83d\\ude00"}' })).status).toBe(200)
  })
  it('bytes that are no UTF-8: 422, not replaced', async () => {
    expect(await post(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]))).toEqual([
      422,
      [expect.objectContaining({ type: 'json_invalid', msg: expect.stringContaining('not UTF-8') })],
    ])
  })
  it('compressed: 415', async () => {
    expect(await post('x', { 'Content-Encoding': 'gzip' })).toEqual([415, 'Compressed bodies are not read'])
  })
  it.each([
    ['lists', `${'['.repeat(400_000)}${']'.repeat(400_000)}`],
    ['objects that are no end', '{"a":'.repeat(150_000)],
    ['objects with half a pair inside', `${'{"a":'.repeat(120_000)}"\\ud800"${'}'.repeat(120_000)}`],
  ])('nested deep: %s', async (_, body) => {
    expect((await post(body))[0]).toBe(422)
  })
  it('longer than the limit: 413, by its length and by its chunks', async () => {
    const server = await serve({ bodyBytes: 1000 })
    expect((await server.ask({ body: `"${'x'.repeat(2000)}"` })).status).toBe(413)
    const chunked = `POST /is_purchasable HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}\r\n`
    const socket = server.raw(chunked)
    const answer = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
    expect(answer).toMatch(/^HTTP\/1.1 413/)
  })
})

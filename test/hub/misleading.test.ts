import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import { NetworkError } from '../../src/errors.ts'
import { resolveModel } from '../../src/hub/model.ts'

const cacheDir = mkdtempSync(join(tmpdir(), 'misleading-'))
afterAll(() => rmSync(cacheDir, { recursive: true }))
let server: Server | null = null
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A hub that answers every listing by `answer`; requests are counted. */
async function hub(answer: (response: ServerResponse, url: string, origin: string) => void) {
  let requests = 0
  let origin = ''
  server = createServer((request, response) => {
    requests++
    const url = request.url ?? ''
    if (url.includes('/revision/'))
      response.end(
        JSON.stringify({ _id: '0', id: 'a/b', sha: 'a'.repeat(40), lastModified: '2024-01-01T00:00:00.000Z' }),
      )
    else answer(response, url, origin)
  })
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const start = performance.now()
  const error: unknown = await resolveModel('a/b', { endpoint: origin, cacheDir, token: null, retryMinMs: 2000 }).catch(
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(NetworkError)
  return { message: (error as NetworkError).message, requests, ms: performance.now() - start }
}

it('a redirection in a circle is refused at once', async () => {
  const { message, ms, requests } = await hub((response, url) => response.writeHead(302, { location: url }).end())
  expect(message).toBe('the answer leads in a circle')
  expect(requests).toBeLessThan(30)
  expect(ms).toBeLessThan(2000)
})
it.each(['file:///etc/passwd', 'ftp://a/b', 'data:text/plain,x', 'http://[::bad'])(
  'nor is one to %s followed',
  async (location) => {
    const { message, requests } = await hub((response) => response.writeHead(302, { location }).end())
    expect(message).toBe('the answer leads to what is no http(s) address')
    expect(requests).toBe(2)
  },
)
it('a listing that leads back to itself ends', async () => {
  const { message, requests } = await hub((response, url, origin) =>
    response.writeHead(200, { link: `<${origin}${url}>; rel="next"` }).end('[]'),
  )
  expect(message).toBe('the listing of the files leads back to itself')
  expect(requests).toBe(2)
})
it('so does one without end', async () => {
  let page = 0
  const { message, requests } = await hub((response, _, origin) =>
    response.writeHead(200, { link: `<${origin}/api/models/a/b/tree/x?cursor=${page++}>; rel="next"` }).end('[]'),
  )
  expect(message).toBe('the listing of the files has more than 500 pages')
  expect(requests).toBe(501)
})
it('and a page without end', async () => {
  const { message } = await hub((response) => {
    const more = (): void => {
      while (!response.destroyed && response.write('[['.repeat(500_000)));
      if (!response.destroyed) response.once('drain', more)
    }
    more()
  })
  expect(message).toBe('an answer has more than 20,000,000 bytes')
})

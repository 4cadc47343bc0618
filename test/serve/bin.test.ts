import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { call, type Started, start } from '../command.ts'

/** The bin in a process of its own, and a request whose body never comes to its end. */
async function withHalfARequest(args: readonly string[]): Promise<Started & { readonly answer: Promise<string> }> {
  const started = start('serve-rewards', ['--port', '0', ...args])
  const [url] = (await once(createInterface({ input: started.child.stdout! }), 'line')) as [string]
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(
    'POST /verify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n{',
  )
  await once(socket, 'data')
  const answer = new Promise<string>((resolve) => {
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk
    })
    socket.once('close', () => resolve(said))
  })
  return { ...started, answer }
}

it('a stop is over within the grace period with 0, and says what it cut', async () => {
  const { child, done, answer } = await withHalfARequest(['--grace', '2', '--log-format', 'json'])
  const began = performance.now()
  child.kill('SIGTERM')
  expect(await answer).toMatch(/^HTTP\/1.1 503 [\s\S]*"The server is stopping"/)
  const { code, stderr } = await done
  expect(code).toBe(0)
  // and the end of a process
  expect(performance.now() - began).toBeLessThan(2000 + 1500)
  const said = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: string; message: string; event?: string; cut?: number })
  expect(said.find(({ event }) => event === 'stopping')).toBeDefined()
  expect(said.find(({ level }) => level === 'warn')).toMatchObject({ cut: 1 })
})

it.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGINT', 'SIGTERM'],
] as const)('a second signal ends at once (%s, %s)', async (first, second) => {
  const { child, done, answer } = await withHalfARequest(['--grace', '60'])
  child.kill(first)
  let said = ''
  child.stderr!.on('data', (chunk) => {
    said += chunk
  })
  await expect.poll(() => said, { timeout: 60_000 }).toContain('stopping')
  child.kill(second)
  expect((await done).code).toBe(130)
  expect(await answer).toBe('')
})

it('logs a request as an object without anything of the client', async () => {
  const { child, done } = start('serve-rewards', ['--port', '0', '--log-format', 'json'])
  const [url] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  await fetch(`${url}/is_purchasable?secret=1`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Secret': '1' },
    body: '{"smiles": "C"}',
  })
  child.kill('SIGTERM')
  const { stderr } = await done
  const request = stderr
    .split('\n')
    .filter((line) => line.includes('"request"'))
    .map((line) => JSON.parse(line) as object)
  expect(request).toEqual([
    {
      level: 'info',
      message: expect.stringMatching(/^POST \/is_purchasable 200 \d+ ms$/),
      event: 'request',
      ...{ method: 'POST', path: '/is_purchasable', status: 200 },
      ...{ elapsedMs: expect.any(Number) },
    },
  ])
  expect(stderr).not.toContain('secret')
})

it('a port that is taken, an address that is not ours: one message, exit code 7', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  const done = await call('serve-rewards', ['--port', String(port), '--quiet'])
  taken.close()
  expect(done).toEqual({
    code: 7,
    stdout: '',
    stderr: `serve-rewards: 127.0.0.1:${port}: cannot listen: another process listens on this port\n  Stop it, or choose another port: --port 0 takes a free one.\n`,
  })
  const elsewhere = await call('serve-rewards', ['--host', '192.0.2.1', '--port', '0', '--quiet', '--token', 't'])
  expect(elsewhere).toMatchObject({
    code: 7,
    stderr: expect.stringContaining('this machine does not have this address'),
  })
})

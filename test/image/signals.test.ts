import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'

/** As the first process of a container: a process namespace of its own, where the kernel lets one be made. */
const APART = ['--pid', '--fork', '--kill-child', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])]
const possible = process.platform === 'linux' && spawnSync('unshare', [...APART, 'true']).status === 0

let silent: Server
let index: string
beforeAll(async () => {
  // a package index that never answers: the command waits, and has no handler of its own
  silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  index = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/simple`
})
afterAll(async () => {
  silent.closeAllConnections()
  await new Promise((done) => silent.close(done))
})

/** Exit code after the signal; the command's process is that of the shell, which says so first. */
async function stopped(signal: string, args: readonly string[], until: RegExp | 'asked'): Promise<number | null> {
  const bin = packagePath('dist/scripts/chemherm.js')
  // `kill` of a shell outside reaches the namespace by the number that the process has here: unshare's only child
  const child = spawn('unshare', [...APART, process.execPath, bin, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  const said = new Promise<void>((done) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        text += chunk
        if (until !== 'asked' && until.test(text)) done()
      })
  })
  const ended = once(child, 'close')
  const early = ended.then(([code]) => {
    throw new Error(`ended by itself with ${code}: ${text}`)
  })
  await Promise.race([until === 'asked' ? once(silent, 'request') : said, early])
  early.catch(() => {})
  spawnSync('sh', ['-c', `kill -${signal} "$(cat /proc/${child.pid}/task/${child.pid}/children)"`])
  const [code] = await ended
  return code as number | null
}

describe.skipIf(!possible)('the first process of a container', () => {
  it.each([
    ['TERM', 130],
    ['INT', 130],
    ['HUP', 130],
  ])('a command without a handler ends on SIG%s', async (signal, code) => {
    expect(await stopped(signal, ['setup-cuda', '--skip-nvidia', '--index-url', index], 'asked')).toBe(code)
  })

  it('a command with a handler ends in its own way', async () => {
    expect(await stopped('TERM', ['serve-rewards', '--port', '0'], /http:\/\/127/)).toBe(0)
  })
})

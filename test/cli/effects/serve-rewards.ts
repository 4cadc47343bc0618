import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { expect, vi } from 'vitest'
import type { OPTIONS } from '../../../scripts/commands/serve-rewards.ts'
import { stubServer } from '../../chem-oracles/stub-server.ts'
import { call, type Env } from '../../command.ts'
import { CUT_BLOOM, EMPTY_BLOOM } from './data.ts'
import { SERVE_MODEL_ROWS } from './serve-model.ts'
import { all, type Rows } from './shown.ts'

interface Serving {
  readonly url: string
  post(path: string, body: unknown, token?: string): Promise<{ status: number; body: Record<string, unknown> }>
}

/** Serves in this process until `use` is done; what it said. */
async function serving(
  args: readonly string[],
  use: (server: Serving) => Promise<void>,
  env: Env = {},
): Promise<string> {
  const argv = args.includes('--port') ? args : ['--port', '0', ...args]
  let trouble: unknown = null
  const done = await call('serve-rewards', argv, env, async (printed, ended) => {
    let over = false
    void ended.finally(() => {
      over = true
    })
    const urlOf = (): string | undefined =>
      printed()
        .split('\n')
        .find((line) => line.startsWith('http'))
    await vi.waitUntil(() => over || urlOf() !== undefined, { timeout: 60_000, interval: 20 })
    const url = urlOf()
    if (url === undefined) return
    const post: Serving['post'] = async (path, body, token) => {
      const response = await fetch(url.replace('0.0.0.0', '127.0.0.1') + path, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
      })
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    await use({ url, post }).catch((error: unknown) => {
      trouble = error
    })
    process.emit('SIGTERM')
  })
  if (trouble !== null) throw trouble
  return done.stderr
}
const refuses = (args: readonly string[], code: number, message: string) => async (): Promise<void> => {
  const done = await call('serve-rewards', ['--port', '0', ...args])
  expect(done).toMatchObject({ code, stdout: '' })
  expect(done.stderr).toContain(message)
}

const GROUP = {
  completion: '<|think_start|>t<|think_end|><|answer_start|>OCCc1ccccc1<|answer_end|>',
  solution: "functional_group_eval!:!('C8H10O', ['primary alcohol'])!:!functional-group",
}
const judged = (args: readonly string[], path: string, body: unknown, want: Record<string, unknown>) => () =>
  serving(args, async ({ post }) => expect((await post(path, body)).body).toMatchObject(want)).then(() => {})
const noFilter = (flag: string) =>
  all(refuses([flag, '/nowhere.bloom'], 3, `(${flag}) cannot be read`), refuses([flag, CUT_BLOOM], 3, 'header says'))
const SOLUBLE = { smiles: 'CCO' }
const ACID = 'O=C(O)c1ccccc1'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

export const SERVE_ROWS: Rows<keyof typeof OPTIONS> = {
  ...SERVE_MODEL_ROWS,
  host: all(refuses(['--host', '0.0.0.0'], 2, 'there is no token'), async () => {
    await serving(['--host', '0.0.0.0', '--token', 't'], async ({ url }) =>
      expect(url).toMatch(/^http:\/\/0\.0\.0\.0:/),
    )
  }),
  port: all(
    async () => {
      const port = await freePort()
      await serving(['--port', String(port)], async ({ url }) => expect(url).toBe(`http://127.0.0.1:${port}`))
    },
    async () => {
      const done = await call('serve-rewards', ['--port', '70000'])
      expect(done).toMatchObject({ code: 2, stderr: expect.stringContaining('70000 is not a port') })
    },
  ),
  token: async () => {
    await serving(['--token', 'mine'], async ({ post }) => {
      expect((await post('/is_purchasable', { smiles: 'C' }, 'another')).status).toBe(401)
      expect((await post('/is_purchasable', { smiles: 'C' }, 'mine')).status).toBe(200)
    })
  },
  'body-limit': all(
    async () => {
      await serving(['--body-limit', '30'], async ({ post }) => {
        expect((await post('/is_purchasable', { smiles: 'C' })).status).toBe(200)
        expect((await post('/is_purchasable', { smiles: 'C'.repeat(40) })).status).toBe(413)
      })
    },
    refuses(['--body-limit', '0.5'], 2, '0.5 is not a whole number'),
  ),
  'batch-limit': all(
    async () => {
      await serving(['--batch-limit', '1'], async ({ post }) => {
        expect((await post('/is_purchasable', { smiles: ['C'] })).status).toBe(200)
        expect((await post('/is_purchasable', { smiles: ['C', 'CC'] })).status).toBe(422)
      })
    },
    refuses(['--batch-limit', '1.5'], 2, '1.5 is not a whole number'),
  ),
  'pending-limit': all(
    async () => {
      // one place: of two requests at once the second is sent away
      const both = async (args: readonly string[]): Promise<number[]> => {
        const got: number[] = []
        await serving(args, async ({ post }) => {
          const answers = await Promise.all([
            post('/compute_solubility', SOLUBLE),
            post('/compute_solubility', SOLUBLE),
          ])
          got.push(...answers.map(({ status }) => status))
        })
        return got.sort()
      }
      expect(await both([])).toEqual([200, 200])
      expect(await both(['--pending-limit', '1'])).toEqual([200, 503])
      expect(await both(['--client-limit', '1'])).toEqual([200, 429])
    },
    refuses(['--pending-limit', '0'], 2, '0 is not a whole number'),
  ),
  // its effect stands beside that of --pending-limit
  'client-limit': refuses(['--client-limit', '0'], 2, '0 is not a whole number'),
  'connection-limit': all(
    async () => {
      await serving(['--connection-limit', '1'], async ({ url, post }) => {
        const { hostname, port } = new URL(url)
        const held = connect(Number(port), hostname)
        await once(held, 'connect')
        await expect(post('/is_purchasable', { smiles: 'C' })).rejects.toThrow('fetch failed')
        held.destroy()
      })
    },
    refuses(['--connection-limit', '0'], 2, '0 is not a whole number'),
  ),
  'request-timeout': all(
    async () => {
      await serving(['--request-timeout', '0.2'], async ({ url }) => {
        const { hostname, port } = new URL(url)
        const slow = connect(Number(port), hostname)
        slow.write(
          'POST /verify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
        )
        const [answer] = (await once(slow, 'data')) as [Buffer]
        expect(answer.toString()).toMatch(/^HTTP\/1.1 408 /)
      })
    },
    refuses(['--request-timeout', '0'], 2, '0 is not above 0'),
  ),
  'answer-timeout': all(
    // opening the solubility model takes longer than that
    judged(['--answer-timeout', '0.001'], '/compute_solubility', SOLUBLE, { detail: 'The answer took too long' }),
    refuses(['--answer-timeout', '0'], 2, '0 is not above 0'),
  ),
  grace: all(
    async () => {
      let began = 0
      const open: Socket[] = []
      const said = await serving(['--grace', '1'], async ({ url }) => {
        const { hostname, port } = new URL(url)
        const half = connect(Number(port), hostname)
        open.push(half)
        half.on('error', () => {})
        half.write(
          'POST /verify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n{',
        )
        await once(half, 'data')
        began = performance.now()
      })
      expect(performance.now() - began).toBeLessThan(5000)
      expect(said).toContain('1 requests were not answered in the grace period of 1 s')
      for (const half of open) half.destroy()
    },
    refuses(['--grace', '0'], 2, '0 is not above 0'),
  ),
  'purchasable-bloom': all(
    judged([], '/is_purchasable', { smiles: ACID }, { [ACID]: true }),
    judged(['--purchasable-bloom', EMPTY_BLOOM], '/is_purchasable', { smiles: ACID }, { [ACID]: false }),
    noFilter('--purchasable-bloom'),
  ),
  'rings-bloom': all(
    judged([], '/verify', GROUP, { reason: 'right_answer' }),
    judged(['--rings-bloom', EMPTY_BLOOM], '/verify', GROUP, { reason: 'failed_ring_check' }),
    noFilter('--rings-bloom'),
  ),
  'fingerprints-bloom': all(
    judged(['--fingerprints-bloom', EMPTY_BLOOM], '/verify', GROUP, { reason: 'failed_reos_check' }),
    noFilter('--fingerprints-bloom'),
  ),
  'forward-base-url': all(
    async () => {
      const model = await stubServer([{ json: { product: 'CCOC(C)=O' } }], 0)
      try {
        await judged(
          ['--forward-base-url', model.baseUrl],
          '/translate',
          { reaction: 'CC(=O)O.CCO>>' },
          { product: 'CCOC(C)=O' },
        )()
      } finally {
        await model.close()
      }
    },
    refuses(['--forward-base-url', 'nope'], 2, 'not an http(s) address'),
    async () => {
      const said = await serving([], async () => {}, { CHEMHERM_FORWARD_API_TOKEN: 'x' })
      expect(said).toContain('CHEMHERM_FORWARD_API_TOKEN changes nothing here: there is no --forward-base-url')
    },
  ),
  'verify-workers': all(
    async () => {
      for (const workers of [1, 3]) {
        let threads = 0
        const count = (): void => void threads++
        process.on('worker', count)
        try {
          await serving(['--verify-workers', String(workers)], async ({ post }) => {
            await Promise.all(['C', 'CC', 'CCC', 'CCCC'].map((smiles) => post('/is_purchasable', { smiles })))
          })
        } finally {
          process.off('worker', count)
        }
        expect(threads).toBe(workers)
      }
    },
    refuses(['--verify-workers', '1.5'], 2, '1.5 is not a whole number'),
  ),
  'time-limit': all(
    // opening the solubility model takes longer than that
    judged(
      ['--time-limit', '0.001'],
      '/compute_solubility',
      { smiles: 'CCO' },
      {
        detail: 'The time limit of one question is over',
      },
    ),
    refuses(['--time-limit', '0'], 2, '0 is not above 0'),
  ),
  quiet: async () => {
    expect(await serving([], async () => {})).toMatch(
      /oracle purchasable: embedded\n[\s\S]*verifier: rings: src\/embedded/,
    )
    expect(await serving(['--quiet'], async () => {})).toBe('')
  },
  'log-format': async () => {
    const said = await serving(['--log-format', 'json'], async () => {})
    for (const line of said.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('message')
  },
}

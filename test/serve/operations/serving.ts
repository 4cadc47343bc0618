import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { ChemJob, ChemResult } from '../../../src/chem/workers/jobs.ts'
import type { JobEnd } from '../../../src/chem/workers/pool.ts'
import { createRewardServer, type RewardServer, type ServerOptions } from '../../../src/serve/app.ts'
import { DEFAULT_LIMITS, type ServerLimits } from '../../../src/serve/limits.ts'
import { listen } from '../../../src/serve/operations/listen.ts'
import type { Routes } from '../../../src/serve/route.ts'

export type Reply = (job: ChemJob) => Promise<JobEnd<ChemResult>>
const PURCHASABLE: JobEnd<ChemResult> = {
  kind: 'done',
  result: { kind: 'purchasable', purchasable: { answer: { C: true } } },
}
export const answered: Reply = async () => PURCHASABLE

/** A gate that jobs wait at. */
export function gate(): { readonly reply: Reply; readonly waiting: () => number; open(): void } {
  const held: (() => void)[] = []
  let isOpen = false
  return {
    reply: async () => {
      if (!isOpen) await new Promise<void>((resolve) => held.push(resolve))
      return PURCHASABLE
    },
    waiting: () => held.length,
    open() {
      isOpen = true
      for (const release of held.splice(0)) release()
    },
  }
}

export interface Served extends RewardServer {
  readonly url: string
  readonly port: number
  /** A connection on which `head` was sent. */
  raw(head: string | Buffer): Socket
  /** All that the server says to `head` until it closes the connection. */
  exchange(head: string | Buffer): Promise<string>
  ask(over?: RequestInit): Promise<Response>
  readonly log: { method: string; path: string; status: number }[]
}

/** A server on a free port, with workers that answer as told; it ends with the test. */
export async function serve(
  limits: Partial<ServerLimits> = {},
  reply: Reply = answered,
  over: Partial<ServerOptions> = {},
  routes: readonly Routes[] = [],
): Promise<Served> {
  const log: Served['log'] = []
  const server = createRewardServer(
    { run: reply },
    { token: null, limits: { ...DEFAULT_LIMITS, ...limits }, onAnswer: (entry) => log.push(entry), ...over },
    routes,
  )
  const url = await listen(server.http, '127.0.0.1', 0)
  const port = Number(new URL(url).port)
  const sockets: Socket[] = []
  server.lifecycle.ready()
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    server.http.server.closeAllConnections()
    await server.stop(0)
  })
  const raw: Served['raw'] = (head) => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write(head)
    return socket
  }
  return {
    ...server,
    ...{ url, port, log, raw },
    exchange: (head) => all(raw(head)),
    ask: (init = {}) =>
      fetch(`${url}/is_purchasable`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: '{"smiles": "C"}',
        ...init,
      }),
  }
}

/** What comes until the connection ends, by whatever end. */
const all = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    let said = ''
    socket.on('data', (chunk) => {
      said += chunk
    })
    socket.once('close', () => resolve(said))
  })

/** The head of a POST whose body has `length` bytes. */
export const postHead = (length: number, more: readonly string[] = []): string =>
  [
    'POST /is_purchasable HTTP/1.1',
    'Host: 127.0.0.1',
    'Content-Type: application/json',
    `Content-Length: ${length}`,
    ...more,
    '\r\n',
  ].join('\r\n')

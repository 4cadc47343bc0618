import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Lifecycle } from './lifecycle.ts'

/** Of the grace period, what is kept for telling clients that they will get no answer, and for closing. */
const FAREWELL_MS = 500
/** Time for those last words to leave. */
const LAST_WORDS_MS = 100

export interface Stopper {
  /**
   * Stops within the grace period: not ready any more; idle connections closed and no new ones taken; questions under way, also those whose
   * body is still coming, answered; what is left shortly before the end of the period hears 503 and is cut.
   * @returns how many requests were cut
   */
  stop(graceMs: number): Promise<number>
}

/** Watches the connections of a server, so that it can be stopped in time whatever its clients do. To be called before it listens. */
export function watchConnections(server: FastifyInstance, lifecycle: Lifecycle): Stopper {
  const sockets = new Set<Socket>()
  const open = new Set<ServerResponse>()
  server.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  server.server.on('request', (_request, response: ServerResponse) => {
    open.add(response)
    response.once('close', () => open.delete(response))
  })
  // a connection that is busy when the server closes would else be kept alive, and hold the stop up
  server.addHook('onSend', async (_request, reply, payload) => {
    if (lifecycle.stage === 'stopping') reply.header('Connection', 'close')
    return payload
  })

  return {
    async stop(graceMs) {
      lifecycle.stopping()
      // Node counts a connection that never sent a byte among the busy ones
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
      let cut = 0
      const hurry = setTimeout(
        () => {
          cut = open.size
          for (const response of open) lastWords(response)
          setTimeout(() => {
            for (const socket of sockets) socket.destroy()
          }, LAST_WORDS_MS)
        },
        Math.max(0, graceMs - FAREWELL_MS),
      )
      await server.close()
      clearTimeout(hurry)
      return cut
    },
  }
}

/** 503 to a client that was promised nothing yet. */
function lastWords(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return
  const body = JSON.stringify({ detail: 'The server is stopping' })
  response.writeHead(503, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Retry-After': '1',
    Connection: 'close',
  })
  response.end(body)
}

import type { FastifyInstance } from 'fastify'

/** Cuts clients that do not take their answer within `limitMs`, so that they hold neither its memory nor a stop up. */
export function cutUnread(server: FastifyInstance, limitMs: number): void {
  server.addHook('onSend', async (request, reply, payload) => {
    const { raw } = reply
    // a client that has left: nothing would end the wait, which would hold the request with its body
    if (raw.closed || request.raw.socket.destroyed) return payload
    const cut = setTimeout(() => request.raw.socket.destroy(), limitMs)
    cut.unref()
    raw.once('close', () => clearTimeout(cut))
    raw.once('finish', () => clearTimeout(cut))
    return payload
  })
}

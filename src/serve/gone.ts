import type { FastifyReply } from 'fastify'

/** Why what was asked is not computed any more. */
export class ClientGone extends Error {
  constructor() {
    super('the client is gone')
  }
}

/** Aborts when the connection ends before the answer does. */
export function goneSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new ClientGone())
  })
  return controller.signal
}

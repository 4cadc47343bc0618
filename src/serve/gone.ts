import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/** Why what was asked is not computed any more. */
export class ClientGone extends Error {
  constructor() {
    super('the client is gone')
  }
}

const controllers = new WeakMap<ServerResponse, AbortController>()

/** Aborts when the connection ends before the answer does, or when the client was told that it takes too long. */
export const goneSignal = (reply: FastifyReply): AbortSignal => controllerOf(reply).signal

/** Nobody waits for this answer any more. */
export const giveUp = (reply: FastifyReply): void => controllerOf(reply).abort(new ClientGone())

function controllerOf({ raw }: FastifyReply): AbortController {
  const known = controllers.get(raw)
  if (known !== undefined) return known
  const controller = new AbortController()
  controllers.set(raw, controller)
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort(new ClientGone())
  })
  return controller
}

import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HttpProblem } from '../problem.ts'

const signals = new WeakMap<FastifyRequest, AbortSignal>()

/** Aborts once nobody waits for the answer any more: the client has left, or was told that it takes too long. */
export const abandoned = (request: FastifyRequest): AbortSignal => {
  const signal = signals.get(request)
  if (signal === undefined) throw new Error('no question is being answered')
  return signal
}

/**
 * Bounds the time from a whole request to its answer: 503 with Retry-After beyond it. Not by Fastify's `handlerTimeout`, which (5.12) stops
 * counting at the end of the body, where Node emits the request's `close`; its `request.signal` aborts then, too.
 */
export function limitAnswers(server: FastifyInstance, limitMs: number): void {
  server.addHook('onRoute', (route) => {
    if (route.method !== 'POST') return
    const { handler } = route
    route.handler = async function (request, reply) {
      const abandon = new AbortController()
      signals.set(request, abandon.signal)
      reply.raw.once('close', () => {
        if (!reply.raw.writableFinished) abandon.abort()
      })
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => {
          abandon.abort()
          reject(new HttpProblem(503, 'The answer took too long', { 'Retry-After': '1' }))
        }, limitMs)
      })
      try {
        return await Promise.race([handler.call(this, request, reply), late])
      } finally {
        clearTimeout(timer)
      }
    }
  })
}

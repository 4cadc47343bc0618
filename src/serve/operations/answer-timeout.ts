import type { FastifyInstance } from 'fastify'
import { giveUp } from '../gone.ts'
import { HttpProblem } from '../problem.ts'

/**
 * Bounds the time from a whole request to its answer: 503 with Retry-After beyond it, and its work is given up. Not by Fastify's
 * `handlerTimeout`, which (5.12) stops counting at the end of the body, where Node emits the request's `close`.
 */
export function limitAnswers(server: FastifyInstance, limitMs: number): void {
  server.addHook('onRoute', (route) => {
    if (route.method !== 'POST') return
    const { handler } = route
    route.handler = async function (request, reply) {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((_, reject) => {
        timer = setTimeout(() => {
          reject(new HttpProblem(503, 'The answer took too long', { 'Retry-After': '1' }))
          giveUp(reply)
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

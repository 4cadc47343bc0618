import type { FastifyInstance, FastifyRequest } from 'fastify'
import { HttpProblem } from '../problem.ts'
import type { Lifecycle } from './lifecycle.ts'
import { Pace } from './pace.ts'

export interface AdmissionLimits {
  /** Questions that may be under way, of all clients. */
  readonly pending: number
  /** Questions that may be under way, of one address; null = as many as of all. */
  readonly perClient: number | null
}

/** A client whose question waits for the model to open is to come again after that. */
const WARM_UP_RETRY_S = 2

/**
 * Admits questions (POST) while there is room, and sends others away with the time after which there will be some, by the measured pace:
 * 503 while the server starts, stops or is full, 429 where one address has its share under way. It looks before the body is read, so that
 * who is refused costs nothing, and takes a place once the body is whole, so that slow bodies hold none.
 */
export function admit(
  server: FastifyInstance,
  limits: AdmissionLimits,
  lifecycle: Lifecycle,
  clock: () => number,
): { readonly underWay: () => number } {
  const pace = new Pace(clock)
  const places = new Map<string, number>()
  let underWay = 0

  const later = (status: number, detail: string, seconds: number): HttpProblem =>
    new HttpProblem(status, detail, { 'Retry-After': String(seconds) })
  const look = ({ ip }: FastifyRequest): void => {
    if (underWay >= limits.pending) throw later(503, 'The server is busy', pace.secondsFor(underWay))
    const own = places.get(ip) ?? 0
    if (own >= (limits.perClient ?? limits.pending))
      throw later(429, `${own} requests of this address are under way already`, pace.secondsFor(own))
  }
  const take = ({ ip }: FastifyRequest): (() => void) => {
    underWay++
    places.set(ip, (places.get(ip) ?? 0) + 1)
    pace.enter()
    return () => {
      underWay--
      pace.leave()
      const left = (places.get(ip) ?? 1) - 1
      if (left === 0) places.delete(ip)
      else places.set(ip, left)
    }
  }

  server.addHook('onRequest', async (request) => {
    if (request.method !== 'POST') return
    if (lifecycle.stage === 'starting') throw later(503, 'The model is not ready yet', WARM_UP_RETRY_S)
    // another instance may answer at once, this one never again
    if (lifecycle.stage === 'stopping') throw later(503, 'The server is stopping', 1)
    look(request)
  })
  server.addHook('onRoute', (route) => {
    if (route.method !== 'POST') return
    const { handler } = route
    route.handler = async function (request, reply) {
      // others may have taken the last place while the body came
      look(request)
      const release = take(request)
      try {
        return await handler.call(this, request, reply)
      } finally {
        // not before: a client that has left does not end the work that it asked for
        release()
      }
    }
  })
  return { underWay: () => underWay }
}

import type { FastifyInstance } from 'fastify'
import { HttpProblem } from '../problem.ts'

/**
 * Refuses what no route takes before a byte of its body is read: 405 with `Allow` where the path is known under another method, else 404.
 * A PUT or DELETE that announces a body and never sends it would otherwise be waited for.
 */
export function refuseUnknown(server: FastifyInstance): void {
  const known = new Map<string, Set<string>>()
  server.addHook('onRoute', ({ url, method }) => {
    const methods = known.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    known.set(url, methods)
  })
  server.addHook('onRequest', async (request) => {
    if (!request.is404) return
    const [path = ''] = request.url.split('?')
    const methods = known.get(path)
    if (methods === undefined) throw new HttpProblem(404, 'Not Found')
    throw new HttpProblem(405, 'Method Not Allowed', { Allow: [...methods].join(', ') })
  })
}

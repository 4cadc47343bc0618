import type { Lifecycle } from '../operations/lifecycle.ts'
import { HttpProblem } from '../problem.ts'
import type { Routes } from '../route.ts'

/** Answered without a token: probes have none. */
export const PROBES: readonly string[] = ['/health', '/ready']

/**
 * GET /health: the process answers. GET /ready: questions are answered; 503 while the model opens, while its files are not those that were opened,
 * and while the server stops.
 * @param trouble why the model cannot be computed with
 */
export const healthRoutes =
  (lifecycle: Lifecycle, trouble: () => string | null): Routes =>
  (server) => {
    server.get('/health', { exposeHeadRoute: true }, async () => ({ status: 'ok' }))
    server.get('/ready', { exposeHeadRoute: true }, async () => {
      if (lifecycle.stage !== 'ready') throw new HttpProblem(503, lifecycle.stage, { 'Retry-After': '1' })
      const why = trouble()
      if (why !== null) throw new HttpProblem(503, why, { 'Retry-After': '2' })
      return { status: 'ready' }
    })
  }

import type { Lifecycle } from '../operations/lifecycle.ts'
import { HttpProblem } from '../problem.ts'
import type { Routes } from '../route.ts'

/** Answered without a token: probes have none. */
export const PROBES: readonly string[] = ['/health', '/ready']

/** GET /health: the process answers. GET /ready: questions are answered; 503 while the model opens and while the server stops. */
export const healthRoutes =
  (lifecycle: Lifecycle): Routes =>
  (server) => {
    server.get('/health', { exposeHeadRoute: true }, async () => ({ status: 'ok' }))
    server.get('/ready', { exposeHeadRoute: true }, async () => {
      if (lifecycle.stage !== 'ready') throw new HttpProblem(503, lifecycle.stage, { 'Retry-After': '1' })
      return { status: 'ready' }
    })
  }

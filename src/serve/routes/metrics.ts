import type { ServerMetrics } from '../operations/metrics.ts'
import type { Routes } from '../route.ts'

/** GET /metrics: OpenMetrics text. */
export const metricsRoutes =
  (metrics: ServerMetrics): Routes =>
  (server) => {
    server.get('/metrics', async (_request, reply) => {
      const text = await metrics.text()
      return reply.header('Content-Type', metrics.contentType).send(text)
    })
  }

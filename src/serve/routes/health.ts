import type { Routes } from '../route.ts'

/** GET /health: the process answers. */
export const healthRoutes = (): Routes => (server) => {
  server.get('/health', async () => ({ status: 'ok' }))
}

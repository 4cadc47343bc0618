import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { checkAccess } from './access.ts'
import { boundedBackend, type ChemBackend } from './backend.ts'
import { QueueFull } from './engine.ts'
import type { ServerLimits } from './limits.ts'
import { HttpProblem, unprocessable } from './problem.ts'
import type { Routes } from './route.ts'
import { healthRoutes } from './routes/health.ts'
import { remotesRoutes } from './routes/remotes.ts'
import { verifyRoutes } from './routes/verify.ts'

export interface ServerOptions {
  /** Bearer token that every request must bring; null only on a loopback address. */
  readonly token: string | null
  readonly limits: ServerLimits
  /** Called once an answer has been sent; gets nothing that a client sent but the method and the known path. */
  readonly onAnswer?: (entry: { method: string; path: string; status: number; elapsedMs: number }) => void
  /** An answer 500: the bug behind it. */
  readonly onBug?: (error: unknown) => void
}

const REQUEST_TIMEOUT_MS = 30_000

/**
 * The server without what it serves: access, limits, errors, and how it stops. Every answer is JSON, errors as FastAPI's `{"detail": …}`.
 * @param routes what it answers, a plugin for each room of the API
 */
export function createApp(options: ServerOptions, routes: readonly Routes[]): FastifyInstance {
  const { limits } = options
  const server = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    exposeHeadRoutes: false,
  })
  // a connection that is busy when the server closes would else be kept alive, and hold the stop up, for a minute
  let closing = false
  server.addHook('preClose', async () => {
    closing = true
  })
  server.addHook('onSend', async (_request, reply, payload) => {
    if (closing) reply.header('Connection', 'close')
    return payload
  })

  server.addHook('onRequest', async (request) => {
    if (request.url !== '/health') checkAccess(request.headers, options.token)
  })
  server.addHook('onResponse', async (request, reply) => {
    options.onAnswer?.({
      method: request.method,
      path: request.routeOptions.url ?? '(unknown)',
      status: reply.statusCode,
      elapsedMs: reply.elapsedTime,
    })
  })
  for (const add of routes) add(server)
  server.setNotFoundHandler((_request, reply) => send(reply, new HttpProblem(404, 'Not Found')))
  server.setErrorHandler((error: Error & { code?: string; statusCode?: number }, _request, reply) => {
    const problem = problemOf(error)
    if (problem.status === 500) options.onBug?.(error)
    return send(reply, problem)
  })
  return server
}

/**
 * ether0.remotes' HTTP API (https://github.com/Future-House/ether0, packages/remotes/src/ether0/server.py) over our own oracles, and
 * besides it POST /verify and GET /health.
 * @param more further routes: those of a model
 */
export const createRewardServer = (
  backend: ChemBackend,
  options: ServerOptions,
  more: readonly Routes[] = [],
): FastifyInstance => {
  const bounded = boundedBackend(backend, options.limits)
  return createApp(options, [remotesRoutes(bounded, options.limits), verifyRoutes(bounded), healthRoutes(), ...more])
}

/** Fastify's own refusals in FastAPI's words; what is left is a bug. */
function problemOf(error: Error & { code?: string; statusCode?: number }): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof QueueFull)
    return new HttpProblem(503, error.message, { 'Retry-After': String(error.retryAfterSeconds) })
  if (error.statusCode === 413) return new HttpProblem(413, 'The request body is too large')
  if (error.statusCode === 415 || error.code === 'FST_ERR_CTP_EMPTY_JSON_BODY') {
    return unprocessable([
      { type: 'missing', loc: ['body'], msg: 'A JSON body is required (Content-Type: application/json)' },
    ])
  }
  if (error instanceof SyntaxError || error.code === 'FST_ERR_CTP_INVALID_JSON_BODY') {
    return unprocessable([{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' }])
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new HttpProblem(error.statusCode, error.message)
  }
  return new HttpProblem(500, 'Internal Server Error')
}

const send = (reply: FastifyReply, { status, detail, headers }: HttpProblem): FastifyReply =>
  reply.status(status).headers(headers).send({ detail })

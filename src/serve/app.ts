import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { HarnessError } from '../errors.ts'
import { checkAccess } from './access.ts'
import { boundedBackend, type ChemBackend } from './backend.ts'
import { type EngineGauges, QueueFull } from './engine.ts'
import { ClientGone } from './gone.ts'
import type { ServerLimits } from './limits.ts'
import { admit } from './operations/admission.ts'
import { limitAnswers } from './operations/answer-timeout.ts'
import { readJson } from './operations/json-body.ts'
import { Lifecycle } from './operations/lifecycle.ts'
import { refuseUnknown } from './operations/methods.ts'
import { type AnsweredRequest, createMetrics, type ServerMetrics } from './operations/metrics.ts'
import { answerBrokenRequests, answerConnect } from './operations/raw-answers.ts'
import { type Stopper, watchConnections } from './operations/stop.ts'
import { cutUnread } from './operations/unread-answers.ts'
import { HttpProblem, unprocessable } from './problem.ts'
import type { Routes } from './route.ts'
import { healthRoutes, PROBES } from './routes/health.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { remotesRoutes } from './routes/remotes.ts'
import { verifyRoutes } from './routes/verify.ts'

export interface ServerOptions {
  /** Bearer token that every request must bring; null only on a loopback address. */
  readonly token: string | null
  readonly limits: ServerLimits
  /** Called once an answer has been sent; gets nothing that a client sent but the method and the known path. */
  readonly onAnswer?: (entry: AnsweredRequest) => void
  /** An answer 500: the bug behind it. */
  readonly onBug?: (error: unknown) => void
  /** What the model is busy with, for the metrics. */
  readonly engine?: () => EngineGauges
  /** Milliseconds since any fixed point. */
  readonly clock?: () => number
}

/** A server that does not listen yet, and does not answer questions until `lifecycle.ready()`. */
export interface RewardServer extends Stopper {
  readonly http: FastifyInstance
  readonly lifecycle: Lifecycle
  readonly metrics: ServerMetrics
}

/** nginx's word in logs and metrics for a request whose client did not wait for the answer; nobody is sent it. */
const CLIENT_LEFT = 499
/** Node looks this often for requests that are overdue. */
const OVERDUE_CHECK_MS = 500
/** Longest that the head of a request may take; the body has `requestMs` from the same start. */
const HEAD_MS = 10_000

/**
 * The server without what it serves: access, limits, errors, metrics, and how it stops. Every answer is JSON but /metrics, errors as
 * FastAPI's `{"detail": …}`. The order of the hooks is that of the questions: who are you, is there such a route, is there room.
 * @param routes what it answers, a plugin for each room of the API
 */
export function createApp(options: ServerOptions, routes: readonly Routes[]): RewardServer {
  const { limits, token, onAnswer, onBug, engine, clock = () => performance.now() } = options
  const lifecycle = new Lifecycle()
  const broken = (status: number): void => {
    metrics.broken(status)
    onAnswer?.({ method: 'none', path: '(unreadable)', status, elapsedMs: 0 })
  }
  const server = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    http: { headersTimeout: Math.min(HEAD_MS, limits.requestMs), connectionsCheckingInterval: OVERDUE_CHECK_MS },
    clientErrorHandler: answerBrokenRequests(broken),
    forceCloseConnections: 'idle',
    return503OnClosing: false, // we say so ourselves, with Retry-After
    exposeHeadRoutes: false,
  })
  server.server.maxConnections = limits.connections
  server.server.on('connect', answerConnect(broken))
  const stopper = watchConnections(server, lifecycle)

  const answered = (request: FastifyRequest, reply: FastifyReply, status: number): void => {
    const path = request.routeOptions.url ?? '(unknown)'
    const entry = { method: request.method, path, status, elapsedMs: reply.elapsedTime }
    metrics.request(entry)
    onAnswer?.(entry)
  }
  server.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished && request.raw.socket.destroyed) answered(request, reply, CLIENT_LEFT)
    })
  })
  server.addHook('onResponse', async (request, reply) => answered(request, reply, reply.statusCode))
  server.addHook('onRequest', async (request) => {
    if (!PROBES.includes(request.routeOptions.url ?? '')) checkAccess(request.headers, token)
  })
  refuseUnknown(server)
  const { underWay } = admit(server, limits, lifecycle, clock)
  limitAnswers(server, limits.answerMs) // outside of the place, which is given back when the work ends
  readJson(server)
  cutUnread(server, limits.requestMs)

  const trouble = (): string | null => engine?.().trouble ?? null
  const metrics = createMetrics({
    ready: () => lifecycle.stage === 'ready' && trouble() === null,
    underWay,
    ...(engine !== undefined && { engine }),
  })
  for (const add of [healthRoutes(lifecycle, trouble), metricsRoutes(metrics), ...routes]) add(server)
  server.setErrorHandler((error: Error & { code?: string; statusCode?: number }, _request, reply) => {
    const problem = problemOf(error)
    if (problem.status === 500 || error instanceof HarnessError) onBug?.(error)
    return send(reply, problem)
  })
  return { http: server, lifecycle, metrics, stop: stopper.stop }
}

/**
 * ether0.remotes' HTTP API (https://github.com/Future-House/ether0, packages/remotes/src/ether0/server.py) over our own oracles, and
 * besides it POST /verify, GET /health, /ready and /metrics.
 * @param more further routes: those of a model
 */
export const createRewardServer = (
  backend: ChemBackend,
  options: ServerOptions,
  more: readonly Routes[] = [],
): RewardServer => {
  const bounded = boundedBackend(backend, options.limits)
  return createApp(options, [remotesRoutes(bounded, options.limits), verifyRoutes(bounded), ...more])
}

/** Fastify's own refusals in FastAPI's words; what is left is a bug. */
function problemOf(error: Error & { code?: string; statusCode?: number }): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof ClientGone) return new HttpProblem(CLIENT_LEFT, error.message)
  // the store cannot be written, or the model's thread has ended: nothing that the client asked for is wrong
  if (error instanceof HarnessError) return new HttpProblem(503, error.message, { 'Retry-After': '5' })
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

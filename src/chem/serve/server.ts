import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { ZodType } from 'zod'
import { given } from '../../given.ts'
import type { VerifyOptions } from '../ether0/accuracy.ts'
import type { ChemJob, ChemResult, OracleAnswer } from '../workers/jobs.ts'
import type { JobEnd } from '../workers/pool.ts'
import { verificationOf } from '../workers/verifier.ts'
import { checkAccess } from './access.ts'
import { precursorsOf, purchasableBody, solubilityBody, translateBody, verifyBody } from './bodies.ts'
import type { ServerLimits } from './limits.ts'
import { fromZod, HttpProblem, unprocessable } from './problem.ts'

/** What the server needs of the verification workers. */
export interface ChemBackend {
  run(job: ChemJob): Promise<JobEnd<ChemResult>>
}
export interface ServerOptions {
  /** Bearer token that every request must bring; null only on a loopback address. */
  readonly token: string | null
  readonly limits: ServerLimits
  /** Called once an answer has been sent; gets nothing that a client sent but the method and the known path. */
  readonly onAnswer?: (entry: { method: string; path: string; status: number; elapsedMs: number }) => void
  /** An answer 500: the bug behind it. */
  readonly onBug?: (error: unknown) => void
}

/** A client that hears 501 does not try again: neither time nor another attempt would help. */
const NO_ANSWER = 501
const REQUEST_TIMEOUT_MS = 30_000

/**
 * ether0.remotes' HTTP API (https://github.com/Future-House/ether0, packages/remotes/src/ether0/server.py) over our own oracles, and
 * besides it POST /verify and GET /health. Every answer is JSON, errors as FastAPI's `{"detail": …}`.
 */
export function createRewardServer(backend: ChemBackend, options: ServerOptions): FastifyInstance {
  const { limits } = options
  const server = Fastify({
    logger: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    exposeHeadRoutes: false,
  })
  let underWay = 0
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

  const run = async (job: ChemJob): Promise<JobEnd<ChemResult>> => {
    if (underWay >= limits.pending) throw new HttpProblem(503, 'The server is busy', { 'Retry-After': '1' })
    underWay++
    try {
      return await backend.run(job)
    } finally {
      underWay--
    }
  }
  const ask = async <K extends ChemJob['kind']>(
    job: Extract<ChemJob, { kind: K }>,
  ): Promise<Extract<ChemResult, { kind: K }>> => {
    const end = await run(job)
    if (end.kind === 'timeout') throw new HttpProblem(NO_ANSWER, 'The time limit of one question is over')
    if (end.kind === 'crash') throw new HttpProblem(NO_ANSWER, 'The worker that computed this crashed')
    return end.result as Extract<ChemResult, { kind: K }>
  }

  server.post('/compute_solubility', async (request) => {
    const { smiles } = read(solubilityBody, request)
    if (smiles.includes('.')) throw new HttpProblem(400, 'Only single molecules are supported')
    const { solubility } = await ask({ kind: 'solubility', smiles })
    if (!('answer' in solubility)) {
      if (solubility.failure === 'declined') return { error: solubility.message }
      throw new HttpProblem(NO_ANSWER, solubility.message)
    }
    const { mean, aleatoric, epistemic } = solubility.answer
    return { mean, au: aleatoric, eu: epistemic }
  })

  const purchasable = purchasableBody(limits.batch)
  server.post('/is_purchasable', async (request) => {
    const { smiles } = read(purchasable, request)
    return answerOf((await ask({ kind: 'purchasable', smiles: [smiles].flat() })).purchasable)
  })

  server.post('/translate', async (request) => {
    const precursors = precursorsOf(read(translateBody, request).reaction)
    const translation = answerOf((await ask({ kind: 'translate', precursors })).translation)
    if ('invalid' in translation) {
      throw new HttpProblem(
        400,
        `The reaction could not be parsed by RDKit. The following SMILES were invalid: ${translation.invalid.join(', ')}`,
      )
    }
    const { product } = translation
    return { product, id: randomUUID(), reaction: `${translation.precursors}>>${product}` }
  })

  server.post('/verify', async (request) => {
    const { completion, solution, good_molecule_bonus: goodMoleculeBonus, ...flags } = read(verifyBody, request)
    const { reasoning, soft, test, ...lost } = flags
    // a type error here: a key of the body that is handed on to nobody
    lost satisfies Record<string, never>
    const verifyOptions = given<VerifyOptions>({ reasoning, soft, test, goodMoleculeBonus })
    const end = await run({ kind: 'verify', completion, solution, options: verifyOptions })
    const { formatReward, ...verdict } = verificationOf(end, completion, verifyOptions)
    return { ...verdict, format_reward: formatReward }
  })

  server.get('/health', async () => ({ status: 'ok' }))

  for (const url of ['/compute_solubility', '/is_purchasable', '/translate', '/verify']) {
    server.route({
      method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url,
      handler: async () => {
        throw new HttpProblem(405, 'Method Not Allowed', { Allow: 'POST' })
      },
    })
  }
  server.setNotFoundHandler((_request, reply) => send(reply, new HttpProblem(404, 'Not Found')))
  server.setErrorHandler((error: Error & { code?: string; statusCode?: number }, _request, reply) => {
    const problem = problemOf(error)
    if (problem.status === 500) options.onBug?.(error)
    return send(reply, problem)
  })
  return server
}

function read<T>(schema: ZodType<T>, request: FastifyRequest): T {
  const { body } = request
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw unprocessable([
      { type: 'model_attributes_type', loc: ['body'], msg: 'Input should be a valid dictionary or object' },
    ])
  }
  const parsed = schema.safeParse(body)
  if (!parsed.success) throw fromZod(parsed.error, body)
  return parsed.data
}

function answerOf<T>(answer: OracleAnswer<T>): T {
  if ('answer' in answer) return answer.answer
  throw new HttpProblem(NO_ANSWER, answer.message)
}

/** Fastify's own refusals in FastAPI's words; what is left is a bug. */
function problemOf(error: Error & { code?: string; statusCode?: number }): HttpProblem {
  if (error instanceof HttpProblem) return error
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

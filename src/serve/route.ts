import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodType } from 'zod'
import { fromZod, unprocessable } from './problem.ts'

/** Adds routes to the server. */
export type Routes = (server: FastifyInstance) => void

/** A POST route. */
export function post(
  server: FastifyInstance,
  url: string,
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): void {
  server.post(url, handler)
}

/** The body of a request, checked. @throws HttpProblem 422 in pydantic's words */
export function read<T>(schema: ZodType<T>, { body }: FastifyRequest): T {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw unprocessable([
      { type: 'model_attributes_type', loc: ['body'], msg: 'Input should be a valid dictionary or object' },
    ])
  }
  return parsed(schema, body)
}

/** The same of a body that may be a list of such. */
export const readOneOrMany = <T>(one: ZodType<T>, list: ZodType<T[]>, request: FastifyRequest): T | T[] =>
  Array.isArray(request.body) ? parsed(list, request.body) : read(one, request)

function parsed<T>(schema: ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (!result.success) throw fromZod(result.error, body)
  return result.data
}

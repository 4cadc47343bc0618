import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ZodType } from 'zod'
import { fromZod, unprocessable } from './problem.ts'

/** Adds routes to the server. */
export type Routes = (server: FastifyInstance) => void

/** A POST route. */
export function post(
  server: FastifyInstance,
  url: string,
  handler: (request: FastifyRequest) => Promise<unknown>,
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
  const parsed = schema.safeParse(body)
  if (!parsed.success) throw fromZod(parsed.error, body)
  return parsed.data
}

import type { ZodError } from 'zod'

/** An answer other than 200, in FastAPI's form `{"detail": …}`, which ether0's clients print. */
export class HttpProblem extends Error {
  constructor(
    readonly status: number,
    readonly detail: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(typeof detail === 'string' ? detail : `HTTP ${status}`)
  }
}

/** FastAPI's answer to a wrong or missing token. */
export const unauthorized = (detail: string, challenge = 'Bearer'): HttpProblem =>
  new HttpProblem(401, detail, { 'WWW-Authenticate': challenge })

/** One complaint about a body, as pydantic words it; `loc` starts with "body". */
export interface BodyProblem {
  readonly type: string
  readonly loc: readonly (string | number)[]
  readonly msg: string
}
export const unprocessable = (problems: readonly BodyProblem[]): HttpProblem => new HttpProblem(422, problems)

/** zod's complaints about a body in pydantic's form. The input itself is not sent back. */
export const fromZod = (error: ZodError, body: unknown): HttpProblem =>
  unprocessable(
    error.issues.map((issue) => {
      const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
      const loc = ['body', ...path]
      if (valueAt(body, path) === undefined) return { type: 'missing', loc, msg: 'Field required' }
      return { type: issue.code === 'invalid_type' ? `${issue.expected}_type` : issue.code, loc, msg: issue.message }
    }),
  )

const valueAt = (body: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | undefined)?.[step], body)

import type { FastifyInstance } from 'fastify'
import { HttpProblem, unprocessable } from '../problem.ts'

/** A UTF-16 unit of a pair that has lost its other half, as JSON can spell it: `"\ud83d"`. */
const MAY_HOLD_HALVES = /\\u[dD][89a-fA-F]/

/**
 * Reads JSON bodies so that no text changes on its way in: bytes that are no UTF-8, and halves of surrogate pairs (which no tokenizer and no
 * file can hold), are refused with 422 as pydantic does, never replaced; and so are compressed bodies (415), which would be parsed as they are.
 */
export function readJson(server: FastifyInstance): void {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeContentTypeParser('application/json')
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string
    try {
      text = utf8.decode(body as Buffer)
    } catch {
      done(unprocessable([{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error: the body is not UTF-8' }]))
      return
    }
    parse(request, text, (error, value: unknown) => {
      if (error !== null && error !== undefined) done(error)
      else if (!MAY_HOLD_HALVES.test(text)) done(null, value)
      else {
        const loc = halfAt(value)
        if (loc === null) done(null, value)
        else {
          const msg = 'Input should be a valid string, unable to parse raw data as a unicode string'
          done(unprocessable([{ type: 'string_unicode', loc: ['body', ...loc], msg }]))
        }
      }
    })
  })
  server.addHook('onRequest', async (request) => {
    const coding = request.headers['content-encoding'] ?? 'identity'
    if (coding !== 'identity') {
      throw new HttpProblem(415, 'Compressed bodies are not read', { 'Accept-Encoding': 'identity' })
    }
  })
}

type Path = readonly (string | number)[]

/** Where in a JSON value the first text or key with half a surrogate pair stands; null where there is none. Not recursive: nesting is the client's. */
function halfAt(value: unknown): Path | null {
  const open: { readonly value: unknown; readonly path: Path }[] = [{ value, path: [] }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next.value === 'string') {
      if (!next.value.isWellFormed()) return next.path
    } else if (Array.isArray(next.value)) {
      // backwards: the last one pushed is looked at first
      for (let i = next.value.length - 1; i >= 0; i--) open.push({ value: next.value[i], path: [...next.path, i] })
    } else if (typeof next.value === 'object' && next.value !== null) {
      for (const [key, inner] of Object.entries(next.value).reverse()) {
        if (!key.isWellFormed()) return next.path
        open.push({ value: inner, path: [...next.path, key] })
      }
    }
  }
  return null
}

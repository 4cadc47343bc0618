import type { FastifyInstance } from 'fastify'
import { HttpProblem, unprocessable } from '../problem.ts'

/** A UTF-16 unit of a pair that has lost its other half, as JSON can spell it: `"\ud83d"`. */
const MAY_HOLD_HALVES = /\\u[dD][89a-fA-F]/
const LONE_HALF = /\p{Surrogate}/u

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
    void parse(request, text, (error, value: unknown) => {
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

/** A place in a JSON value, by the place that holds it: a whole path each would be quadratic in the depth, which is the client's. */
interface Place {
  readonly value: unknown
  readonly key: string | number
  readonly within: Place | null
}

/** Where in a JSON value the first text or key with half a surrogate pair stands; null where there is none. */
function halfAt(value: unknown): readonly (string | number)[] | null {
  const open: Place[] = [{ value, key: '', within: null }]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const within = place
    if (typeof place.value === 'string') {
      if (LONE_HALF.test(place.value)) return pathOf(place)
    } else if (Array.isArray(place.value)) {
      // backwards: the last one pushed is looked at first
      for (let i = place.value.length - 1; i >= 0; i--) open.push({ value: place.value[i], key: i, within })
    } else if (typeof place.value === 'object' && place.value !== null) {
      for (const [key, inner] of Object.entries(place.value).reverse()) {
        if (LONE_HALF.test(key)) return pathOf(place)
        open.push({ value: inner, key, within })
      }
    }
  }
  return null
}

/** Steps of a path that are sent back. */
const LONGEST_PATH = 20

function pathOf(place: Place): (string | number)[] {
  const path: (string | number)[] = []
  for (let here = place; here.within !== null; here = here.within) path.push(here.key)
  return path.reverse().slice(0, LONGEST_PATH)
}

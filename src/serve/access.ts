import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { HttpProblem, unauthorized } from './problem.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Whether an address or name means this machine only. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
  return bare === 'localhost' || bare === '::1' || (isIP(bare) === 4 && bare.startsWith('127.'))
}

/**
 * Refuses requests without the token: as bearer token (ether0.remotes) or as the password of Basic authorisation under any name, which is
 * all that a client can be given by its URL (`http://x:TOKEN@host/get_reward`). Compared in constant time. Without a token (loopback only)
 * the Host header must name this machine, so that no web page can reach the server under a name of its own (DNS rebinding).
 */
export function checkAccess(headers: IncomingHttpHeaders, token: string | null): void {
  if (token === null) {
    const host = (headers.host ?? '').replace(/:\d+$/, '')
    if (!isLoopback(host)) throw new HttpProblem(403, 'This server answers only under a loopback address')
    return
  }
  const { authorization = '' } = headers
  const [, bearer] = /^bearer +(.*)$/i.exec(authorization) ?? []
  const password = bearer === undefined ? passwordOf(authorization) : undefined
  // Node gives the bytes of a header as Latin-1
  const sent = bearer === undefined ? password : Buffer.from(bearer, 'latin1')
  if (sent === undefined) throw unauthorized('Not authenticated')
  const wanted = digest(token)
  const equal = SPELLINGS.map((encoding) => timingSafeEqual(digest(sent.toString(encoding)), wanted))
  if (equal.includes(true)) return
  if (password === undefined) throw unauthorized('Incorrect bearer token')
  throw unauthorized('Incorrect password', 'Basic realm="serve-rewards", charset="UTF-8"')
}

/** RFC 7617 asks for UTF-8; Python's requests and aiohttp send a name and password in Latin-1. */
const SPELLINGS = ['utf8', 'latin1'] as const

/** The bytes of the password of Basic authorisation (RFC 7617); undefined where the header holds none. */
function passwordOf(authorization: string): Buffer | undefined {
  const [, encoded] = /^basic +([A-Za-z\d+/]+={0,2})$/i.exec(authorization) ?? []
  if (encoded === undefined) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  const colon = bytes.indexOf(':')
  return colon < 0 ? undefined : bytes.subarray(colon + 1)
}

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
  const sent = bearer ?? password
  if (sent === undefined) throw unauthorized('Not authenticated')
  if (timingSafeEqual(digest(sent), digest(token))) return
  if (password === undefined) throw unauthorized('Incorrect bearer token')
  throw unauthorized('Incorrect password', 'Basic realm="serve-rewards", charset="UTF-8"')
}

/** The password of Basic authorisation (RFC 7617), in UTF-8; undefined where the header holds none. */
function passwordOf(authorization: string): string | undefined {
  const [, encoded] = /^basic +([A-Za-z\d+/]+={0,2})$/i.exec(authorization) ?? []
  if (encoded === undefined) return undefined
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? []
  return password
}

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
 * Refuses requests without the bearer token, as ether0.remotes does; compared in constant time. Without a token (loopback only) the
 * Host header must name this machine, so that no web page can reach the server under a name of its own (DNS rebinding).
 */
export function checkAccess(headers: IncomingHttpHeaders, token: string | null): void {
  if (token === null) {
    const host = (headers.host ?? '').replace(/:\d+$/, '')
    if (!isLoopback(host)) throw new HttpProblem(403, 'This server answers only under a loopback address')
    return
  }
  const [, sent] = /^bearer +(.*)$/i.exec(headers.authorization ?? '') ?? []
  if (sent === undefined) throw unauthorized('Not authenticated')
  if (!timingSafeEqual(digest(sent), digest(token))) throw unauthorized('Incorrect bearer token')
}

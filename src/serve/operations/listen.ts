import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { NetworkError } from '../../errors.ts'

interface Trouble {
  readonly message: string
  readonly hint: string
}
const TROUBLES: Readonly<Record<string, Trouble>> = {
  EADDRINUSE: {
    message: 'another process listens on this port',
    hint: 'Stop it, or choose another port: --port 0 takes a free one.',
  },
  EACCES: {
    message: 'this user may not listen on this port',
    hint: 'Ports below 1024 need rights: choose a higher one (--port).',
  },
  EADDRNOTAVAIL: {
    message: 'this machine does not have this address',
    hint: 'Give --host one of its own addresses, or 0.0.0.0 for all of them.',
  },
  ENOTFOUND: {
    message: 'no address is known by this name',
    hint: 'Give --host an address, or a name of this machine.',
  },
}

/**
 * Starts to listen.
 * @param port 0 takes a free one
 * @returns the address as a URL
 * @throws NetworkError where it cannot
 */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    // of "localhost" Fastify would make a server for each of its addresses, of which only the first is watched
    await server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const trouble = TROUBLES[code ?? '']
    throw new NetworkError(`cannot listen: ${trouble?.message ?? message}`, `${host}:${port}`, trouble?.hint ?? null, {
      cause,
    })
  }
  const bound = server.server.address() as AddressInfo
  return `http://${bound.address.includes(':') ? `[${bound.address}]` : bound.address}:${bound.port}`
}

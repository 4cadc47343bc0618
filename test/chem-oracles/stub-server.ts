import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One scripted answer, in the form of the client goldens. */
export interface Scripted {
  readonly status?: number
  readonly json?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
  /** httpx's class of a network failure that the stub acts out. */
  readonly raise?: string
}
export interface Asked {
  readonly path: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
}

/** A local HTTP server that answers from a script and keeps what it was asked. */
export async function stubServer(script: readonly Scripted[], delayMs = 0) {
  const asked: Asked[] = []
  let underWay = 0
  let mostUnderWay = 0
  const server = createServer((request, response) => {
    mostUnderWay = Math.max(mostUnderWay, ++underWay)
    response.on('close', () => underWay--)
    let text = ''
    request.on('data', (chunk) => {
      text += chunk
    })
    request.on('end', () => {
      const next = script[Math.min(asked.length, script.length - 1)]!
      asked.push({ path: request.url!, headers: request.headers, body: JSON.parse(text) })
      if (next.raise === 'ReadTimeout') return // never answers
      if (next.raise === 'RemoteProtocolError') return void request.socket.end()
      setTimeout(() => {
        response.writeHead(next.status ?? 200, { ...next.headers })
        response.end('json' in next ? JSON.stringify(next.json) : (next.text ?? ''))
      }, delayMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    asked,
    mostUnderWay: () => mostUnderWay,
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

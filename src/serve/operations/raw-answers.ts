import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** An answer by hand, for what is no request that the server could route; in the same JSON form as all others. The connection ends. */
export function rawAnswer(socket: Duplex, status: number, detail: string, headers: readonly string[] = []): void {
  const body = JSON.stringify({ detail })
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...headers,
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

interface Refusal {
  readonly status: number
  readonly detail: string
}
const REFUSALS: Readonly<Record<string, Refusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request did not arrive in time' },
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The header fields are too large' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, detail: 'The chunk extensions are too large' },
}
const NO_HTTP: Refusal = { status: 400, detail: 'This is no HTTP/1.1 request' }

/**
 * Answers bytes that are no HTTP, header floods, and requests that come too slowly.
 * @param onRefused for the log and the metrics
 */
export const answerBrokenRequests =
  (onRefused: (status: number) => void) =>
  (error: Error & { readonly code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    const { status, detail } = REFUSALS[error.code ?? ''] ?? NO_HTTP
    onRefused(status)
    const current = (socket as Socket & { readonly _httpMessage?: ServerResponse | null })._httpMessage
    if (!socket.writable) socket.destroy()
    else if (current?.req.complete === true) {
      // what is broken came after a whole request, which still gets its own answer and no other
      current.once('finish', () => socket.destroySoon())
    } else if (current?.headersSent === true) socket.destroy()
    else rawAnswer(socket, status, detail)
  }

/** Answers CONNECT, which Node would hang up on: this is no proxy. */
export const answerConnect =
  (onRefused: (status: number) => void) =>
  (_request: IncomingMessage, socket: Duplex): void => {
    onRefused(405)
    socket.on('error', () => socket.destroy())
    rawAnswer(socket, 405, 'Method Not Allowed', ['Allow: GET, POST'])
  }

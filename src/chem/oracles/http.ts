import pRetry, { AbortError } from 'p-retry'
import { OracleError } from './error.ts'

/** Attempts at one request, as in Python's client. */
const ATTEMPTS = 3
/** The status that ether0's server sends when asking again is no use. */
const NOT_IMPLEMENTED = 501

export interface HttpOptions {
  /** Without a trailing slash. */
  readonly baseUrl: string
  readonly token: string | null
  /** For one attempt, connecting included. */
  readonly timeoutMs: number
  /** Pause before the second attempt; doubled before the third. */
  readonly backoffMs: number
  /** From this many redirects and server errors of one route on, such an answer is final. */
  readonly serverErrorThreshold: number
}

/** An HTTP answer that is not a server error; `text` is read whole. */
export interface Answer {
  readonly ok: boolean
  readonly status: number
  readonly text: string
}

/**
 * POSTs JSON as `ether0.clients` does: three attempts, and only a refused connection, a read that timed out or a server error other than
 * 501 is tried again; redirects are not followed. Unlike Python's fixed second, the pause between attempts grows.
 * Every redirect and server error of a route is counted, for good; from the threshold on such an answer throws at once.
 */
export class HttpClient {
  private readonly serverErrors = new Map<string, number>()
  constructor(private readonly options: HttpOptions) {}

  /** Redirects and server errors of a route so far. */
  serverErrorCount(route: string): number {
    return this.serverErrors.get(route) ?? 0
  }

  async post(route: string, body: unknown): Promise<Answer> {
    try {
      return await pRetry(() => this.attempt(route, body), {
        retries: ATTEMPTS - 1,
        minTimeout: this.options.backoffMs,
        factor: 2,
      })
    } catch (error) {
      if (error instanceof OracleError) throw error
      throw new OracleError(`${route}: ${(error as Error).message} (${ATTEMPTS} attempts)`, 'RetryError', {
        cause: error,
      })
    }
  }

  /** Throws AbortError for what is final, any other error for what is worth another attempt. */
  private async attempt(route: string, body: unknown): Promise<Answer> {
    const { baseUrl, token, timeoutMs } = this.options
    let response: Response
    let text: string
    try {
      response = await fetch(`${baseUrl}${route}`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      })
      text = await response.text()
    } catch (error) {
      const failure = classify(error)
      if (failure === 'ReadTimeout' || failure === 'ConnectError') throw new Error(failure, { cause: error })
      throw new AbortError(new OracleError(`${route}: ${failure}`, failure, { cause: error }))
    }
    const { status } = response
    const redirect = status >= 300 && status < 400
    if (redirect || status >= 500) {
      const count = this.serverErrorCount(route) + 1
      this.serverErrors.set(route, count)
      if (count >= this.options.serverErrorThreshold) {
        throw new AbortError(
          new OracleError(`${route}: HTTP ${status}, the ${count}th server error`, 'HTTPStatusError'),
        )
      }
      if (!redirect && status !== NOT_IMPLEMENTED) throw new Error(`HTTP ${status}`)
    }
    return { ok: status >= 200 && status < 300, status, text }
  }
}

/** The httpx class of a failed fetch. */
function classify(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return 'ReadTimeout'
  const code = ((error as Error).cause as { code?: string } | undefined)?.code
  switch (code) {
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'ReadTimeout'
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'ConnectTimeout'
    case 'UND_ERR_SOCKET':
      return 'RemoteProtocolError'
    case 'ECONNRESET':
    case 'EPIPE':
      return 'ReadError'
    case undefined:
      return 'RemoteProtocolError'
    default: // ECONNREFUSED, ENOTFOUND, EAI_AGAIN, EHOSTUNREACH, certificates …
      return code.startsWith('HPE_') ? 'RemoteProtocolError' : 'ConnectError'
  }
}

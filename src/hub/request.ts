import pRetry, { AbortError } from 'p-retry'
import { HarnessError, NetworkError } from '../errors.ts'
import type { Repo } from './repo.ts'
import type { HubSettings } from './settings.ts'

/** How long to wait, and how often to try again. */
export type Patience = Pick<HubSettings, 'timeoutMs' | 'retries' | 'retryMinMs'>

/**
 * A `fetch` for the hub, ours and the library's (`@huggingface/hub` takes it as its `fetch` option, which gives it what it
 * lacks): the token goes to the endpoint's own origin only (the library would also send it to whatever host a Link header
 * names, and refuses tokens that do not start with hf_), time-outs, retries, and one NetworkError in plain words.
 * Redirects: Node's fetch drops Authorization across origins.
 */
export function hubFetch(settings: HubSettings, repo: Repo): typeof fetch {
  return (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const headers = new Headers(init?.headers)
    headers.delete('authorization')
    if (settings.token !== null && new URL(url).origin === new URL(settings.endpoint).origin)
      headers.set('authorization', `Bearer ${settings.token}`)
    return patientFetch(url, { ...init, headers }, settings, (response) => refused(response, settings, repo))
  }
}

/** `fetch` with a time-out, and retries of 5xx, 429, 408 and failed connections with exponential back-off. */
export function patientFetch(
  url: string,
  init: RequestInit,
  patience: Patience,
  refusal: (response: Response) => Promise<NetworkError>,
): Promise<Response> {
  const attempt = async (): Promise<Response> => {
    const headers = new Headers(init.headers)
    headers.set('user-agent', 'chemherm')
    let response: Response
    try {
      response = await fetch(url, { ...init, headers, signal: init.signal ?? AbortSignal.timeout(patience.timeoutMs) })
    } catch (cause) {
      throw unreachable(url, cause, patience)
    }
    if (response.ok) return response
    const error = await refusal(response)
    if (response.status >= 500 || response.status === 429 || response.status === 408) throw error
    throw new AbortError(error)
  }
  return pRetry(attempt, { retries: patience.retries, minTimeout: patience.retryMinMs, maxTimeout: 30_000 })
}

/** The hub does not answer (as opposed to: it refuses). What the cache holds may then serve. */
export class UnreachableError extends NetworkError {}

/** The reason that undici hides in `cause`: connection refused, name not found, certificate, time-out. */
function unreachable(url: string, error: unknown, patience: Patience): NetworkError {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } }
  const why =
    name === 'TimeoutError' || name === 'AbortError'
      ? `no answer for ${patience.timeoutMs / 1000} s`
      : (cause?.code ?? cause?.message ?? message)
  return new UnreachableError(
    `cannot be reached: ${why}`,
    new URL(url).origin,
    'Check the network, or pass --offline to use only what is in the cache.',
    { cause: error },
  )
}

async function refused(response: Response, settings: HubSettings, repo: Repo): Promise<NetworkError> {
  const body = await response.text().catch(() => '')
  const code = response.headers.get('x-error-code')
  const said = response.headers.get('x-error-message') ?? jsonError(body)
  const page = `${settings.endpoint}/${repo.type === 'dataset' ? 'datasets/' : ''}${repo.id}`
  const fail = (what: string, hint: string | null): NetworkError =>
    new NetworkError(what, repo.id, hint, { cause: new Error(`${response.status} ${response.url} ${said ?? ''}`) })
  const noun = repo.type === 'dataset' ? 'data set' : 'model'
  const { status } = response
  if (code === 'GatedRepo' || ((status === 401 || status === 403) && /gated|restricted/i.test(said ?? '')))
    return fail(
      `is a gated ${noun}${settings.token === null ? '' : ', and the token given has no access to it'} (${status})`,
      `Accept the licence at ${page} while logged in, then set HF_TOKEN to a token of that account (https://huggingface.co/settings/tokens).`,
    )
  if (code === 'RevisionNotFound')
    return fail(`has no revision "${repo.revision}" (${status})`, await knownRevisions(settings, repo))
  if (code === 'EntryNotFound') return fail(`has no such file: ${new URL(response.url).pathname} (${status})`, null)
  if (code === 'RepoNotFound' || status === 404)
    return fail(
      `no such ${noun} at ${settings.endpoint}, or it is private (${status})`,
      settings.token === null
        ? 'Check the spelling; a private one needs HF_TOKEN.'
        : 'Check the spelling and the access of HF_TOKEN.',
    )
  if (status === 401 || status === 403)
    return fail(
      `refused (${status})${said ? `: ${said}` : ''}`,
      settings.token === null
        ? 'Set HF_TOKEN.'
        : 'HF_TOKEN is not accepted; make a new one at https://huggingface.co/settings/tokens.',
    )
  const answer = `the hub answered ${status} ${response.statusText}${said ? `: ${said}` : ''}`
  return status >= 500
    ? new UnreachableError(answer, repo.id, 'The hub has trouble of its own: see https://status.huggingface.co')
    : fail(answer, null)
}

/** The branches and tags, for a hint; null where the hub does not say. */
async function knownRevisions(settings: HubSettings, repo: Repo): Promise<string | null> {
  try {
    const response = await fetch(`${settings.endpoint}/api/${repo.type}s/${repo.id}/refs`, {
      headers: settings.token === null ? {} : { authorization: `Bearer ${settings.token}` },
      signal: AbortSignal.timeout(settings.timeoutMs),
    })
    const { branches, tags } = (await response.json()) as { branches: { name: string }[]; tags: { name: string }[] }
    return `It has ${[...branches, ...tags]
      .map(({ name }) => name)
      .slice(0, 20)
      .join(', ')}.`
  } catch {
    return null // a hint is not worth a second error
  }
}

function jsonError(body: string): string | null {
  try {
    const { error } = JSON.parse(body) as { error?: unknown }
    return typeof error === 'string' ? error.slice(0, 300) : null
  } catch {
    return null
  }
}

/** Runs a call of the hub library; what it throws beside our own errors (a body that is not JSON, say) becomes a NetworkError. */
export async function orNetworkError<T>(settings: HubSettings, repo: Repo, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause
    throw new NetworkError(
      `${settings.endpoint} gave an answer that is not the hub's: ${(cause as Error).message}`,
      repo.id,
      'Is HF_ENDPOINT right? A log-in page of the network may stand in between.',
      { cause },
    )
  }
}

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
      const refusal = misled(url, cause)
      throw refusal === null ? unreachable(url, cause, patience) : new AbortError(refusal)
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

/** A redirection that is not followed: in a circle, or to what is no web address. To ask again would lead there again. */
function misled(url: string, error: unknown): NetworkError | null {
  const said = (error as { cause?: { message?: unknown } } | null)?.cause?.message
  const why = /redirect count exceeded/i.test(String(said))
    ? 'in a circle'
    : /scheme|invalid redirect|invalid url/i.test(String(said))
      ? 'to what is no http(s) address'
      : null
  if (why === null) return null
  return new NetworkError(`the answer leads ${why}`, new URL(url).origin, 'Is HF_ENDPOINT right?', { cause: error })
}

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
  const body = await bounded(response, MAX_REFUSAL_BYTES, '')
    .text()
    .catch(() => '')
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
    const { branches, tags } = (await bounded(response, MAX_REFUSAL_BYTES, '').json()) as {
      branches: { name: string }[]
      tags: { name: string }[]
    }
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

/** What is read of an answer that is only quoted. */
const MAX_REFUSAL_BYTES = 1_000_000

/** The same answer, of which at most `most` bytes are read. @throws NetworkError (its body) where it has more */
export function bounded(response: Response, most: number, where: string): Response {
  let got = 0
  const counted = response.body?.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        got += chunk.length
        if (got <= most) controller.enqueue(chunk)
        else controller.error(new NetworkError(`an answer has more than ${most.toLocaleString('en')} bytes`, where))
      },
    }),
  )
  const { status, statusText, headers } = response
  return new Response(counted ?? null, { status, statusText, headers })
}

/** Pages of a listing (1,000 files each), and bytes of each; far above any repository. */
const MAX_PAGES = 500
const MAX_PAGE_BYTES = 20_000_000

/** `hubFetch` for answers that list something: as many pages and bytes as a repository may have, and none twice. */
export function listingFetch(settings: HubSettings, repo: Repo): typeof fetch {
  const inner = hubFetch(settings, repo)
  const seen = new Set<string>()
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    if (seen.has(url)) throw new NetworkError('the listing of the files leads back to itself', repo.id)
    seen.add(url)
    if (seen.size > MAX_PAGES)
      throw new NetworkError(`the listing of the files has more than ${MAX_PAGES} pages`, repo.id)
    return bounded(await inner(input, init), MAX_PAGE_BYTES, repo.id)
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

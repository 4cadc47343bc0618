import pLimit from 'p-limit'
import { UsageError } from '../../errors.ts'
import { isRecord } from '../../is-record.ts'
import { Lru } from '../toolkit/lru.ts'
import { OracleError } from './error.ts'
import { type Answer, HttpClient } from './http.ts'

const CACHED_ANSWERS = 10_000
export const DEFAULT_CONCURRENCY = 8

export interface RemoteOptions {
  /** ether0.remotes' server; default: env ETHER0_REMOTES_API_BASE_URL. */
  readonly baseUrl?: string
  /** Bearer token, null for none; default: env ETHER0_REMOTES_API_TOKEN. */
  readonly token?: string | null
  /** For one attempt; default 180 s, the server's cold start. */
  readonly timeoutMs?: number
  /** Pause before the second attempt, doubled before the third; default 1 s. */
  readonly backoffMs?: number
  /** Requests under way at once; default 8. */
  readonly concurrency?: number
  /** Default: env ETHER0_REMOTES_THROW_500_ERROR_THRESHOLD, else 100. */
  readonly serverErrorThreshold?: number
}

/**
 * The oracles behind ether0.remotes' HTTP API (https://github.com/Future-House/ether0, packages/remotes). Answers are cached, equal
 * questions under way are asked once. What Python's client reports as an error, or would raise, rejects with OracleError.
 */
export class RemoteOracles {
  readonly baseUrl: string
  private readonly http: HttpClient
  private readonly limit: ReturnType<typeof pLimit>
  private readonly solubilities = new Lru<Promise<number>>(CACHED_ANSWERS)
  private readonly products = new Lru<Promise<string>>(CACHED_ANSWERS)
  private readonly purchasables = new Lru<boolean>(CACHED_ANSWERS)

  constructor(options: RemoteOptions = {}) {
    this.baseUrl = parseBaseUrl(options.baseUrl)
    this.http = new HttpClient({
      baseUrl: this.baseUrl,
      token: options.token === undefined ? (process.env.ETHER0_REMOTES_API_TOKEN ?? null) : options.token,
      timeoutMs: options.timeoutMs ?? 180_000,
      backoffMs: options.backoffMs ?? 1000,
      serverErrorThreshold: options.serverErrorThreshold ?? thresholdFromEnv(),
    })
    this.limit = pLimit(options.concurrency ?? DEFAULT_CONCURRENCY)
  }

  serverErrorCount(route: '/compute_solubility' | '/is_purchasable' | '/translate'): number {
    return this.http.serverErrorCount(route)
  }

  /** log S (mol/L). */
  solubility(smiles: string): Promise<number> {
    return remember(this.solubilities, smiles, async () => {
      const result = await this.ask('/compute_solubility', { smiles })
      if (isRecord(result) && 'error' in result) throw new OracleError(`${smiles}: ${String(result.error)}`, 'declined')
      return field(result, 'mean', 'number')
    })
  }

  /** Every string that was asked about, true or false. */
  async purchasable(smiles: string[]): Promise<Record<string, boolean>> {
    const known = new Map([...new Set(smiles)].map((s) => [s, this.purchasables.get(s)]))
    const unknown = [...known.keys()].filter((s) => known.get(s) === undefined)
    if (unknown.length > 0) {
      const result = await this.ask('/is_purchasable', { smiles: unknown })
      for (const s of unknown) known.set(s, field(result, s, 'boolean'))
      for (const s of unknown) this.purchasables.set(s, known.get(s)!)
    }
    return Object.fromEntries(known) as Record<string, boolean>
  }

  /** The product's SMILES. */
  forwardReaction(reaction: string): Promise<string> {
    return remember(this.products, reaction, async () =>
      field(await this.ask('/translate', { reaction }), 'product', 'string'),
    )
  }

  private async ask(route: string, body: unknown): Promise<unknown> {
    const answer = await this.limit(() => this.http.post(route, body))
    if (!answer.ok) throw new OracleError(`${route}: HTTP ${answer.status}: ${excerpt(answer)}`, 'declined')
    try {
      return JSON.parse(answer.text) as unknown
    } catch (error) {
      throw new OracleError(`${route}: the answer is not JSON: ${excerpt(answer)}`, 'JSONDecodeError', { cause: error })
    }
  }
}

const excerpt = (answer: Answer): string => answer.text.slice(0, 200)

interface FieldTypes {
  readonly number: number
  readonly boolean: boolean
  readonly string: string
}
/** A field of an answer. A server that leaves out what was asked has given no answer: never read as false. */
function field<T extends keyof FieldTypes>(result: unknown, name: string, type: T): FieldTypes[T] {
  if (!isRecord(result)) throw new OracleError('the answer is not a JSON object', 'TypeError')
  if (!Object.hasOwn(result, name)) throw new OracleError(`the answer has no "${name}"`, 'KeyError')
  if (typeof result[name] !== type) throw new OracleError(`"${name}" of the answer is not a ${type}`, 'TypeError')
  return result[name] as FieldTypes[T]
}

/** A cached promise; a failure is forgotten, so that it can be asked again. */
function remember<V>(cache: Lru<Promise<V>>, key: string, ask: () => Promise<V>): Promise<V> {
  const known = cache.get(key)
  if (known !== undefined) return known
  const asked = ask()
  cache.set(key, asked)
  asked.catch(() => cache.delete(key))
  return asked
}

/** The address that requests go to, without a trailing slash. */
function parseBaseUrl(option: string | undefined): string {
  const given = option ?? process.env.ETHER0_REMOTES_API_BASE_URL ?? ''
  if (given === '') {
    throw new UsageError(
      'no address of the remote oracles',
      'ETHER0_REMOTES_API_BASE_URL',
      'Set it to the server, e.g. http://127.0.0.1:8000 (npx serve-rewards starts one).',
    )
  }
  const where = option === undefined ? 'ETHER0_REMOTES_API_BASE_URL' : 'address of the remote oracles'
  const url = URL.canParse(given) ? new URL(given) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new UsageError(`"${given}" is not an http(s) address`, where)
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('user and password do not belong in the address', where, 'The API takes a bearer token.')
  }
  return given.replace(/\/+$/, '')
}

function thresholdFromEnv(): number {
  const given = process.env.ETHER0_REMOTES_THROW_500_ERROR_THRESHOLD ?? '100'
  if (!/^\s*[+-]?\d+\s*$/.test(given)) {
    throw new UsageError(`"${given}" is not a whole number`, 'ETHER0_REMOTES_THROW_500_ERROR_THRESHOLD')
  }
  return Number(given)
}

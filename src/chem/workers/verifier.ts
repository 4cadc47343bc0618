import { availableParallelism } from 'node:os'
import { builtUrl } from '../../package.ts'
import type { SolutionInput, Verification, Verifier } from '../../types.ts'
import type { VerifyOptions } from '../ether0/accuracy.ts'
import type { Apart } from '../ether0/apart.ts'
import { type DataOptions, loadChemistryData, readFilters } from '../ether0/data.ts'
import { formatReward } from '../ether0/format.ts'
import { type OracleOptions, oracleProvenance } from '../oracles/options.ts'
import { DEFAULT_CONCURRENCY } from '../oracles/remote.ts'
import type { DrawOptions } from '../toolkit/draw.ts'
import { PAGE_SEARCH_MS } from '../toolkit/page-search.ts'
import type { Couple, CouplePictures } from '../toolkit/pictures.ts'
import { checkRdkitVersion } from '../toolkit/rdkit-version.ts'
import type { ChemJob, ChemResult } from './jobs.ts'
import { type JobEnd, WorkerPool } from './pool.ts'

/** What a verification worker opens: plain data. */
export interface ChemWorkerOptions {
  readonly oracles: OracleOptions
  readonly data: DataOptions
}
/** What a worker is started with. */
export interface ChemThreadOptions extends ChemWorkerOptions {
  /** Processor time that it has for the couples of a page, in milliseconds. */
  readonly searchMs: number
}

export interface VerifierOptions extends Partial<ChemWorkerOptions>, VerifyOptions {}

export interface PoolSize {
  /** Default: half the cores, so 1 on a machine of two. */
  readonly workers?: number
  /** Completions that may wait or run; default 1,024. */
  readonly queue?: number
  /** Longest that one completion may compute, processor time of its worker's thread; default `VERDICT_LIMIT_S`. */
  readonly timeoutMs?: number
}
/** Seconds of processor time that one verdict may take. */
export const VERDICT_LIMIT_S = 20

export interface PooledVerifier extends Verifier {
  /** Waits until the queue has room: for callers that read rows faster than they are verified. */
  room(): Promise<void>
  /** What the same workers do besides: how far two answers are apart (ether0/apart.ts); null, too, where the pair was given up. */
  apart(a: readonly string[], b: readonly string[]): Promise<Apart | null>
  /**
   * A few couples of the one page that these workers draw for; null where they were given up. A worker looks for the atoms that differ until
   * its share of the page's time is over, and leaves out what it has drawn before.
   */
  pictures(couples: readonly Couple[], size: DrawOptions): Promise<CouplePictures | null>
}

/**
 * Verifies in worker threads, beside the model. The verdicts are the same whatever the number of workers and the order.
 * @param searchMs processor time of all workers for the couples of a page
 */
export function createPooledVerifier(
  options: VerifierOptions,
  size: PoolSize = {},
  searchMs = PAGE_SEARCH_MS,
): PooledVerifier {
  const { oracles = {}, data: files = {}, ...verifyOptions } = options
  // opened here, too, so that a bad file or address stops the run before it starts
  const data = readFilters(files)
  const provenance = [...loadChemistryData(data).provenance, ...oracleProvenance(oracles)]
  const pool = createChemPool({ oracles, data }, size, searchMs)
  return {
    provenance,
    get replaced() {
      return pool.replaced
    },
    room: () => pool.room(),
    close: () => pool.close(),
    async verify(completion: string, solution: SolutionInput) {
      const end = await pool.run({ kind: 'verify', completion, solution, options: verifyOptions })
      return verificationOf(end, completion, verifyOptions)
    },
    async apart(a, b) {
      const end = await pool.run({ kind: 'apart', a, b })
      return end.kind === 'done' && end.result.kind === 'apart' ? end.result.apart : null
    },
    async pictures(couples, size) {
      const end = await pool.run({ kind: 'pictures', couples, size })
      return end.kind === 'done' && end.result.kind === 'pictures' ? end.result.pictures : null
    },
  }
}

/** The workers themselves, for other jobs besides (serve-rewards). */
export function createChemPool(
  options: ChemWorkerOptions,
  size: PoolSize = {},
  searchMs = PAGE_SEARCH_MS,
): WorkerPool<ChemJob, ChemResult> {
  checkRdkitVersion() // a worker's own refusal would be a crash of the pool
  const workers = size.workers ?? Math.max(1, Math.floor(availableParallelism() / 2))
  const concurrency = Math.ceil((options.oracles.concurrency ?? DEFAULT_CONCURRENCY) / workers)
  const share: ChemThreadOptions = {
    data: readFilters(options.data),
    oracles: { ...options.oracles, concurrency },
    searchMs: searchMs / workers,
  }
  return new WorkerPool({
    url: builtUrl('src/chem/workers/worker.ts'),
    options: share,
    workers,
    queue: size.queue ?? 1024,
    timeoutMs: size.timeoutMs ?? VERDICT_LIMIT_S * 1000,
  })
}

/** A completion that was given up is unverifiable; its format can still be judged. */
export function verificationOf(end: JobEnd<ChemResult>, completion: string, options: VerifyOptions): Verification {
  if (end.kind === 'done' && end.result.kind === 'verify') return end.result.verification
  const error = end.kind === 'timeout' ? 'Timeout' : end.kind === 'stalled' ? 'Stalled' : 'WorkerCrash'
  const detail = end.kind === 'crash' ? { message: end.message } : {}
  return {
    value: null,
    status: 'unverifiable',
    reason: null,
    metadata: { error, ...detail },
    formatReward: formatReward(completion, { reasoning: options.reasoning ?? true }),
    cause: 'verifier',
    hingesOn: null,
  }
}

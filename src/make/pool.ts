import { availableParallelism } from 'node:os'
import { type DataOptions, readFilters } from '../chem/ether0/data.ts'
import type { OracleOptions } from '../chem/oracles/options.ts'
import { checkRdkitVersion } from '../chem/toolkit/rdkit-version.ts'
import { WorkerPool } from '../chem/workers/pool.ts'
import { builtUrl } from '../package.ts'
import type { MakeJob, MakeResult } from './jobs.ts'

export type MakePool = WorkerPool<MakeJob, MakeResult>

/** Pairs are judged by the oracles that ship: a server would make them another file every time. */
const ORACLES: OracleOptions = { kind: 'embedded' }
/** Longest that one row may compute, processor time. */
const TIMEOUT_MS = 60_000

/** The worker threads of make-pairs. @param workers null = half the cores */
export function createMakePool(data: DataOptions, workers: number | null): MakePool {
  checkRdkitVersion()
  return new WorkerPool({
    url: builtUrl('src/make/worker.ts'),
    options: { oracles: ORACLES, data: readFilters(data) },
    workers: workers ?? Math.max(1, Math.floor(availableParallelism() / 2)),
    queue: 1024,
    timeoutMs: TIMEOUT_MS,
  })
}

/** What a job came to, or why it was given up (snake_case). */
export async function ask<K extends MakeJob['kind']>(
  pool: MakePool,
  job: Extract<MakeJob, { kind: K }>,
): Promise<Extract<MakeResult, { kind: K }> | 'timeout' | 'stalled' | 'crash'> {
  const end = await pool.run(job)
  return end.kind === 'done' ? (end.result as Extract<MakeResult, { kind: K }>) : end.kind
}

import type { ChemJob, ChemResult } from '../chem/workers/jobs.ts'
import type { JobEnd } from '../chem/workers/pool.ts'
import type { ServerLimits } from './limits.ts'
import { HttpProblem } from './problem.ts'

/** What the server needs of the verification workers. */
export interface ChemBackend {
  /** @param signal nobody waits for it any more: it rejects, unless it was begun */
  run(job: ChemJob, signal?: AbortSignal): Promise<JobEnd<ChemResult>>
}

/** A client that hears 501 does not try again: neither time nor another attempt would help. */
export const NO_ANSWER = 501

/** The workers with a bound on what may be under way: beyond it a client is told to come again. */
export function boundedBackend(backend: ChemBackend, limits: ServerLimits): ChemBackend {
  let underWay = 0
  return {
    async run(job) {
      if (underWay >= limits.pending) throw new HttpProblem(503, 'The server is busy', { 'Retry-After': '1' })
      underWay++
      try {
        return await backend.run(job)
      } finally {
        underWay--
      }
    },
  }
}

import type { Log } from '../log.ts'
import { cancelJobs, submitAnalysis, submitRun } from './slurm-jobs.ts'
import type { JobState } from './state.ts'
import type { Unit } from './status.ts'

/**
 * Submits what failed, or was never submitted, alone: of a run its failed shards, and its merging, which waits for them and for those that
 * are still under way. What waits in the queue for the failed ones is taken out of it first.
 * @returns the state, the same one where nothing failed
 */
export async function resubmitToSlurm(state: JobState, units: readonly Unit[], log: Log): Promise<JobState> {
  const again = ({ state }: Unit): boolean => state === 'failed' || state === 'not submitted'
  const queued = ({ state }: Unit): boolean => state === 'pending' || state === 'running'
  const analysis = units.find(({ kind }) => kind === 'analyze')!
  let next = state
  for (const run of state.plan.runs) {
    const own = units.filter((unit) => unit.run === run)
    if (!own.some(again)) continue
    const shards = own.filter(({ kind }) => kind === 'shards')
    await cancelJobs(own.flatMap((unit) => (unit.kind === 'merge' && queued(unit) ? [unit.job!] : [])))
    next = await submitRun(
      next,
      run,
      shards.filter(again).map(({ shard }) => shard!),
      log,
      shards.filter(queued).map(({ shard }) => shard!),
    )
  }
  if (next === state && !again(analysis)) return state
  if (queued(analysis)) await cancelJobs([analysis.job!])
  return submitAnalysis(next, log)
}

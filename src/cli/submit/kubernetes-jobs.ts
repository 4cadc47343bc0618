import { writeWholeSync } from '../../whole-file.ts'
import type { Log } from '../log.ts'
import { EngineError, engineCall } from './engine.ts'
import { jobManifest, jobName, manifestPath } from './kubernetes.ts'
import { allShards, type JobRun } from './plan.ts'
import { type JobState, type Submission, submitted } from './state.ts'
import type { Unit } from './status.ts'
import { LEFT_NO_WORD, type UnitState } from './units.ts'

/** Hands manifests to kubectl and asks it what became of the Jobs. What schedules is Kubernetes. */

const inNamespace = ({ plan }: JobState): string[] =>
  plan.resources.namespace === null ? [] : [`--namespace=${plan.resources.namespace}`]

async function submitShards(state: JobState, run: JobRun, shards: readonly number[], log: Log): Promise<JobState> {
  const start = state.submissions.filter((one) => one.run === run.name).length + 1
  const path = manifestPath(state.plan, run, start)
  writeWholeSync(path, jobManifest(state.plan, run, shards, start))
  await engineCall('kubectl', ['apply', '-f', path])
  const job = jobName(run, start)
  log.info(`${run.name}: ${shards.length} of ${run.shards} shards submitted as job ${job}`)
  return submitted(state, { run: run.name, kind: 'shards', job, shards })
}

export async function submitToKubernetes(state: JobState, log: Log): Promise<JobState> {
  let next = state
  for (const run of state.plan.runs) next = await submitShards(next, run, allShards(run), log)
  return next
}

/** What failed, or was never submitted, as a Job of its own; its last shard merges, whatever the others were started by. */
export async function resubmitToKubernetes(state: JobState, units: readonly Unit[], log: Log): Promise<JobState> {
  let next = state
  for (const run of state.plan.runs) {
    const failed = units.filter((unit) => unit.run === run && ['failed', 'not submitted'].includes(unit.state))
    const shards = failed.map(({ shard }) => shard!)
    if (shards.length > 0) next = await submitShards(next, run, shards, log)
  }
  return next
}

interface JobStatus {
  readonly completed: ReadonlySet<number>
  readonly failed: ReadonlySet<number>
  /** Why the whole Job was ended; null while it goes on. */
  readonly ended: string | null
}

/** @example indexesOf('0-2,5') // Set {0, 1, 2, 5} */
const indexesOf = (text: string | undefined): ReadonlySet<number> =>
  new Set(
    (text ?? '')
      .split(',')
      .filter(Boolean)
      .flatMap((part) => {
        const [from = 0, to = from] = part.split('-').map(Number)
        return Array.from({ length: to - from + 1 }, (_, i) => from + i)
      }),
  )

/** null where there is no such Job. */
async function jobStatus(job: string, namespace: readonly string[]): Promise<JobStatus | null> {
  const answer = await engineCall('kubectl', ['get', 'job', job, ...namespace, '--ignore-not-found', '-o', 'json'])
  if (answer.trim() === '') return null
  const { status = {} } = JSON.parse(answer) as {
    status?: {
      completedIndexes?: string
      failedIndexes?: string
      conditions?: { type: string; status: string; reason?: string }[]
    }
  }
  const over = status.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True')
  return {
    completed: indexesOf(status.completedIndexes),
    failed: indexesOf(status.failedIndexes),
    ended: over === undefined ? null : (over.reason ?? 'Failed'),
  }
}

/** What became of a submission's shard. A pod that waits for a node is running here: its Job is active. */
export async function kubernetesStates(
  state: JobState,
): Promise<(one: Submission | null, shard: number | null) => UnitState> {
  const found = new Map<string, JobStatus | null>()
  for (const { job } of state.submissions) found.set(job, await jobStatus(job, inNamespace(state)))
  return (one, shard) => {
    const of = (state: UnitState['state'], why: string | null = null): UnitState => ({ state, exitCode: null, why })
    if (one === null || shard === null) return of('not submitted')
    const status = found.get(one.job) ?? null
    if (status === null) return of('failed', LEFT_NO_WORD)
    const index = one.shards.indexOf(shard)
    if (status.completed.has(index)) return { state: 'done', exitCode: 0, why: null }
    if (status.failed.has(index)) return of('failed', 'every start of it failed')
    return status.ended === null ? of('running') : of('failed', status.ended)
  }
}

/** The last lines that a shard said; what there is of them. */
export async function kubernetesLog(state: JobState, unit: Unit, lines: number): Promise<readonly string[]> {
  const index = state.submissions.find(({ job }) => job === unit.job)?.shards.indexOf(unit.shard!)
  const answer = await engineCall('kubectl', [
    'logs',
    ...inNamespace(state),
    `--selector=batch.kubernetes.io/job-name=${unit.job},batch.kubernetes.io/job-completion-index=${index}`,
    `--tail=${lines}`,
  ]).catch((error: unknown) => {
    if (error instanceof EngineError) return error.message
    throw error
  })
  return answer.split('\n').filter(Boolean).slice(-lines)
}

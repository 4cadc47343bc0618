import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { regularText } from '../../read-regular.ts'
import type { Log } from '../log.ts'
import { EngineError, engineCall } from './engine.ts'
import { allShards, type JobRun, jobFolder } from './plan.ts'
import { asking, type JobState, lastOf, notSubmitted, type Submission, submitted } from './state.ts'
import { LEFT_NO_WORD, type UnitState } from './units.ts'

/** Hands scripts to sbatch and asks squeue and sacct what became of them. What schedules is Slurm. */

async function sbatch(script: string, options: readonly string[]): Promise<string> {
  const answer = await engineCall('sbatch', ['--parsable', ...options, script])
  // <job>, or <job>;<cluster>
  return answer.trim().split('\n').at(-1)!.split(';')[0]!
}

/** Submits a script under a name of its own, which is kept before: should this process die before it has the number, `recovered` finds it. */
async function handedOver(
  state: JobState,
  what: Omit<Submission, 'job'>,
  script: string,
  options: readonly string[],
): Promise<JobState> {
  const before = asking(state, what)
  try {
    return submitted(before, { ...what, job: await sbatch(script, [...options, `--job-name=${before.asked.name}`]) })
  } catch (error) {
    // a controller that did not answer in time may have the job all the same
    if (error instanceof EngineError && !/timed out|unable to contact/i.test(error.message)) notSubmitted(before)
    throw error
  }
}

/**
 * A state whose last submission was cut off between sbatch and its answer: the job is looked for by its name in the queue, in the accounts and
 * in what it has itself left when it began.
 */
export async function recovered(state: JobState, log: Log): Promise<JobState> {
  const { asked } = state
  if (asked == null) return state
  const { name, ...what } = asked
  const job = (await inQueue(name)) ?? (await inAccounts(name)) ?? leftBy(name, state)
  if (job === null) {
    log.warn(`${name}: submitting it was cut off before Slurm had it; submit-eval-jobs resubmit submits it`)
    return notSubmitted(state)
  }
  log.info(`${name}: submitting it was cut off; Slurm has it as job ${job}`)
  return submitted(state, { ...what, job })
}

const withName = (answer: string, name: string): string | null =>
  answer
    .split('\n')
    .map((line) => line.trim().split('|'))
    .find(([, found]) => found === name)?.[0]
    ?.split(/[_.+]/)[0] ?? null

const inQueue = async (name: string): Promise<string | null> =>
  withName(await engineCall('squeue', ['--noheader', '--format=%F|%j', `--name=${name}`]), name)

async function inAccounts(name: string): Promise<string | null> {
  const args = ['--noheader', '--parsable2', '--allocations', '--format=JobID,JobName', `--name=${name}`]
  const answer = await engineCall('sacct', [...args, '--starttime=now-30days']).catch((error: unknown) => {
    if (error instanceof EngineError) return ''
    throw error
  })
  return withName(answer, name)
}

/** Every job writes its name and number beside its exit code when it begins. */
function leftBy(name: string, { plan, asked }: JobState): string | null {
  const folder = asked?.run == null ? join(plan.outputDir, 'jobs') : jobFolder(plan.outputDir, { name: asked.run })
  const exits = join(folder, 'exit')
  for (const file of existsSync(exits) ? readdirSync(exits) : []) {
    if (!file.endsWith('.job')) continue
    const [found, job] = regularText(join(exits, file)).trim().split(' ')
    if (found === name && job !== undefined) return job
  }
  return null
}

/** As short as Slurm takes it. @example rangesOf([1, 2, 3, 7]) // '1-3,7' */
export function rangesOf(shards: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const shard of shards) {
    const last = ranges.at(-1)
    if (last?.[1] === shard - 1) last[1] = shard
    else ranges.push([shard, shard])
  }
  return ranges.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(',')
}

/** Every run of a plan, and the analysis of all. */
export async function submitToSlurm(state: JobState, log: Log): Promise<JobState> {
  let next = state
  for (const run of state.plan.runs) next = await submitRun(next, run, allShards(run), log)
  return submitAnalysis(next, log)
}

/** Shards of a run, none or some or all, and what merges them; the merging waits for the shards that are under way, too. */
export async function submitRun(
  state: JobState,
  run: JobRun,
  shards: readonly number[],
  log: Log,
  underWay: readonly number[] = [],
): Promise<JobState> {
  const folder = jobFolder(state.plan.outputDir, run)
  const waits = underWay.map((shard) => `${lastOf(state, run.name, 'shards', shard)!.job}_${shard}`)
  let next = state
  if (shards.length > 0) {
    for (const shard of shards) rmSync(join(folder, 'exit', `shard-${shard}`), { force: true })
    const what = { run: run.name, kind: 'shards', shards } as const
    next = await handedOver(next, what, join(folder, 'shards.sbatch'), [`--array=${rangesOf(shards)}`])
    const { job } = next.submissions.at(-1)!
    log.info(`${run.name}: ${shards.length} of ${run.shards} shards submitted as job ${job}`)
    waits.push(job)
  }
  if (run.shards === 1) return next
  rmSync(join(folder, 'exit', 'merge'), { force: true })
  const after = waits.length === 0 ? [] : [`--dependency=afterok:${waits.join(':')}`]
  const what = { run: run.name, kind: 'merge', shards: [] } as const
  next = await handedOver(next, what, join(folder, 'merge.sbatch'), [...after, '--kill-on-invalid-dep=yes'])
  log.info(`${run.name}: merging submitted as job ${next.submissions.at(-1)!.job}`)
  return next
}

/** The analysis of all runs, when the last job of each has ended. */
export async function submitAnalysis(state: JobState, log: Log): Promise<JobState> {
  const { outputDir, runs } = state.plan
  const waits = runs.flatMap((run) => {
    const last = lastOf(state, run.name, run.shards === 1 ? 'shards' : 'merge')
    return last === null ? [] : [last.job]
  })
  rmSync(join(outputDir, 'jobs/exit/analyze'), { force: true })
  const what = { run: null, kind: 'analyze', shards: [] } as const
  const next = await handedOver(state, what, join(outputDir, 'jobs/analyze.sbatch'), [
    `--dependency=afterany:${waits.join(':')}`,
  ])
  log.info(`analyze submitted as job ${next.submissions.at(-1)!.job}`)
  return next
}

/** Takes jobs out of the queue. */
export async function cancelJobs(jobs: readonly string[]): Promise<void> {
  if (jobs.length > 0) await engineCall('scancel', jobs)
}

/** In the queue: by job, or by job_task of an array, its state and why it waits. */
async function queue(jobs: readonly string[]): Promise<ReadonlyMap<string, { state: string; why: string }>> {
  const answer = await engineCall('squeue', [
    '--noheader',
    '--array',
    '--format=%i|%T|%r',
    `--jobs=${jobs.join(',')}`,
  ]).catch((error: unknown) => {
    // Slurm has forgotten them all
    if (error instanceof EngineError && /Invalid job id/i.test(error.message)) return ''
    throw error
  })
  return new Map(
    answer
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [id = '', state = '', why = ''] = line.trim().split('|')
        return [id, { state, why }]
      }),
  )
}

/** What the accounts say of jobs that have ended; empty where the cluster keeps none. */
async function accounts(jobs: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const answer = await engineCall('sacct', [
    '--noheader',
    '--parsable2',
    '--allocations',
    '--format=JobID,State',
    `--jobs=${jobs.join(',')}`,
  ]).catch((error: unknown) => {
    if (error instanceof EngineError) return ''
    throw error
  })
  return new Map(
    answer
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('|') as [string, string]),
  )
}

/** States of Slurm's in which a job is over. */
const OVER: ReadonlySet<string> = new Set([
  'BOOT_FAIL', 'CANCELLED', 'COMPLETED', 'DEADLINE', 'FAILED', 'NODE_FAIL', 'OUT_OF_MEMORY', 'TIMEOUT',
]) // biome-ignore format: one line says it

/** What became of a submission, or of one shard of it. */
export async function slurmStates(
  state: JobState,
): Promise<(one: Submission | null, shard: number | null) => UnitState> {
  const jobs = [...new Set(state.submissions.map(({ job }) => job))]
  const [queued, ended] = jobs.length === 0 ? [new Map(), new Map()] : await Promise.all([queue(jobs), accounts(jobs)])
  const { outputDir } = state.plan
  return (one, shard) => {
    if (one === null) return { state: 'not submitted', exitCode: null, why: null }
    const id = shard === null ? one.job : `${one.job}_${shard}`
    const waiting = queued.get(id)
    if (waiting !== undefined && !OVER.has(waiting.state)) {
      const why = ['None', '', '(null)'].includes(waiting.why) ? null : waiting.why
      return { state: waiting.state === 'PENDING' ? 'pending' : 'running', exitCode: null, why }
    }
    const folder = one.run === null ? join(outputDir, 'jobs') : jobFolder(outputDir, { name: one.run })
    const mark = join(folder, 'exit', shard === null ? one.kind : `shard-${shard}`)
    const exitCode = existsSync(mark) ? Number(regularText(mark)) : null
    if (exitCode === 0 || exitCode === 4) return { state: 'done', exitCode, why: null }
    const account = ended.get(id)?.toLowerCase() ?? waiting?.state.toLowerCase() ?? null
    if (exitCode !== null) return { state: 'failed', exitCode, why: account }
    return {
      state: 'failed',
      exitCode,
      why: account ?? LEFT_NO_WORD,
    }
  }
}

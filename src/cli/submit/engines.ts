import { UsageError } from '../../errors.ts'
import type { Log } from '../log.ts'
import { kubernetesLog, kubernetesStates, resubmitToKubernetes, submitToKubernetes } from './kubernetes-jobs.ts'
import type { Engine } from './plan.ts'
import { resubmitToSlurm } from './resubmit.ts'
import { recovered, slurmStates, submitToSlurm } from './slurm-jobs.ts'
import type { JobState } from './state.ts'
import { fileLog, type LogOf, type StateOf, type Unit } from './status.ts'

/** What a scheduler can be asked for. */
interface Scheduler {
  readonly submit: (state: JobState, log: Log) => Promise<JobState>
  /** The same state where nothing failed. */
  readonly resubmit: (state: JobState, units: readonly Unit[], log: Log) => Promise<JobState>
  /** The state, where submitting was cut off with what the scheduler has of it. */
  readonly recovered: (state: JobState, log: Log) => Promise<JobState>
  readonly states: (state: JobState) => Promise<StateOf>
  readonly logOf: LogOf
}

const notAsked = (): never => {
  throw new UsageError(
    'jobs are written and not handed over: no Beaker could be had to test it',
    '--engine beaker',
    'Submit each with beaker experiment create <output-dir>/jobs/<run>/beaker.yaml.',
  )
}

export const SCHEDULERS: Readonly<Record<Engine, Scheduler>> = {
  slurm: { submit: submitToSlurm, resubmit: resubmitToSlurm, recovered, states: slurmStates, logOf: fileLog },
  kubernetes: {
    submit: submitToKubernetes,
    resubmit: resubmitToKubernetes,
    // a Job of the same name is the same Job
    recovered: (state) => Promise.resolve(state),
    states: kubernetesStates,
    logOf: kubernetesLog,
  },
  beaker: { submit: notAsked, resubmit: notAsked, recovered: notAsked, states: notAsked, logOf: notAsked },
}

import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DataError, UsageError } from '../../errors.ts'
import { isRecord } from '../../is-record.ts'
import { passingName, sweepPassing } from '../../passing-file.ts'
import { regularText } from '../../read-regular.ts'
import { makeOutputFolder } from '../../setup/folder.ts'
import { lock } from '../../store/lock.ts'
import { systemWords, unwrittenFile } from '../../system-words.ts'
import { visibleLine } from '../../visible-text.ts'
import type { JobPlan } from './plan.ts'
import { faultOf } from './state-file.ts'

/** Jobs that were handed to the engine: shards of a run, its merging, or the analysis of all. */
export interface Submission {
  /** Of the run; null: the analysis. */
  readonly run: string | null
  readonly kind: 'shards' | 'merge' | 'analyze'
  /** The engine's number or name of it. */
  readonly job: string
  /** From 1; empty where it is no shard. */
  readonly shards: readonly number[]
}

/** What is being handed to the engine: kept before, so that a job whose number was lost, because this process died, is found by its name. */
export interface Asked extends Omit<Submission, 'job'> {
  /** Of the job, and of no other one. */
  readonly name: string
}

/** What `status` and `resubmit` go by. */
export interface JobState {
  readonly plan: JobPlan
  /** In the order in which they were submitted. */
  readonly submissions: readonly Submission[]
  /** Left out where what was asked for was answered. */
  readonly asked?: Asked | null
  /** How often something was asked for; default: as often as there are submissions. */
  readonly asks?: number
}

const VERSION = 1
export const statePath = (outputDir: string): string => join(outputDir, 'jobs', 'state.json')

/** @throws UsageError where nothing was planned; DataError for a file of another version or none of ours */
export function readState(outputDir: string): JobState {
  const path = statePath(outputDir)
  if (!existsSync(path))
    throw new UsageError('has no jobs', outputDir, 'Write them with submit-eval-jobs --runs FILE --engine ….')
  let found: unknown
  try {
    found = JSON.parse(regularText(path))
  } catch (cause) {
    throw new DataError(
      cause instanceof SyntaxError ? `is no JSON: ${visibleLine(cause.message)}` : systemWords(cause),
      path,
      'Take the file away and submit the runs again: what they have measured is kept.',
      { cause },
    )
  }
  if (!isRecord(found) || found.version !== VERSION || !isRecord(found.plan) || !Array.isArray(found.submissions))
    throw new DataError('is not the state of jobs, or that of another version', path, 'Use another --output-dir.')
  const fault = faultOf(found)
  if (fault !== null)
    throw new DataError(
      `is damaged: ${fault}`,
      path,
      'Take the file away and submit the runs again: what they have measured is kept.',
    )
  return found as unknown as JobState
}

/**
 * For whoever submits: of two at once each would hand over all jobs, and keep its own numbers alone.
 * @returns what gives it back
 * @throws StoreInUse naming the other process
 */
export function lockState(outputDir: string): () => void {
  const path = statePath(outputDir)
  try {
    mkdirSync(join(path, '..'), { recursive: true })
  } catch (cause) {
    throw unwrittenFile(cause, path)
  }
  return lock(path, 'or look with submit-eval-jobs status')
}

/** Written beside and moved: who reads it finds the old or the new one. */
export function writeState(state: JobState): void {
  const path = statePath(state.plan.outputDir)
  makeOutputFolder(dirname(path))
  const partial = passingName(path, 'partial')
  sweepPassing(path)
  writeFileSync(partial, `${JSON.stringify({ ...state, version: VERSION }, null, 2)}\n`)
  renameSync(partial, path)
}

/** The state with what is asked for next, kept before it is. */
export function asking(state: JobState, what: Omit<Submission, 'job'>): JobState & { readonly asked: Asked } {
  const asks = (state.asks ?? state.submissions.length) + 1
  const kind = what.kind === 'shards' ? '' : `-${what.kind}`
  const name = `${what.run === null ? 'chemherm' : what.run}${kind}.${state.plan.token ?? 'jobs'}-${asks}`
  const next = { ...state, asked: { ...what, name }, asks }
  writeState(next)
  return next
}

/** The state after an answer that there is no such job. */
export function notSubmitted(state: JobState): JobState {
  const next = { ...state, asked: null }
  writeState(next)
  return next
}

/** The state with one more submission, kept at once: a job that runs must be known. */
export function submitted(state: JobState, submission: Submission): JobState {
  const next = { ...state, submissions: [...state.submissions, submission], asked: null }
  writeState(next)
  return next
}

/** The last submission of a shard, of a merging or of the analysis. */
export const lastOf = (
  { submissions }: JobState,
  run: string | null,
  kind: Submission['kind'],
  shard: number | null = null,
): Submission | null =>
  submissions.findLast(
    (one) => one.run === run && one.kind === kind && (shard === null || one.shards.includes(shard)),
  ) ?? null

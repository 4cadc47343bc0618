import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openRegularHandle } from '../../read-regular.ts'
import { textTable } from '../../report/table.ts'
import { visibleLine } from '../../visible-text.ts'
import { type JobRun, jobFolder } from './plan.ts'
import { type Progress, progressOf, runFolders } from './progress.ts'
import { type JobState, lastOf, type Submission } from './state.ts'
import type { UnitState } from './units.ts'

/** One line of `status`: a shard, a merging or the analysis, as the engine, its own word and its store have it. */
export interface Unit extends UnitState {
  readonly run: JobRun | null
  readonly kind: Submission['kind']
  /** From 1; null where it is no shard. */
  readonly shard: number | null
  readonly job: string | null
  readonly progress: Progress | null
  readonly log: string
}

/** Slurm cancels what depends on it. */
const WITHOUT_SHARDS = 'cancelled: a shard failed'

export type StateOf = (one: Submission | null, shard: number | null) => UnitState

/** Every job of a plan. The stores are read through: some seconds per million measurements. */
export async function unitsOf(state: JobState, stateOf: StateOf): Promise<Unit[]> {
  const { plan } = state
  const folders = await runFolders(plan)
  const units: Unit[] = []
  for (const run of plan.runs) {
    const logs = join(jobFolder(plan.outputDir, run), 'logs')
    const folder = folders.get(run.name)
    for (let shard = 1; shard <= run.shards; shard++) {
      const one = lastOf(state, run.name, 'shards', shard)
      const progress = folder === undefined ? null : await progressOf(folder, run, shard)
      const log = join(logs, `shard-${shard}.log`)
      units.push({ run, kind: 'shards', shard, job: one?.job ?? null, progress, log, ...stateOf(one, shard) })
    }
    // elsewhere the last shard merges
    if (run.shards === 1 || plan.engine !== 'slurm') continue
    const one = lastOf(state, run.name, 'merge')
    const log = join(logs, 'merge.log')
    const found = stateOf(one, null)
    const short = units.some((unit) => unit.run === run && unit.state === 'failed')
    const merge =
      found.state === 'failed' && found.exitCode === null && short ? { ...found, why: WITHOUT_SHARDS } : found
    units.push({ run, kind: 'merge', shard: null, job: one?.job ?? null, progress: null, log, ...merge })
  }
  if (plan.engine !== 'slurm') return units
  const one = lastOf(state, null, 'analyze')
  const log = join(plan.outputDir, 'jobs/logs/analyze.log')
  units.push({
    run: null,
    kind: 'analyze',
    shard: null,
    job: one?.job ?? null,
    progress: null,
    log,
    ...stateOf(one, null),
  })
  return units
}

/** The last lines that a job said. */
export type LogOf = (state: JobState, unit: Unit, lines: number) => Promise<readonly string[]>

/** A line each, and the failed ones with the last lines of their logs. */
export async function statusText(state: JobState, units: readonly Unit[], logOf: LogOf): Promise<string> {
  const lines = [
    textTable(
      ['run', 'job', 'what', 'state', 'measured', 'planned', 'exit'],
      units.map((unit) => [
        unit.run?.name ?? 'all',
        unit.job ?? '–',
        unit.shard === null ? (unit.kind === 'shards' ? 'run' : unit.kind) : `shard ${unit.shard}/${unit.run!.shards}`,
        unit.why === null ? unit.state : `${unit.state} (${visibleLine(unit.why, 100)})`,
        unit.progress === null ? '–' : String(unit.progress.measured),
        unit.progress === null ? '–' : String(unit.progress.planned),
        unit.exitCode === null ? '–' : String(unit.exitCode),
      ]),
    ),
  ]
  for (const unit of units.filter(({ state, why }) => state === 'failed' && why !== WITHOUT_SHARDS)) {
    const what = unit.shard === null ? unit.kind : `shard ${unit.shard}/${unit.run!.shards}`
    lines.push('', `${unit.run?.name ?? 'all'}, ${what} failed; its last lines:`)
    for (const line of await logOf(state, unit, LAST_LINES)) lines.push(`  ${visibleLine(line, 300)}`)
  }
  return `${lines.join('\n')}\n`
}

const LAST_BYTES = 16_384
const LAST_LINES = 5

/** Of the file that the job writes, with its name. */
export const fileLog: LogOf = async (_, { log }, lines) => {
  if (!existsSync(log)) return [`${log} is not there: it has not begun`]
  const file = await openRegularHandle(log)
  try {
    const { size } = await file.stat()
    const buffer = Buffer.alloc(Math.min(size, LAST_BYTES))
    await file.read(buffer, 0, buffer.length, size - buffer.length)
    return [`${log}:`, ...buffer.toString('utf8').split('\n').filter(Boolean).slice(-lines)]
  } finally {
    await file.close()
  }
}

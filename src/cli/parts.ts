import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  DataError,
  DeviceError,
  type HarnessError,
  InterruptedError,
  ModelError,
  NetworkError,
  UsageError,
} from '../errors.ts'
import type { RunConfig } from '../setup/config.ts'
import { onStopSignal } from '../stop-signals.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { keptBy } from './command.ts'
import { counted } from './count.ts'
import type { Log, Progress } from './log.ts'
import { PART_OF, SHARD_DONE } from './part.ts'
import { configText } from './print-config.ts'

/** What became of the process of one device, for run.json. */
export interface Part {
  readonly device: string
  readonly shard: string
  readonly exit_code: number | null
  readonly signal: string | null
  /** As the shard's process said at its end (part.ts); null where it did not come to it. */
  readonly done: Readonly<Record<string, unknown>> | null
}

interface Failure {
  readonly message: string
  readonly where: string | null
  readonly hint: string | null
}

/**
 * `--device a,b`: the run in shards, one process a device, all at once, with one bar. Nothing passes between them; what each measured lies in its
 * shard's store. Where one ends early the others go on to their end, and its trouble is thrown afterwards: what was measured is kept.
 * @param script the file that node was started with and what stands before the bin's own flags
 */
export async function runParts(
  bin: string,
  devices: readonly string[],
  config: RunConfig,
  log: Log,
  script: readonly string[],
): Promise<readonly Part[]> {
  checkCores(devices)
  const folder = temporaryFolder()
  const bar = new PartsBar(devices.length, config.models.length, log)
  const children: ChildProcess[] = []
  const received: NodeJS.Signals[] = []
  const pass = (signal: NodeJS.Signals): void => {
    received.push(signal)
    // a terminal sends Ctrl-C to all processes: passed on as well, they would take it for a second, impatient one
    if (signal === 'SIGINT' && process.stdin.isTTY) return
    // they have no terminal, and would go on after a SIGHUP
    for (const child of children) child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
  }
  const dispose = onStopSignal(pass)
  log.info(`${devices.length} processes, one a device: ${devices.join(', ')}`)
  try {
    const parts = await Promise.all(
      devices.map((device, i) => {
        const shard = { index: i + 1, count: devices.length }
        const path = join(folder.path, `${shard.index}.yaml`)
        writeFileSync(path, configText(partConfig(config, device, shard)))
        const child = spawn(process.execPath, [...process.execArgv, ...script, '--config', path], {
          // its end tells them that this process is gone (part.ts)
          stdio: ['pipe', 'ignore', 'pipe'],
          env: { ...process.env, [PART_OF]: `${shard.index}/${shard.count}` },
        })
        children.push(child)
        return ended(child, device, `${shard.index}/${shard.count}`, i, bar, log)
      }),
    )
    bar.stop()
    if (received.length > 0 || parts.some(({ part }) => part.exit_code === 130))
      throw new InterruptedError('interrupted', received[0] ?? bin, keptBy(bin))
    const failed = parts.filter(({ part: { exit_code } }) => exit_code !== 0 && exit_code !== 4)
    if (failed.length > 0) throw failureOf(failed, devices.length)
    return parts.map(({ part }) => part)
  } finally {
    bar.stop()
    dispose()
    folder.remove()
  }
}

/** A process without a core of its own takes its memory and is no faster. @throws UsageError */
function checkCores(devices: readonly string[]): void {
  const [asked, cores] = [devices.filter((name) => name === 'cpu').length, availableParallelism()]
  if (asked > Math.max(2, cores))
    throw new UsageError(
      `names cpu ${asked} times, and this machine has ${counted(cores, 'core')}`,
      '--device',
      'Name it once for each process, at most as often as there are cores.',
    )
}

/** The CPU's processes share its cores. */
function partConfig(config: RunConfig, device: string, shard: RunConfig['shard']): RunConfig {
  const threads =
    device === 'cpu'
      ? (config.threads ?? Math.max(1, Math.floor(availableParallelism() / shard.count)))
      : config.threads
  return { ...config, device, shard, threads, merge: 'never', quiet: false, logFormat: 'json' }
}

type Ended = { readonly part: Part; readonly failure: Failure | null }

async function ended(
  child: ChildProcess,
  device: string,
  shard: string,
  index: number,
  bar: PartsBar,
  log: Log,
): Promise<Ended> {
  let failure: Failure | null = null
  let done: Part['done'] = null
  const closed = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
  for await (const line of createInterface({ input: child.stderr! })) {
    const said = readLine(line)
    if (said === null) log.info(`${device}: ${line}`)
    else if (said.level === 'error') failure = said as unknown as Failure
    else if (said.event === 'progress')
      bar.update(index, String(said.task), { done: Number(said.done), found: Number(said.found) }, Number(said.total))
    else if (said.event === SHARD_DONE) done = (said.work as Part['done']) ?? null
    // what holds for the numbers is in run.json; the rest is said again by the process that merges
    else if (said.event === 'memory') log.warn(`${device}: ${said.message}`)
    else if (said.level === 'warn') log.info(`${device}: ${said.message}`)
  }
  const { code, signal } = await closed
  return { part: { device, shard, exit_code: code, signal, done }, failure }
}

function readLine(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'message' in value ? { ...value } : null
  } catch {
    return null
  }
}

const KEPT = 'What was measured is kept, also by the others; run the same command again to go on.'

/** The trouble of the processes that ended early, as one error with the exit code of the first. */
function failureOf(failed: readonly Ended[], count: number): Error {
  const [first] = failed
  const { exit_code: code, signal } = first!.part
  const words = [
    ...new Set(
      failed.map(({ failure, part: { signal, exit_code } }) =>
        failure !== null
          ? `${failure.where === null ? '' : `${failure.where}: `}${failure.message}`
          : signal !== null
            ? `it was killed by ${signal}`
            : `it ended with exit code ${exit_code}`,
      ),
    ),
  ].join('; ')
  const names = failed.map(({ part }) => part.device).join(', ')
  const message = `${failed.length} of ${count} processes ended early (${names}): ${words}`
  if (code === 1) return new Error(message)
  const hint = failed.map(({ failure }) => failure?.hint).find((one) => one != null)
  return errorOf(signal === null ? code : null, message, hint == null ? KEPT : `${hint} ${KEPT}`)
}

function errorOf(code: number | null, message: string, hint: string): HarnessError {
  const where = '--device'
  if (code === 2) return new UsageError(message, where, hint)
  if (code === 3) return new DataError(message, where, hint)
  if (code === 5) return new ModelError(message, where, hint)
  if (code === 7) return new NetworkError(message, where, hint)
  return new DeviceError(message, where, hint)
}

/** What a process has done of a task, and what of it an earlier start had done. */
interface Done {
  readonly done: number
  readonly found: number
}

/** One bar over all processes and models. It starts when each process has said how much it has to do. */
class PartsBar {
  #bar: Progress | null = null
  #stopped = false
  readonly #totals: (number | undefined)[]
  readonly #done: Map<string, Done>[]

  constructor(
    parts: number,
    readonly models: number,
    readonly log: Log,
  ) {
    this.#totals = new Array(parts)
    this.#done = Array.from({ length: parts }, () => new Map())
  }
  update(part: number, task: string, done: Done, total: number): void {
    this.#totals[part] = total
    this.#done[part]!.set(task, done)
    const totals = [...this.#totals]
    if (this.#stopped || totals.some((one) => one === undefined)) return
    const all = this.models * totals.reduce<number>((sum, one) => sum + one!, 0)
    this.#bar ??= this.log.progress(`scoring on ${totals.length} devices`, all, 'completions')
    const tasks = this.#done.flatMap((tasks) => [...tasks.values()])
    const sum = (key: keyof Done): number => tasks.reduce((sum, one) => sum + one[key], 0)
    this.#bar.update(sum('done'), sum('found'))
  }
  stop(): void {
    if (!this.#stopped) this.#bar?.stop()
    this.#stopped = true
  }
}

import { linkSync, lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { DataError } from '../errors.ts'
import { passingName, sweepPassing } from '../passing-file.ts'
import { ownSpace, type ProcessSpace, relationOf } from '../process-space.ts'
import { regularText } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'

/** Who holds a lock. `started` tells a process from a later one with the same number (Linux; else null). */
interface Holder extends ProcessSpace {
  readonly pid: number
  readonly started: string | null
  /**
   * The scheduler's name of what this process does (`CHEMHERM_TASK` of job scripts), of which one runs at a time; else null. A lock of the
   * same task on another host, or in another container, is that of an earlier start, whose node failed or was taken away.
   */
  readonly task: string | null
}

/** Fields 3 and 22 of /proc/<pid>/stat: its state, and its start in clock ticks since boot; null where there is no /proc. */
function processOf(pid: number): { readonly state: string; readonly started: string } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
    return { state: fields[0]!, started: fields[19]! }
  } catch {
    return null
  }
}

/** Another process is writing the store. */
export class StoreInUse extends DataError {}

/** A lock that this process has taken. */
export interface Lock {
  /** Whether it is still this process's. An earlier start of a task that was cut off from the others loses it to the next one. */
  held(): boolean
  /** Gives it back, if it still is. */
  release(): void
}

/** Takes a lock and returns what gives it back. @throws StoreInUse naming the holder */
export const lock = (path: string, instead?: string): (() => void) => takeLock(path, instead).release

/**
 * Takes `<path>.lock` for this process. The lock of a process that no longer runs on this host
 * is taken over. On another host, or in another container, that cannot be told, so its lock stands.
 * Not proper-lockfile, as hub/download.ts has it: whoever holds that must touch it every few seconds, and a model's run blocks the event
 * loop for longer; a store must never lose its lock. A download may, since its hash decides, and must not wait for a host that is gone.
 * @param instead what else its user may do than wait, for the message
 * @throws StoreInUse naming the holder
 */
export function takeLock(path: string, instead = 'or give this run another --output-dir'): Lock {
  const file = `${path}.lock`
  const self: Holder = {
    pid: process.pid,
    ...ownSpace(),
    started: processOf(process.pid)?.started ?? null,
    task: process.env.CHEMHERM_TASK || null,
  }
  const text = JSON.stringify(self)
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      create(file, text)
      const held = (): boolean => readOrNull(file) === text
      const release = (): void => {
        releases.delete(release)
        if (held()) takeAway(file)
      }
      releaseAtExit(release)
      sweepPassing(file)
      return { held, release }
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
        throw new DataError(systemWords(cause), file, null, { cause })
    }
    const found = contentOf(file)
    if (found === null) continue
    const holder = parseHolder(found)
    if (holder === null) {
      // where there are no hard links: another process is between creating and writing it, or died there
      pause(PAUSE_MS)
      if (attempt < 50 || readOrNull(file) !== found) continue
    } else if (isEarlierStart(holder, self)) {
      // its lock is taken over below
    } else if (isAlive(holder) && attempt < ALIVE_TRIES && relationOf(holder) === 'here') {
      // a process that was just killed may take a moment to go
      pause(PAUSE_MS)
      continue
    } else if (isAlive(holder)) {
      const here = relationOf(holder) === 'here'
      const where =
        !here && holder.host === self.host ? `, in another container or on another machine of that name` : ''
      throw new StoreInUse(
        `is in use by process ${holder.pid} on ${holder.host}${where}`,
        path,
        here ? `Wait for it${instead && ', '}${instead}.` : `If that process is gone, delete ${file}.`,
      )
    }
    removeStale(file, found)
  }
  throw new DataError('cannot be locked: others take and leave the lock all the time', path)
}

/** Locks of this process: an end that waits for nothing (a signal) gives them back, or a start on another host would wait for ever. */
const releases = new Set<() => void>()
let watched = false
function releaseAtExit(release: () => void): void {
  releases.add(release)
  if (watched) return
  watched = true
  process.on('exit', () => {
    for (const each of releases) each()
  })
}

/** What a file system does not take away ends no command that has done its work: the next one finds that its process is gone. */
function takeAway(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch {}
}

/** What a file system without hard links says. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'])

/**
 * Makes the lock with all that it says, or not at all: a process that is stopped between creating and writing one would leave an empty lock,
 * which another takes for that of a process that died there.
 */
function create(file: string, text: string): void {
  const own = passingName(file, 'new')
  try {
    writeFileSync(own, text)
    linkOrWrite(own, file, text)
  } finally {
    // also where the disk is full: then it is there, and empty
    takeAway(own)
  }
}

function linkOrWrite(own: string, file: string, text: string): void {
  try {
    linkSync(own, file)
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    try {
      writeFileSync(file, text, { flag: 'wx' })
    } catch (full) {
      // made, but not written: another would wait for what never comes
      if ((full as NodeJS.ErrnoException).code !== 'EEXIST') takeAway(file)
      throw full
    }
  }
}

const PAUSE_MS = 20
const ALIVE_TRIES = 25
const pause = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

const isEarlierStart = (holder: Holder, self: Holder): boolean =>
  holder.task !== null && holder.task === self.task && relationOf(holder) === 'elsewhere'

function isAlive(holder: Holder): boolean {
  const { pid, started } = holder
  const relation = relationOf(holder)
  if (relation !== 'here') return relation === 'elsewhere'
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const now = processOf(pid)
  // A killed process that nobody has waited for yet (Z), or that is being taken down (X), writes no more.
  if (now?.state === 'Z' || now?.state === 'X') return false
  return started === null || now === null || now.started === started
}

/** Moves the stale lock aside before deleting it: if another process was faster, its new lock is put back (never over a third one). */
function removeStale(file: string, stale: string): void {
  const aside = passingName(file, 'stale')
  try {
    renameSync(file, aside)
  } catch {
    return
  }
  try {
    if (readOrNull(aside) !== stale) linkSync(aside, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    takeAway(aside)
  }
}

/** null where it is gone by now. @throws DataError for what is no lock: it would never go */
function contentOf(file: string): string | null {
  try {
    return regularText(file)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    // a link to nothing is not made by link(2) either
    if (code === 'ENOENT' && lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return null
    const what = code === 'ENOENT' ? 'is a link to nothing' : systemWords(cause)
    throw new DataError(`${what}, and a lock belongs there`, file, 'Delete it if nothing writes there.', { cause })
  }
}

function readOrNull(file: string): string | null {
  try {
    return regularText(file)
  } catch {
    return null
  }
}

function parseHolder(text: string): Holder | null {
  try {
    const { pid, host, started, task, boot, pidSpace, machine } = JSON.parse(text) as Partial<Holder>
    return typeof pid === 'number' && typeof host === 'string'
      ? {
          pid,
          host,
          started: started ?? null,
          task: task ?? null,
          // an earlier version did not write them
          boot: boot ?? null,
          pidSpace: pidSpace ?? null,
          machine: machine ?? null,
        }
      : null
  } catch {
    return null
  }
}

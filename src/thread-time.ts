import { openSync, readFileSync, readlinkSync, readSync } from 'node:fs'

/**
 * Processor time of threads, in milliseconds. Limits of computing are counted in it, so that a busy machine refuses what an idle one
 * refuses. Linux has it for every thread. Elsewhere the time of the whole process stands for it: no less than a thread's, and it does not
 * run while other processes have the cores either.
 */
export interface ThreadClock {
  /** The thread's number for the system, by which any thread of this process reads the same clock (`timeOfThread`); 0: the whole process's. */
  readonly thread: number
  read(): number
}

/** Clock ticks of /proc: USER_HZ, 100 on every architecture that Node runs on. */
const TICK_MS = 10
/** `ns on a core, ns waiting for one, times`; kernels without statistics of the scheduler say 0. */
const ran = (schedstat: string): number => Number(/^[1-9]\d*/.exec(schedstat)?.[0] ?? Number.NaN) / 1e6
/** Fields 14 and 15: in ticks, as a program and in the kernel. */
function ticks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}
const FILES = [
  ['schedstat', ran],
  ['stat', ticks],
] as const

/** The clock of the thread that calls; a reading takes some microseconds. @param proc where Linux shows its threads */
export function threadClock(proc = '/proc'): ThreadClock {
  const thread = ownNumber(proc)
  for (const [name, time] of thread === 0 ? [] : FILES) {
    try {
      // stays open: the thread's end closes it
      const file = openSync(`${proc}/self/task/${thread}/${name}`, 'r')
      const buffer = Buffer.alloc(1024)
      const read = (): number => time(buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0)))
      if (Number.isFinite(read())) return { thread, read }
    } catch {
      // the next one
    }
  }
  return { thread: 0, read: processTime }
}

/** The same, opened once: for whoever asks again and again. */
export function ownClock(): ThreadClock {
  own ??= threadClock()
  return own
}
let own: ThreadClock | null = null

/** What another thread's clock shows; NaN where it has ended. */
export function timeOfThread(thread: number, proc = '/proc'): number {
  if (thread === 0) return processTime()
  for (const [name, time] of FILES) {
    try {
      const read = time(readFileSync(`${proc}/self/task/${thread}/${name}`, 'latin1'))
      if (Number.isFinite(read)) return read
    } catch {
      // the next one
    }
  }
  return Number.NaN
}

function ownNumber(proc: string): number {
  try {
    return Number(/\d+$/.exec(readlinkSync(`${proc}/thread-self`))?.[0] ?? 0)
  } catch {
    return 0
  }
}

function processTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

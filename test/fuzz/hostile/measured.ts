import { readFileSync } from 'node:fs'
import { type Command, start } from '../../command.ts'

export interface Measured {
  readonly code: number | null
  readonly text: string
  /** Processor time of all threads, s; largest resident size, MiB. null where the system does not say. */
  readonly cpuS: number | null
  readonly largestMiB: number | null
}
/** Clock ticks of /proc, one hundredth of a second on every Linux. */
const TICKS = 100

/** Runs a bin to its end, with an eye on what it takes. One that does not end is ended after a minute. */
export async function measured(command: Command, args: readonly string[]): Promise<Measured> {
  const { child, done } = start(command, args)
  let cpuS: number | null = null
  let largestMiB: number | null = null
  const look = (): void => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      const peak = /VmHWM:\s+(\d+) kB/.exec(status)
      if (peak !== null) largestMiB = Math.round(Number(peak[1]) / 1024)
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
      cpuS = (Number(fields[11]) + Number(fields[12])) / TICKS
    } catch {
      // it has ended, or there is no /proc
    }
  }
  const watch = setInterval(look, 15)
  const end = setTimeout(() => child.kill('SIGKILL'), 120_000)
  const { code, stdout, stderr } = await done
  clearInterval(watch)
  clearTimeout(end)
  return { code, text: stdout + stderr, cpuS, largestMiB }
}

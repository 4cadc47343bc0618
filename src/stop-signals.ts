import { isatty } from 'node:tty'

/** What asks a process to end: from a terminal, from a scheduler, and when a terminal closes. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

type Decide = (signal: NodeJS.Signals) => void
const deciding: Decide[] = []

/** A terminal on one of the three streams when the process started; one that has closed is none any more. */
const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
let hungUp = false
let onIgnored: (() => void) | null = null

/**
 * From now on this says what a SIGINT, SIGTERM or SIGHUP does, in place of whoever asked before; what is returned gives the say back.
 * Listeners that packages bring with them count for nothing: signal-exit, below proper-lockfile, has one from the moment it is loaded, and
 * leaves the signal to others as soon as there are others.
 *
 * A SIGHUP counts where a terminal closes, once (a shell and the system send one each), and in the first process of a container, which
 * would ignore it (pid_namespaces(7)). A process without a terminal goes on: so does whatever `nohup` starts, but node takes back that
 * SIGHUP is ignored when it starts, so that a run under `nohup` ended with its terminal.
 */
export function onStopSignal(decide: Decide): () => void {
  if (deciding.length === 0) for (const signal of SIGNALS) process.on(signal, dispatch)
  deciding.push(decide)
  return () => {
    const at = deciding.lastIndexOf(decide)
    if (at < 0) return
    deciding.splice(at, 1)
    if (deciding.length === 0) for (const signal of SIGNALS) process.off(signal, dispatch)
  }
}

/** Called at the first SIGHUP that a process without a terminal goes on after. */
export function onHangUpIgnored(say: () => void): void {
  onIgnored = say
}

const dispatch: Decide = (signal) => {
  if (signal === 'SIGHUP') {
    if (hungUp) return
    hungUp = true
    if (!hasTerminal && process.pid !== 1) return onIgnored?.()
    if (hasTerminal) process.once('exit', endByHangUp)
  }
  deciding.at(-1)?.(signal)
}

/** Node aborts, with a core file, where it finds at its end that the terminal is gone whose settings it wants to put back. */
function endByHangUp(): void {
  process.removeAllListeners('SIGHUP')
  process.kill(process.pid, 'SIGHUP')
}

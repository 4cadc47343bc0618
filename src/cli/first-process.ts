import { constants } from 'node:os'

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * The first process of a container ignores every signal that it has no handler for (pid_namespaces(7)): a stop would wait for SIGKILL. There
 * this ends the process as the signal would have, unless the command itself listens for it; elsewhere nothing is done.
 */
export function endOnSignals(pid: number = process.pid): void {
  if (pid !== 1) return
  for (const signal of SIGNALS)
    process.on(signal, () => {
      if (process.listenerCount(signal) === 1) process.exit(128 + constants.signals[signal])
    })
}

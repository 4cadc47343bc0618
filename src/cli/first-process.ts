import { constants } from 'node:os'

/**
 * The first process of a container ignores every signal that it has no handler for (pid_namespaces(7)). SIGINT and SIGTERM have one in every
 * command (`runMain`); a hang-up ends the process there as it does elsewhere by itself.
 */
export function endOnHangUp(pid: number = process.pid): void {
  if (pid === 1) process.on('SIGHUP', () => process.exit(128 + constants.signals.SIGHUP))
}

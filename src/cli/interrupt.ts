import { onStopSignal } from '../stop-signals.ts'
import type { Log } from './log.ts'

export interface Interrupt {
  readonly stopped: () => boolean
  dispose(): void
}

/** The first Ctrl-C finishes the batch in hand, the second ends at once. */
export function watchInterrupt(log: Log): Interrupt {
  let stopped = false
  const dispose = onStopSignal(() => {
    if (stopped) process.exit(130)
    stopped = true
    log.warn('interrupted: stopping after the batch in hand; once more ends at once')
  })
  return { stopped: () => stopped, dispose }
}

import { onStopSignal } from '../stop-signals.ts'

/** The first SIGINT or SIGTERM, for a command that runs until it is told to stop. */
export interface StopSignal {
  readonly received: Promise<NodeJS.Signals>
  readonly stopped: () => boolean
  dispose(): void
}

/** Waits for a signal; a second one of either kind ends the process at once (130), as a second Ctrl-C does elsewhere. */
export function watchStop(): StopSignal {
  let stopped = false
  let resolve: (signal: NodeJS.Signals) => void
  const received = new Promise<NodeJS.Signals>((done) => {
    resolve = done
  })
  const dispose = onStopSignal((signal) => {
    if (stopped) process.exit(130)
    stopped = true
    resolve(signal)
  })
  return { received, stopped: () => stopped, dispose }
}

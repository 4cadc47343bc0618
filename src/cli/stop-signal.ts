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
  const listener = (signal: NodeJS.Signals): void => {
    if (stopped) process.exit(130)
    stopped = true
    resolve(signal)
  }
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.on(signal, listener)
  return {
    received,
    stopped: () => stopped,
    dispose() {
      for (const signal of signals) process.off(signal, listener)
    },
  }
}

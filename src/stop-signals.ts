/** What asks a process to end, from a terminal and from a scheduler. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const

type Decide = (signal: NodeJS.Signals) => void
const deciding: Decide[] = []

/**
 * From now on this says what a SIGINT or SIGTERM does, in place of whoever asked before; what is returned gives the say back. Listeners
 * that packages bring with them count for nothing: signal-exit, below proper-lockfile, has one from the moment it is loaded, and leaves
 * the signal to others as soon as there are others.
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

const dispatch: Decide = (signal) => deciding.at(-1)?.(signal)

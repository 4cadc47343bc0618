import '../no-telemetry.ts'
import { onStopSignal } from '../stop-signals.ts'

/**
 * Starts a bin. This module and what it imports are a few lines: SIGINT and SIGTERM are ours before anything else is loaded, and what came
 * while the command's modules were read (0.1 to 0.6 s) is answered as one that comes later: 130, with what is kept.
 * @param bin the command as the user called it
 * @param load the command's main function, which returns the exit code; its modules are loaded here
 */
export async function start(
  bin: string,
  load: () => Promise<(argv: readonly string[]) => Promise<number>>,
): Promise<void> {
  let early: NodeJS.Signals | null = null
  let done = false
  // never given back, or a signal between this and the next one who asks would end the process by itself
  onStopSignal((signal) => {
    // everything is written, and said: what still keeps the process is not waited for
    if (done) process.exit()
    early ??= signal
  })
  const { runMain } = await import('./fail.ts')
  await runMain(bin, async () => (await load())(process.argv.slice(2)), early)
  done = true
}

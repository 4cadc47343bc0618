import '../no-telemetry.ts'
import { onStopSignal } from '../stop-signals.ts'

/**
 * Starts a bin. This module and what it imports are a few lines: SIGINT, SIGTERM and SIGHUP are ours before anything else is loaded, and what came
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
  const argv = process.argv.slice(2)
  await runMain(bin, asksVersion(bin, argv) ? printVersion : async () => (await load())(argv), early)
  done = true
}

/** `--version` and nothing else but the command's own name: no module of the command is needed. Beside other flags it is the parser's. */
function asksVersion(bin: string, argv: readonly string[]): boolean {
  const flags = bin.startsWith('chemherm ') ? argv.slice(1) : argv
  return flags.length === 1 && flags[0] === '--version'
}

async function printVersion(): Promise<number> {
  const [{ packageVersion }, { printText }] = await Promise.all([import('../package.ts'), import('./screen.ts')])
  printText(`${packageVersion}\n`)
  return 0
}

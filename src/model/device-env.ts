import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { bindingFolder, CUDA_PROVIDER, cudaLibraryFolders, hasNvidiaDriver } from './device-libraries.ts'

/** Set in the second start, so that there is no third. */
const AGAIN = 'CHEMHERM_REEXEC'

/**
 * The environment that CUDA's libraries need, or null where this process is fine as it is. The loader reads
 * LD_LIBRARY_PATH once, when node starts, so setting it later changes nothing; and what process.dlopen loads,
 * it closes again.
 */
export function cudaEnvironment(
  device: string,
  env: NodeJS.ProcessEnv = process.env,
  providers: string = bindingFolder(),
): NodeJS.ProcessEnv | null {
  if (process.platform !== 'linux' || env[AGAIN] !== undefined) return null
  const wanted = /^cuda(:\d+)?$/.test(device) || (device === 'auto' && hasNvidiaDriver())
  if (!wanted || !existsSync(join(providers, CUDA_PROVIDER))) return null
  const present = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter((path) => path !== '')
  const absent = cudaLibraryFolders(env).filter((folder) => !present.includes(folder))
  if (absent.length === 0) return null
  return { ...env, LD_LIBRARY_PATH: [...absent, ...present].join(delimiter), [AGAIN]: '1' }
}

/**
 * Call first thing in a bin and await it. Where CUDA's libraries are not on this process's path, the same command is
 * started again with them; this process then only passes signals on and ends as the second one does: the promise never
 * resolves. Elsewhere it resolves at once.
 */
export async function reexecWithCudaLibraries(
  device: string,
  argv: readonly string[] = process.argv.slice(1),
): Promise<void> {
  const env = cudaEnvironment(device)
  if (env !== null) await runInstead(argv, env)
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const

/** Runs node with these arguments in place of this process: same streams, signals, exit code. Never resolves. */
export function runInstead(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<never> {
  const child = spawn(process.execPath, [...process.execArgv, ...argv], { stdio: 'inherit', env })
  for (const signal of SIGNALS)
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both processes: passed on as well, the run would take it for a second, impatient one.
      const fromTerminal = (signal === 'SIGINT' || signal === 'SIGQUIT') && process.stdin.isTTY
      if (!fromTerminal) child.kill(signal)
    })
  return new Promise<never>((_, reject) => {
    child.once('error', reject)
    // A child that a signal killed counts as 128 + its number, as in a shell.
    child.once('exit', (code, signal) => process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal])))
  })
}

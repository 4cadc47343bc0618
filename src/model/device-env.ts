import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { onStopSignal } from '../stop-signals.ts'
import { bindingFolder, CUDA_PROVIDER, cudaLibraryFolders, hasNvidiaDriver } from './device-libraries.ts'
import type { FloatProducts } from './device-probe.ts'

/** Set in the second start, so that there is no third. */
const AGAIN = 'CHEMHERM_REEXEC'

/** cuBLAS and cuDNN never use TF32 where this is 0, whatever a program asks of them. ONNX Runtime asks for it by default. */
const TF32 = 'NVIDIA_TF32_OVERRIDE'

/**
 * The environment that CUDA needs, or null where this process is fine as it is: its libraries on the loader's path, and TF32
 * forbidden unless it was asked for by name (ONNX Runtime's Node binding passes a provider no option but the device). The loader
 * reads LD_LIBRARY_PATH once, when node starts, so setting it later changes nothing; and what process.dlopen loads, it closes again.
 * @param products how the run's dtype wants float32 numbers multiplied. NVIDIA_TF32_OVERRIDE=0 of the user's own stays with TF32,
 *   too: the device's probe then refuses the run.
 */
export function cudaEnvironment(
  device: string,
  products: FloatProducts,
  env: NodeJS.ProcessEnv = process.env,
  providers: string = bindingFolder(),
): NodeJS.ProcessEnv | null {
  if (process.platform !== 'linux' || env[AGAIN] !== undefined) return null
  const wanted = /^cuda(:\d+)?(,|$)/.test(device) || (device === 'auto' && hasNvidiaDriver())
  if (!wanted || !existsSync(join(providers, CUDA_PROVIDER))) return null
  const present = (env.LD_LIBRARY_PATH ?? '').split(delimiter).filter((path) => path !== '')
  const absent = cudaLibraryFolders(env).filter((folder) => !present.includes(folder))
  const forbid = products === 'fp32' && env[TF32] !== '0'
  if (absent.length === 0 && !forbid) return null
  return {
    ...env,
    ...(absent.length > 0 && { LD_LIBRARY_PATH: [...absent, ...present].join(delimiter) }),
    ...(forbid && { [TF32]: '0' }),
    [AGAIN]: '1',
  }
}

/**
 * Call first thing in a bin and await it. Where this process's environment is not what CUDA needs, the same command is
 * started again with one that is; this process then only passes signals on and ends as the second one does: the promise never
 * resolves. Elsewhere it resolves at once.
 */
export async function reexecForCuda(
  device: string,
  products: FloatProducts,
  argv: readonly string[] = process.argv.slice(1),
): Promise<void> {
  const env = cudaEnvironment(device, products)
  if (env !== null) await runInstead(argv, env)
}

/** Beside those that ask to end. */
const OTHER_SIGNALS = ['SIGQUIT', 'SIGUSR2'] as const

/** Runs node with these arguments in place of this process: same streams, signals, exit code. Never resolves. */
export function runInstead(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<never> {
  const child = spawn(process.execPath, [...process.execArgv, ...argv], { stdio: 'inherit', env })
  const pass = (signal: NodeJS.Signals): void => {
    // A terminal sends Ctrl-C to both processes: passed on as well, the run would take it for a second, impatient one.
    const fromTerminal = (signal === 'SIGINT' || signal === 'SIGQUIT') && process.stdin.isTTY
    if (!fromTerminal) child.kill(signal)
  }
  onStopSignal(pass)
  for (const signal of OTHER_SIGNALS) process.on(signal, pass)
  return new Promise<never>((_, reject) => {
    child.once('error', reject)
    // A child that a signal killed counts as 128 + its number, as in a shell.
    child.once('exit', (code, signal) => process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal])))
  })
}

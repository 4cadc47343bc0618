import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import pLimit from 'p-limit'
import { vi } from 'vitest'
import { nameOf } from '../src/cli/command.ts'
import { runMain } from '../src/cli/fail.ts'
import { packagePath } from '../src/package.ts'

/**
 * The commands as users call them. `call` runs one in this process, by the same path as its bin (`runMain`), which costs no start of
 * Node; `start` runs the compiled bin (`npm test` builds first) in a process of its own, for what only a process shows: signals, locks,
 * pipes, two runs at once, and that the bins start at all.
 */
type Main = (argv: readonly string[]) => Promise<number>
const MAINS = {
  'run-rm': async (): Promise<Main> => {
    const { runModel } = await import('../src/cli/run-model.ts')
    return (argv) => runModel('run-rm', argv)
  },
  'run-dpo': async (): Promise<Main> => {
    const { runModel } = await import('../src/cli/run-model.ts')
    return (argv) => runModel('run-dpo', argv)
  },
  'run-verify': async (): Promise<Main> => (await import('../src/cli/run-verify.ts')).runVerify,
  'run-process': async (): Promise<Main> => (await import('../src/cli/process/run-process.ts')).runProcess,
  'run-generate': async (): Promise<Main> => (await import('../src/cli/generate/run-generate.ts')).runGenerate,
  'make-pairs': async (): Promise<Main> => (await import('../src/cli/make/make-pairs.ts')).makePairs,
  analyze: async (): Promise<Main> => (await import('../scripts/commands/analyze.ts')).analyze,
  'submit-eval-jobs': async (): Promise<Main> =>
    (await import('../scripts/commands/submit-eval-jobs.ts')).submitEvalJobs,
  'serve-rewards': async (): Promise<Main> => (await import('../scripts/commands/serve-rewards.ts')).serveRewards,
  'verify-results': async (): Promise<Main> => (await import('../scripts/commands/verify-results.ts')).verifyResults,
  models: async (): Promise<Main> => (await import('../scripts/commands/models.ts')).models,
  'setup-cuda': async (): Promise<Main> => (await import('../scripts/commands/setup-cuda.ts')).setupCuda,
  chemherm: async (): Promise<Main> => (await import('../scripts/commands/chemherm.ts')).chemherm,
} as const
export type Command = keyof typeof MAINS
export type Env = Readonly<Record<string, string>>

export interface Done {
  /** null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}
export interface Started {
  readonly child: ChildProcess
  readonly done: Promise<Done>
}

/** The environment without anything of the caller's that changes a run. */
const clean = (env: Env): Env => ({ PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env })
const binOf = (command: Command): string => packagePath('dist/scripts', `${command}.js`)

/** Starts a bin. */
export const start = (command: Command, args: readonly string[], env: Env = {}): Started =>
  startFile(binOf(command), args, env)

/** Starts a compiled script. */
export function startFile(file: string, args: readonly string[], env: Env = {}): Started {
  const child = spawn(process.execPath, [file, ...args], {
    env: clean(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  return { child, done: once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr })) }
}

/** One at a time: arguments, environment, output and exit code are the process's. */
const turn = pLimit(1)

/**
 * Calls a command in this process. While it runs, `beside` may use it (a server that answers); it gets what was printed so far.
 * @throws where the command has a bug (exit code 1), with its stack
 */
export function call(
  command: Command,
  args: readonly string[],
  env: Env = {},
  beside?: (printed: () => string, ended: Promise<void>) => Promise<void>,
): Promise<Done> {
  return turn(async () => {
    const main = await MAINS[command]()
    const restore = takeProcess([process.execPath, binOf(command), ...args], clean(env))
    const printed = { stdout: '', stderr: '' }
    const spies = (['stdout', 'stderr'] as const).map((stream) =>
      vi.spyOn(process[stream], 'write').mockImplementation((text) => {
        printed[stream] += typeof text === 'string' ? text : Buffer.from(text).toString()
        return true
      }),
    )
    let code: number
    try {
      const ended = runMain(command === 'chemherm' ? nameOf(args) : command, () => main(args))
      await Promise.all([ended, beside?.(() => printed.stdout, ended)])
      code = Number(process.exitCode)
    } finally {
      for (const spy of spies) spy.mockRestore()
      restore()
    }
    if (code === 1) throw new Error(printed.stderr)
    return { code, ...printed }
  })
}

/** What the test runner itself reads. */
const RUNNERS_OWN = /^(VITEST|NODE|TMPDIR$|TEMP$|TMP$|TEST$|DEV$|PROD$|SSR$|MODE$|BASE_URL$)/

/** Gives this process a command's arguments and environment; returns what gives it its own back. */
function takeProcess(argv: string[], env: Env): () => void {
  const { argv: ownArgv, exitCode } = process
  const ownEnv = { ...process.env }
  const streams = [process.stdout, process.stderr]
  const listeners = streams.map((stream) => stream.listeners('error'))
  for (const name of Object.keys(process.env)) if (!RUNNERS_OWN.test(name)) delete process.env[name]
  Object.assign(process.env, env)
  process.argv = argv
  return () => {
    process.argv = ownArgv
    process.exitCode = exitCode
    for (const name of Object.keys(env)) delete process.env[name]
    Object.assign(process.env, ownEnv)
    // runMain's own, which a process would take with it
    for (const [i, stream] of streams.entries())
      for (const listener of stream.listeners('error'))
        if (!listeners[i]!.includes(listener)) stream.off('error', listener as (error: Error) => void)
  }
}

import { HarnessError } from '../errors.ts'

/** Runs a bin's main function: its exit code, or one clear message and the code of the error family, or a bug with its stack. */
export async function runMain(bin: string, main: () => Promise<number>): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)
  try {
    process.exitCode = await main()
  } catch (error) {
    const json = asksForJson(process.argv.slice(2))
    process.exitCode = explain(bin, error, (text) => process.stderr.write(text), json)
  }
}

/** `run-rm … | head`: who reads no further does not stop a run, whose results are files. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

/** `--log-format json`; flags may be what is wrong, so that they are not parsed here. */
const asksForJson = (argv: readonly string[]): boolean => /(^| )--log[-_]format[= ]json( |$)/.test(argv.join(' '))

/** Writes what went wrong and returns the exit code. Expected trouble prints a message, a bug its stack. */
export function explain(bin: string, error: unknown, write: (text: string) => void, json = false): number {
  if (json) {
    const expected = error instanceof HarnessError
    const { where, hint, exitCode } = expected ? error : { where: null, hint: null, exitCode: 1 }
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    write(`${JSON.stringify({ level: 'error', message, where, hint, exitCode, ...(!expected && { stack }) })}\n`)
    return exitCode
  }
  if (error instanceof HarnessError) {
    write(`${bin}: ${error.where}: ${error.message}\n`)
    if (error.hint !== null) write(`  ${error.hint}\n`)
    return error.exitCode
  }
  write(`${bin}: a bug in chemherm, please report it:\n${error instanceof Error ? error.stack : String(error)}\n`)
  return 1
}

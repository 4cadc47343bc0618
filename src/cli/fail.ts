import { HarnessError } from '../errors.ts'

/** Runs a bin's main function: its exit code, or one clear message and the code of the error family, or a bug with its stack. */
export async function runMain(bin: string, main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main()
  } catch (error) {
    process.exitCode = explain(bin, error, (text) => process.stderr.write(text))
  }
}

/** Writes what went wrong and returns the exit code. Expected trouble prints a message, a bug its stack. */
export function explain(bin: string, error: unknown, write: (text: string) => void): number {
  if (error instanceof HarnessError) {
    write(`${bin}: ${error.where}: ${error.message}\n`)
    if (error.hint !== null) write(`  ${error.hint}\n`)
    return error.exitCode
  }
  write(`${bin}: a bug in chemherm, please report it:\n${error instanceof Error ? error.stack : String(error)}\n`)
  return 1
}

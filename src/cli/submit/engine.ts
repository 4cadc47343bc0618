import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { UsageError } from '../../errors.ts'

/** A program of the engine could not do what was asked. */
export class EngineError extends UsageError {}

/** Runs a program of the engine, without a shell. @throws EngineError with what it said */
export async function engineCall(
  program: string,
  args: readonly string[],
  hint: string | null = null,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 })
    return stdout
  } catch (cause) {
    const { code, stderr = '', message } = cause as NodeJS.ErrnoException & { stderr?: string }
    if (code === 'ENOENT')
      throw new EngineError('is not there', program, hint ?? 'Call this where the jobs can be submitted.', { cause })
    throw new EngineError(stderr.trim() || message, `${program} ${args[0] ?? ''}`.trim(), hint, { cause })
  }
}

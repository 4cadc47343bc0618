import { DataError } from '../../errors.ts'
import { type Lock, StoreInUse, takeLock } from '../../store/lock.ts'
import { isSystemError, unwrittenWords } from '../../system-words.ts'

/**
 * Does something while this process has `<output>.lock`: of two calls that write one file the second is refused.
 * @throws StoreInUse naming the other process; DataError where no file can be written there
 */
export async function lockedOutput<T>(output: string, action: () => Promise<T>): Promise<T> {
  const lock = taken(output)
  try {
    return await action()
  } finally {
    lock.release()
  }
}

function taken(output: string): Lock {
  try {
    return takeLock(output, 'or name another --output')
  } catch (error) {
    if (error instanceof StoreInUse) throw error
    const { cause } = error as DataError
    if (!isSystemError(cause)) throw error
    throw new DataError(unwrittenWords(cause), output, 'Choose another --output.', { cause })
  }
}

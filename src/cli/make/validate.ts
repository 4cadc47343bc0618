import { UsageError } from '../../errors.ts'

export function validatePairs(..._: readonly unknown[]): Promise<number> {
  throw new UsageError('comes with the next commit', 'validate')
}

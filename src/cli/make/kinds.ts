import { UsageError } from '../../errors.ts'

export function listKinds(..._: readonly unknown[]): Promise<number> {
  throw new UsageError('comes with the next commit', 'kinds')
}

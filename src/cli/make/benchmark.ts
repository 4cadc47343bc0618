import { UsageError } from '../../errors.ts'

export function makeBenchmark(..._: readonly unknown[]): Promise<number> {
  throw new UsageError('comes with the next commit', 'benchmark')
}

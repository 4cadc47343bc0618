import { availableParallelism } from 'node:os'
import type { BootstrapSettings } from '../agreement/intervals.ts'
import { type DistantPair, type Sensitivity, sensitivity } from '../agreement/invariance/sensitivity.ts'
import { builtUrl } from '../package.ts'
import { answerOfThread } from './thread.ts'

/** What the thread reads: a copy. */
export interface SensitivityWork {
  readonly pairs: readonly DistantPair[]
  readonly settings: BootstrapSettings
}

/** Fewer pairs are done before a thread has started. */
const FEW_PAIRS = 5_000
/** More take too much memory as a copy; the molecules of so many are not compared, either. */
const MANY_PAIRS = 50_000

/** `sensitivity` in a thread of its own, beside the other statistics. Where that dies, this thread works it out. @param threads 1 = none but this one */
export async function sensitivityBeside(
  pairs: readonly DistantPair[],
  settings: BootstrapSettings,
  {
    threads = availableParallelism(),
    fewPairs = FEW_PAIRS,
    worker = builtUrl('src/statistics/sensitivity-worker.ts'),
  }: { readonly threads?: number; readonly fewPairs?: number; readonly worker?: URL } = {},
): Promise<Sensitivity> {
  if (threads === 1 || pairs.length < fewPairs || pairs.length > MANY_PAIRS) return sensitivity(pairs, settings)
  const work: SensitivityWork = { pairs, settings }
  return answerOfThread<Sensitivity>(worker, work).catch(() => sensitivity(pairs, settings))
}

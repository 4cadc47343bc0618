import { textTable } from '../../report/table.ts'
import type { JobPlan, JobRun } from './plan.ts'

/** What each run of a plan asks for, and what that rests on. */
export const planTable = ({ runs }: JobPlan): string =>
  textTable(
    [
      'run',
      'shards',
      'rows',
      'tokens of the heaviest shard',
      'tokens/s',
      'time',
      'limit',
      'memory per shard',
      'memory of the merge',
    ],
    runs.map((run) => [
      run.name,
      String(run.shards),
      ...workOf(run),
      run.time ?? '–',
      run.memory,
      run.shards === 1 ? '–' : run.wholeMemory,
    ]),
  )

function workOf({ estimate }: JobRun): string[] {
  if (typeof estimate === 'string') return ['–', '–', '–', '–']
  const { rows, shardTokens, rate, seconds } = estimate
  return [
    rows.toLocaleString('en'),
    rate === null ? '–' : shardTokens.toLocaleString('en'),
    rate === null ? '–' : `${Math.round(rate.tokensPerSecond).toLocaleString('en')} (${rate.source})`,
    seconds === null ? '–' : `${Math.ceil(seconds / 60)} min`,
  ]
}

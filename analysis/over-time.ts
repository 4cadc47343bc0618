import { AGREEMENT_COLUMNS, agreementRow } from '../src/agreement/agreement.ts'
import { completionStatistics } from '../src/agreement/completions.ts'
import { type BootstrapSettings, streamOf } from '../src/agreement/intervals.ts'
import { isRecord } from '../src/is-record.ts'
import type { Cell } from '../src/report/csv.ts'
import { idOfKey } from './keys.ts'
import type { Run } from './runs.ts'

/** Whether a server wrote the run: its rows stand in the order in which they were asked for, and more may come. */
export const isServed = ({ manifest }: Pick<Run, 'manifest'>): boolean =>
  isRecord(manifest) && isRecord(manifest.served)

export const OVER_TIME_COLUMNS = [
  'scorer',
  'part',
  'first_id',
  'last_id',
  ...AGREEMENT_COLUMNS.filter((name) => name !== 'scope' && name !== 'subset'),
] as const

/** Parts of a training; fewer where there are not so many rows for each. */
const PARTS = 10
const LEAST_ROWS = 20

/**
 * The agreement of a served model and the verifier over time: its rows, in the order in which they were asked for, in ten parts of equal size,
 * with the statistics of agreement.csv's completions for each. A request is not divided. None where there are fewer than 40 rows, or the run
 * is not a server's.
 */
export function overTimeRows(run: Run, settings: BootstrapSettings): Cell[][] {
  if (!isServed(run)) return []
  const { completions } = run
  const { n, key } = completions
  const count = Math.min(PARTS, Math.floor(n / LEAST_ROWS))
  if (count < 2) return []
  const request = (row: number): string => idOfKey(key[row]!).split('.')[0]!
  const starts = Array.from({ length: count + 1 }, (_, p) => {
    let start = Math.round((p * n) / count)
    while (start > 0 && start < n && request(start) === request(start - 1)) start++
    return start
  })
  return starts.slice(0, -1).flatMap((start, p) => {
    const end = starts[p + 1]!
    if (end <= start) return []
    const rows = Int32Array.from({ length: end - start }, (_, i) => start + i)
    const subset = `part ${p + 1}`
    const own = streamOf(settings, subset, count)
    return completionStatistics({ columns: completions, rows, scope: 'over_time', subset, settings: own }).map(
      (statistic): Cell[] => {
        const [, , ...cells] = agreementRow(statistic)
        return [run.model, p + 1, idOfKey(key[start]!), idOfKey(key[end - 1]!), ...cells]
      },
    )
  })
}

import { AGREEMENT_COLUMNS, agreementRow } from '../src/agreement/agreement.ts'
import { completionStatistics } from '../src/agreement/completions.ts'
import { type BootstrapSettings, streamOf } from '../src/agreement/intervals.ts'
import { isRecord } from '../src/is-record.ts'
import type { Cell } from '../src/report/csv.ts'
import { percent, textTable } from '../src/report/table.ts'
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
  const request = (row: number): string => idOfKey(key.at(row)!).split('.')[0]!
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
        return [run.model, p + 1, idOfKey(key.at(start)!), idOfKey(key.at(end - 1)!), ...cells]
      },
    )
  })
}

/** The same for a terminal; null where there is none. */
export function overTimeText(dataset: string, rows: readonly (readonly Cell[])[]): string | null {
  if (rows.length === 0) return null
  const at = (row: readonly Cell[], name: (typeof OVER_TIME_COLUMNS)[number]): Cell =>
    row[OVER_TIME_COLUMNS.indexOf(name)]!
  const parts = new Map<string, (readonly Cell[])[]>()
  for (const row of rows) {
    const name = `${at(row, 'scorer')} ${at(row, 'part')}`
    parts.set(name, [...(parts.get(name) ?? []), row])
  }
  const lines = [...parts.values()].map((own) => {
    const value = (statistic: string): number | null => {
      const row = own.find((one) => at(one, 'statistic') === statistic)
      return row === undefined ? null : (at(row, 'value') as number | null)
    }
    const first = own[0]!
    return [
      String(at(first, 'scorer')),
      `${at(first, 'first_id')} – ${at(first, 'last_id')}`,
      percent(value('pass_rate')),
      value('auroc')?.toFixed(3) ?? '–',
      value('kendall_tau_b_within_prompt')?.toFixed(3) ?? '–',
    ]
  })
  return textTable([`${dataset}, over time`, 'requests', 'pass rate', 'AUROC', 'τ-b within a prompt'], lines)
}

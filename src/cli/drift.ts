import { type FormatDrift, formatDrift } from '../agreement/format-drift.ts'
import { collect, type Joined } from '../collect.ts'
import { DeviceError, ModelError } from '../errors.ts'
import { joinAll } from '../join.ts'
import { isFailure } from '../pairs/failure.ts'
import { drawRows } from '../setup/drift.ts'
import type { Store } from '../store/log.ts'
import type { Row, RowFailure } from '../types.ts'
import type { Log } from './log.ts'
import { measureRun } from './measuring.ts'
import type { OpenRun } from './scoring.ts'

/** A sample of the run's rows in float32. */
export interface ExactSample {
  readonly rows: number
  readonly joined: Pick<Joined, 'completions' | 'pairs'>
}

/**
 * Scores a sample of the rows in float32, after the run's own models are closed: two of them are never in memory together. What was measured
 * stays in the run's store. The reason in place of a sample where none is asked for or float32 cannot be had; null where the run is in float32.
 */
export async function exactSample(
  run: OpenRun,
  rows: () => AsyncIterable<Row | RowFailure>,
  store: Store,
): Promise<ExactSample | string | null> {
  const { drift, config, scorer, log } = run
  if (drift === null) return null
  if (drift.plan.reason !== null) return drift.plan.reason
  const ids = await drawRows(rows(), drift.plan.rows, config.seed)
  async function* sample(): AsyncGenerator<Row> {
    for await (const row of rows()) if (!isFailure(row) && ids.has(row.id)) yield row
  }
  let completions = 0
  for await (const row of sample()) completions += row.completions.length
  log.info(`--drift: ${ids.size} rows are scored in fp32, too`)
  try {
    const { ledger } = await measureRun({
      ...run,
      subjects: drift.subjects,
      rows: sample,
      completions,
      store,
      verifier: null,
      task: 'scoring in fp32',
    })
    const joined = await collect(joinAll({ rows: sample, store, ledger }, scorer), { scored: true })
    return { rows: ids.size, joined }
  } catch (error) {
    if (!(error instanceof DeviceError) && !(error instanceof ModelError)) throw error
    return `fp32 could not be computed: ${error.message}`
  }
}

/** What stands in run.json and in the report. */
export type DriftRecord = { readonly against: 'fp32'; readonly dtype: string } & (
  | { readonly measured: false; readonly reason: string }
  | ({ readonly measured: true; readonly rows: number } & FormatDrift)
)

/** One line on screen. */
export function sayDrift(drift: DriftRecord, log: Log): void {
  const name = `drift of ${drift.dtype} against fp32`
  if (!drift.measured) return log.info(`${name}: not measured, ${drift.reason}`)
  const share = (value: number | null): string => (value === null ? '–' : `${(100 * value).toPrecision(2)} %`)
  const { completions, rmsShare, largestShare, flips, pairs, nearTies, atRisk, scoredPairs } = drift
  const scores = `${completions} scores move by ${share(rmsShare)} (rms) and at most ${share(largestShare)} of their spread`
  const are = (n: number): string => `${n} ${n === 1 ? 'is' : 'are'}`
  const turned = `${flips} of ${pairs} pairs ${flips === 1 ? 'flips' : 'flip'}, ${are(nearTies)} so near a tie that such a change can turn ${nearTies === 1 ? 'it' : 'them'}`
  const run = `of the run's ${scoredPairs} scored pairs ${are(atRisk ?? 0)} that near`
  log.info(`${name}, ${drift.rows} rows: ${scores}${pairs === 0 ? '' : `; ${turned}; ${run}`}`)
}

/** The drift of a run; null where it computes in float32. */
export function driftRecord(dtype: string, sample: ExactSample | string | null, joined: Joined): DriftRecord | null {
  if (sample === null) return null
  if (typeof sample === 'string') return { against: 'fp32', dtype, measured: false, reason: sample }
  return { against: 'fp32', dtype, measured: true, rows: sample.rows, ...formatDrift(joined, sample.joined) }
}

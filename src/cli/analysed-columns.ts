import { DIVIDING_COLUMN } from '../agreement/strata.ts'
import type { RunBin } from '../setup/option.ts'
import { DISTANCE_COLUMN } from './distances.ts'

/** Columns of the input that are no part of a row and that the statistics of pairs read. A distance is held against margins, which need a score. */
export function analysedColumns(bin: RunBin, pairs: number): readonly string[] {
  if (pairs === 0) return []
  return bin === 'run-verify' ? [DIVIDING_COLUMN] : [DIVIDING_COLUMN, DISTANCE_COLUMN]
}

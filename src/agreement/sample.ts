import type { CompletionColumns, PairColumns } from './columns.ts'
import type { BootstrapSettings } from './intervals.ts'
import type { Place } from './statistic.ts'

/** What a statistic is of: some rows of the columns, the scope and subset under which its lines stand, and how it is resampled. */
export interface Sample<Columns> extends Pick<Place, 'scope' | 'subset'> {
  readonly columns: Columns
  readonly rows: Int32Array
  readonly settings: BootstrapSettings
}
export type PairSample = Sample<PairColumns>
export type CompletionSample = Sample<CompletionColumns>

import { allRows, type Coded, CodeRows, type CompletionColumns, notAll, type PairColumns } from './columns.ts'
import { type BootstrapSettings, streamOf } from './intervals.ts'
import type { Place } from './statistic.ts'

/** What a statistic is of: some rows of the columns, the scope and subset under which its lines stand, and how it is resampled. */
export interface Sample<Columns> extends Pick<Place, 'scope' | 'subset'> {
  readonly columns: Columns
  readonly rows: Int32Array
  readonly settings: BootstrapSettings
}
export type PairSample = Sample<PairColumns>
export type CompletionSample = Sample<CompletionColumns>

/**
 * All rows and, where there are several subsets, those of each, with a random stream of its own. A sample is made when it is asked for: every
 * thread of the statistics has this list, and of 100,000 subsets the samples would take 35 MB.
 */
export class SubsetSamples<Columns extends { readonly n: number; readonly subset: Coded }> {
  readonly length: number
  readonly #columns: Columns
  readonly #scope: string
  readonly #settings: BootstrapSettings
  readonly #rows: CodeRows

  /** @param least samples where there is no row: none, or that of all rows, whose statistics say why they are absent */
  constructor(columns: Columns, scope: string, settings: BootstrapSettings, least: 0 | 1 = 1) {
    const { code, names } = columns.subset
    this.#columns = columns
    this.#scope = scope
    this.#settings = settings
    this.#rows = new CodeRows(code, names.length)
    this.length = columns.n === 0 ? least : names.length < 2 ? 1 : 1 + names.length
  }

  /** @param place 0 for all rows */
  at(place: number): Sample<Columns> {
    const [columns, scope, settings] = [this.#columns, this.#scope, this.#settings]
    const subset = this.subsetOf(place)
    if (place === 0) return { columns, rows: allRows(columns.n), scope, subset, settings }
    const { names } = columns.subset
    const stream = streamOf(settings, names[place - 1]!, names.length)
    return { columns, rows: this.#rows.of(place - 1), scope, subset, settings: stream }
  }
  subsetOf(place: number): string {
    return place === 0 ? 'all' : notAll(this.#columns.subset.names[place - 1]!)
  }
  sizeOf(place: number): number {
    return place === 0 ? this.#columns.n : this.#rows.sizeOf(place - 1)
  }
}

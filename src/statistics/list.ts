import { AGREEMENT_COLUMNS, type SampleStatistics } from '../agreement/agreement.ts'
import { type PackedParts, PackedRows } from '../report/packed-rows.ts'
import type { Statistic } from '../types.ts'

/** Lines of one sample: rows `from` to `end` (exclusive) of a thread's. */
export interface SampleRows {
  readonly scope: SampleStatistics['scope']
  /** Of the sample among those of its scope. */
  readonly place: number
  readonly from: number
  readonly end: number
}

/** What a thread has worked out of a run: lines of agreement.csv, and which sample each lot of them is of. */
export interface RunResult {
  readonly rows: PackedParts
  readonly samples: readonly SampleRows[]
}

/** Statistics of a run's samples, some 40 per subset, as memory of 60 bytes each; made when they are read. */
export class StatisticList implements Iterable<Statistic> {
  readonly length: number
  readonly #lots: readonly (SampleRows & { readonly rows: PackedRows })[]

  /**
   * @param made by several threads, in any order
   * @param scopes of the samples that are read, in this order, each by place
   */
  constructor(made: readonly RunResult[], scopes: readonly SampleRows['scope'][]) {
    const order = ({ scope }: SampleRows): number => scopes.indexOf(scope)
    this.#lots = made
      .flatMap(({ rows: parts, samples }) => {
        const rows = new PackedRows(AGREEMENT_COLUMNS.length, parts)
        return samples.filter((sample) => order(sample) !== -1).map((sample) => ({ ...sample, rows }))
      })
      .sort((a, b) => order(a) - order(b) || a.place - b.place)
    this.length = this.#lots.reduce((n, { from, end }) => n + end - from, 0)
  }

  *[Symbol.iterator](): Generator<Statistic> {
    for (const { rows, from, end } of this.#lots) for (let i = from; i < end; i++) yield statisticOf(rows.row(i))
  }
}

type Word = string | null
type Figure = number | null
function statisticOf(row: readonly (string | number | null)[]): Statistic {
  const [scope, subset, statistic, value, ciLow, ciHigh, ciMethod, n, clusters, ties, missing, reason] = row
  return {
    scope: scope as string,
    subset: subset as string,
    statistic: statistic as string,
    value: value as Figure,
    ciLow: ciLow as Figure,
    ciHigh: ciHigh as Figure,
    ciMethod: ciMethod as Word,
    n: n as number,
    clusters: clusters as number,
    ties: ties as number,
    missing: missing as number,
    reason: reason as Word,
  }
}

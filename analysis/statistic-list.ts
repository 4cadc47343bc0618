import { AGREEMENT_COLUMNS } from '../src/agreement/agreement.ts'
import { type PackedParts, PackedRows } from '../src/report/packed-rows.ts'
import type { Statistic } from '../src/types.ts'

/** Lines of one sample: rows `from` to `end` (exclusive) of a thread's. */
export interface SampleRows {
  readonly scope: 'pairs' | 'completions'
  /** Of the sample among those of its scope. */
  readonly place: number
  readonly from: number
  readonly end: number
}

/** Statistics of a run's columns, some 40 per subset, as memory of 60 bytes each; made when they are read. */
export class StatisticList implements Iterable<Statistic> {
  readonly length: number
  readonly #lots: readonly (SampleRows & { readonly rows: PackedRows })[]

  /** @param made by several threads, in any order; they are read in that of agreement.csv: pairs, completions, each by sample */
  constructor(made: readonly { readonly rows: PackedParts; readonly samples: readonly SampleRows[] }[]) {
    this.#lots = made
      .flatMap(({ rows: parts, samples }) => {
        const rows = new PackedRows(AGREEMENT_COLUMNS.length, parts)
        return samples.map((sample) => ({ ...sample, rows }))
      })
      .sort((a, b) => (a.scope === b.scope ? a.place - b.place : a.scope === 'pairs' ? -1 : 1))
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

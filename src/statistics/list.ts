import { AGREEMENT_COLUMNS, type SampleStatistics } from '../agreement/agreement.ts'
import { type PackedParts, PackedRows } from '../report/packed-rows.ts'
import type { LineKey, StatisticLines } from '../statistic-lines.ts'
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

/** Places of scope, subset and statistic among the columns. */
const [SCOPE, SUBSET, STATISTIC] = (['scope', 'subset', 'statistic'] as const).map((name) =>
  AGREEMENT_COLUMNS.indexOf(name),
) as [number, number, number]

/** Which rows of which thread a list has, in its order. */
interface Picked {
  readonly threads: readonly PackedRows[]
  readonly thread: Uint8Array
  readonly row: Int32Array
}

/** Statistics of a run's samples, some 40 per subset, as memory of 65 bytes each; made when they are read. */
export class StatisticList implements StatisticLines {
  readonly length: number
  readonly #picked: Picked

  private constructor(picked: Picked) {
    this.#picked = picked
    this.length = picked.row.length
  }

  /**
   * @param made by several threads, in any order
   * @param scopes of the samples that are read, in this order, each by place
   */
  static of(made: readonly RunResult[], scopes: readonly SampleRows['scope'][]): StatisticList {
    const order = ({ scope }: SampleRows): number => scopes.indexOf(scope)
    const lots = made
      .flatMap(({ samples }, thread) => samples.flatMap((sample) => (order(sample) === -1 ? [] : [{ sample, thread }])))
      .sort((a, b) => order(a.sample) - order(b.sample) || a.sample.place - b.sample.place)
    const length = lots.reduce((n, { sample: { from, end } }) => n + end - from, 0)
    const picked = {
      threads: made.map(({ rows }) => new PackedRows(AGREEMENT_COLUMNS.length, rows)),
      thread: new Uint8Array(length),
      row: new Int32Array(length),
    }
    let at = 0
    for (const { sample, thread } of lots)
      for (let row = sample.from; row < sample.end; row++, at++) {
        picked.thread[at] = thread
        picked.row[at] = row
      }
    return new StatisticList(picked)
  }

  where(is: (key: LineKey) => boolean): StatisticList {
    const { threads, thread, row } = this.#picked
    const kept = new Uint8Array(this.length)
    let length = 0
    for (let i = 0; i < kept.length; i++) {
      const rows = threads[thread[i]!]!
      const wordOf = (column: number): string => rows.cell(row[i]!, column) as string
      if (!is({ scope: wordOf(SCOPE), subset: wordOf(SUBSET), statistic: wordOf(STATISTIC) })) continue
      kept[i] = 1
      length++
    }
    const picked = { threads, thread: new Uint8Array(length), row: new Int32Array(length) }
    let at = 0
    for (let i = 0; i < kept.length; i++) {
      if (kept[i] === 0) continue
      picked.thread[at] = thread[i]!
      picked.row[at++] = row[i]!
    }
    return new StatisticList(picked)
  }

  *[Symbol.iterator](): Generator<Statistic> {
    const { threads, thread, row } = this.#picked
    for (let i = 0; i < this.length; i++) yield statisticOf(threads[thread[i]!]!.row(row[i]!))
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

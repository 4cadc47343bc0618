import { allRows, rowsByCode } from '../src/agreement/columns.ts'
import { passes } from '../src/agreement/completions.ts'
import { distributionRow, histogramRows, type ScoreGroup, separationRow } from '../src/agreement/distribution.ts'
import type { Cell } from '../src/report/csv.ts'
import type { Run } from './runs.ts'

/** Scores of chosen and rejected texts of pairs, and of passing and failing completions, overall and by subset. */
export function scoreGroups({ pairs, completions }: Run): ScoreGroup[][] {
  const scored = (values: ArrayLike<number>): Float64Array => Float64Array.from(values).filter((v) => !Number.isNaN(v))
  const of = (subset: string, rows: Int32Array, pairRows: Int32Array): ScoreGroup[] => {
    const group = (name: string, keep: (row: number) => boolean): ScoreGroup => ({
      subset,
      group: name,
      values: scored(Float64Array.from(rows.filter(keep), (i) => completions.score[i]!)),
    })
    return [
      { subset, group: 'chosen', values: scored(Array.from(pairRows, (i) => pairs.chosenScore[i]!)) },
      { subset, group: 'rejected', values: scored(Array.from(pairRows, (i) => pairs.rejectedScore[i]!)) },
      group('pass', (i) => passes(completions.reward[i]!)),
      group('fail', (i) => completions.reward[i]! < 1),
    ]
  }
  const pairRows = new Map(rowsByCode(pairs.subset).map((rows, c) => [pairs.subset.names[c]!, rows]))
  return [
    of('all', allRows(completions.n), allRows(pairs.n)),
    ...rowsByCode(completions.subset).map((rows, c) => {
      const name = completions.subset.names[c]!
      return of(name, rows, pairRows.get(name) ?? new Int32Array(0))
    }),
  ]
}

/** Rows of distribution.csv, separation.csv and histogram.csv for one run, the scorer's name in front. */
export function distributionTables(run: Run): Record<'distribution' | 'separation' | 'histogram', Cell[][]> {
  const groups = scoreGroups(run).map((list) => list.filter((g) => g.values.length > 0))
  const named = (rows: readonly (readonly Cell[])[]): Cell[][] => rows.map((row) => [run.model, ...row])
  const find = (list: readonly ScoreGroup[], name: string): ScoreGroup | undefined => list.find((g) => g.group === name)
  return {
    distribution: named(groups.flat().map(distributionRow)),
    separation: named(
      groups.flatMap((list) =>
        [
          ['chosen', 'rejected'],
          ['pass', 'fail'],
        ].flatMap(([a, b]) => {
          const [first, second] = [find(list, a!), find(list, b!)]
          return first === undefined || second === undefined ? [] : [separationRow(first, second)]
        }),
      ),
    ),
    histogram: named(groups.flatMap(histogramRows)),
  }
}

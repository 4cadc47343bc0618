import { allRows, notAll, rowsByCode } from '../src/agreement/columns.ts'
import { passes } from '../src/agreement/completions.ts'
import { distributionRow, histogramRows, type ScoreGroup, separationRow } from '../src/agreement/distribution.ts'
import type { Cell } from '../src/report/csv.ts'
import type { Run } from './runs.ts'

/**
 * Scores of chosen and rejected completions, and of passing and failing ones, overall and by subset. A completion of several pairs
 * counts once.
 */
export function scoreGroups({ completions }: Pick<Run, 'completions'>): ScoreGroup[][] {
  const { score, reward, role } = completions
  const of = (subset: string, rows: Int32Array): ScoreGroup[] => {
    const group = (name: string, keep: (row: number) => boolean): ScoreGroup => ({
      subset,
      group: name,
      values: Float64Array.from(
        rows.filter((i) => !Number.isNaN(score[i]) && keep(i)),
        (i) => score[i]!,
      ),
    })
    return [
      ...['chosen', 'rejected'].map((name) => group(name, (i) => role.names[role.code[i]!] === name)),
      group('pass', (i) => passes(reward[i]!)),
      group('fail', (i) => reward[i]! < 1),
    ]
  }
  return [
    of('all', allRows(completions.n)),
    ...rowsByCode(completions.subset).map((rows, c) => of(notAll(completions.subset.names[c]!), rows)),
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

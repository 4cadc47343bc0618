import { derived, notAll } from '../src/agreement/columns.ts'
import { passes } from '../src/agreement/completions.ts'
import {
  DISTRIBUTION_COLUMNS,
  distributionRow,
  type GroupHistograms,
  groupHistograms,
  histogramRows,
  type ScoreGroup,
  SEPARATION_COLUMNS,
  separationRow,
} from '../src/agreement/distribution.ts'
import type { Cell } from '../src/report/csv.ts'
import { type CellRows, MadeRows, PackedRows } from '../src/report/packed-rows.ts'
import { Column } from './column.ts'
import { KeyIndex } from './key-index.ts'
import type { Keys } from './key-list.ts'
import { completionKey, keyParts } from './keys.ts'
import type { Run } from './runs.ts'

/**
 * Scores of chosen and rejected completions, and of passing and failing ones, overall and by subset. Each completion counts once, also
 * where it stands in several pairs; one that only pairs.csv has counts too.
 */
export function scoreGroups({ pairs, completions: c }: Run): ScoreGroup[][] {
  const bySubset = new Map<string, Map<string, Column>>([['all', new Map()]])
  const order = ['all']
  const add = (subset: string, role: string, score: number, reward: number): void => {
    if (Number.isNaN(score)) return
    const groups = [role, ...(passes(reward) ? ['pass'] : reward < 1 ? ['fail'] : [])]
    // a subset may be called all: its own rows stand behind those of every subset
    const own = `subset ${subset}`
    if (!bySubset.has(own)) {
      bySubset.set(own, new Map())
      order.push(own)
    }
    for (const values of [bySubset.get('all')!, bySubset.get(own)!]) {
      for (const group of groups) {
        if (!values.has(group)) values.set(group, new Column())
        values.get(group)!.push(score)
      }
    }
  }
  for (let row = 0; row < c.n; row++)
    add(c.subset.names[c.subset.code[row]!]!, c.role.names[c.role.code[row]!]!, c.score[row]!, c.reward[row]!)
  for (const { row, role } of onlyInPairs(pairs.key, c.key)) {
    const [score, reward] =
      role === 'chosen' ? [pairs.chosenScore, pairs.chosenReward] : [pairs.rejectedScore, pairs.rejectedReward]
    add(pairs.subset.names[pairs.subset.code[row]!]!, role, score[row]!, reward[row]!)
  }
  return order.map((name) => {
    const label = name === 'all' ? name : notAll(name.slice('subset '.length))
    return ['chosen', 'rejected', 'pass', 'fail'].map((group) => ({
      subset: label,
      group,
      values: bySubset.get(name)!.get(group)?.done() ?? new Float64Array(0),
    }))
  })
}

interface PairSide {
  readonly row: number
  readonly role: 'chosen' | 'rejected'
}
/** Completions of pairs that are not among the completions: the first pair and side that has each. Runs on the same data have the same keys. */
const onlyInPairs = (pairs: Keys, completions: Keys): readonly PairSide[] => sidesOf(pairs)(completions)
const sidesOf = derived((pairs: Keys) => derived((completions: Keys) => sidesMissing(pairs, completions)))

function sidesMissing(pairs: Keys, completions: Keys): readonly PairSide[] {
  const index = KeyIndex.of(completions)
  const added = new Set<string>()
  const sides: PairSide[] = []
  let row = 0
  for (const pair of pairs) {
    const [id, rejected, chosen] = keyParts(pair)
    for (const [role, place] of [
      ['chosen', chosen],
      ['rejected', rejected],
    ] as const) {
      const key = completionKey(id, role, String(place))
      if (index.get(key) !== -1 || added.has(key)) continue
      added.add(key)
      sides.push({ row, role })
    }
    row++
  }
  return sides
}

/**
 * Rows of distribution.csv, separation.csv and histogram.csv for one run, the scorer's name in front. Of 5,000 subsets these are 400,000
 * rows per run: they are held as numbers, those of histogram.csv as counts.
 */
export function distributionTables(
  run: Run,
  all: readonly (readonly ScoreGroup[])[],
): Record<'distribution' | 'separation' | 'histogram', CellRows> {
  const groups = all.map((list) => list.filter((g) => g.values.length > 0))
  const find = (list: readonly ScoreGroup[], name: string): ScoreGroup | undefined => list.find((g) => g.group === name)
  function* distribution(): Generator<Cell[]> {
    for (const list of groups) for (const group of list) yield [run.model, ...distributionRow(group)]
  }
  function* separation(): Generator<Cell[]> {
    for (const list of groups)
      for (const [a, b] of [
        ['chosen', 'rejected'],
        ['pass', 'fail'],
      ] as const) {
        const [first, second] = [find(list, a), find(list, b)]
        if (first !== undefined && second !== undefined) yield [run.model, ...separationRow(first, second)]
      }
  }
  const histograms = groups.flatMap((list) => groupHistograms(list) ?? [])
  return {
    distribution: PackedRows.of(1 + DISTRIBUTION_COLUMNS.length, distribution()),
    separation: PackedRows.of(1 + SEPARATION_COLUMNS.length, separation()),
    histogram: histogramTable(run.model, histograms),
  }
}

function histogramTable(model: string, histograms: readonly GroupHistograms[]): CellRows {
  const length = histograms.reduce((n, { counts }) => n + counts.length, 0)
  return new MadeRows(length, function* () {
    for (const one of histograms) for (const row of histogramRows(one)) yield [model, ...row]
  })
}

/** Rows of several tables, one behind another. */
export const rowsOfAll = (tables: readonly CellRows[]): CellRows =>
  new MadeRows(
    tables.reduce((n, { length }) => n + length, 0),
    function* () {
      for (const table of tables) yield* table
    },
  )

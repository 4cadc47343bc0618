import type { BootstrapSettings } from '../src/agreement/accuracy.ts'
import { type BestOfTable, bestOf } from '../src/agreement/best-of.ts'
import type { Cell } from '../src/report/csv.ts'
import type { Keys } from './key-list.ts'
import type { Run } from './runs.ts'

/** How often the chosen completion of a row is the best of all, RewardBench 2's scores among them; null for a run of plain pairs. */
export function bestOfRun({ pairs: p }: Run, settings: BootstrapSettings): BestOfTable | null {
  // one chosen and one rejected in every row: that is the accuracy, and need not be gone through
  if (isPlain(p.key)) return null
  const score = (value: number): number | null => (Number.isNaN(value) ? null : value)
  return bestOf(
    Array.from(p.key, (key, i) => {
      const [id, rejectedIndex, chosenIndex] = key.split('\u0000')
      return {
        id: id!,
        subset: p.subset.names[p.subset.code[i]!]!,
        cluster: p.cluster.names[p.cluster.code[i]!]!,
        rejectedIndex: Number(rejectedIndex),
        chosen: { index: Number(chosenIndex), score: score(p.chosenScore[i]!) },
        rejected: { score: score(p.rejectedScore[i]!) },
      }
    }),
    settings,
  )
}

function isPlain(keys: Keys): boolean {
  for (const key of keys) if (!key.endsWith('\u00000\u00000')) return false
  return true
}

export const BEST_OF_COLUMNS = [
  'scorer', 'level', 'subset', 'best_of_score', 'chance', 'ci_low', 'ci_high', 'ci_method', 'n', 'clusters', 'missing', 'reason',
] as const // biome-ignore format: one line says it

/** Rows of best-of.csv. Ties and RewardBench 2's own score have no chance and no interval. */
export function bestOfRows(scorer: string, { overall, subsets, ties, rewardbench_2 }: BestOfTable): Cell[][] {
  const line = (level: string, subset: string, b: BestOfTable['overall']): Cell[] => [
    scorer, level, subset, b.score, b.chance, b.ci?.low ?? null, b.ci?.high ?? null, b.ci_method, b.n, b.clusters, b.missing,
    b.score === null ? 'no_row_scored' : null,
  ] // biome-ignore format: in the order of the columns
  const bare = (level: string, subset: string, score: number | null, n: number | null, reason: string | null): Cell[] => [
    scorer, level, subset, score, null, null, null, null, n, null, null, reason,
  ] // biome-ignore format: in the order of the columns
  return [
    ...Object.entries(subsets).map(([name, b]) => line('subset', name, b)),
    ...(ties === null ? [] : [bare('ties', 'Ties', ties.score, ties.ref + ties.tied, ties.reason)]),
    line('overall', 'all', overall),
    ...(rewardbench_2 === null ? [] : [bare('rewardbench_2', 'all', rewardbench_2.score, null, rewardbench_2.reason)]),
  ]
}

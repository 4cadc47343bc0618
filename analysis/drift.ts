import { type Drift, drift } from '../src/agreement/drift.ts'
import type { Cell } from '../src/report/csv.ts'
import type { Run } from './runs.ts'
import { align } from './scorers.ts'

export const DRIFT_COLUMNS = [
  'a',
  'b',
  'completions',
  'largest_difference',
  'rms_difference',
  'bias',
  'limit_low',
  'limit_high',
  'pearson',
  'spearman',
  'pairs',
  'flips',
  'flip_rate',
  'flip_low',
  'flip_high',
  'mcnemar_p',
  'equivalence_p',
] as const

/** Two runs of one model (other dtype, device, batch): what moved, over the pairs that both scored. */
export function driftOf(a: Run, b: Run): Drift {
  const { scorers } = align(a.dataset, [a, b])
  const [marginA, marginB] = [scorers[0]!.margin, scorers[1]!.margin]
  const positions = [a, b].map((run) => new Map(run.pairs.key.map((key, i) => [key, i])))
  const shared = a.pairs.key.filter((key) => positions[1]!.has(key))
  const both = shared.flatMap((key, row) => {
    const [i, j] = [positions[0]!.get(key)!, positions[1]!.get(key)!]
    return Number.isNaN(marginA[row]) || Number.isNaN(marginB[row]) ? [] : [{ i, j, row }]
  })
  const scores = (run: Run, key: 'i' | 'j'): Float64Array =>
    Float64Array.from([
      ...both.map((p) => run.pairs.chosenScore[p[key]]!),
      ...both.map((p) => run.pairs.rejectedScore[p[key]]!),
    ])
  return drift({
    a: scores(a, 'i'),
    b: scores(b, 'j'),
    marginA: Float64Array.from(both, (p) => marginA[p.row]!),
    marginB: Float64Array.from(both, (p) => marginB[p.row]!),
  })
}
export const driftRow = (a: string, b: string, d: Drift): Cell[] => [
  a,
  b,
  d.completions,
  d.largest,
  d.rms,
  d.bias,
  d.limits?.low ?? null,
  d.limits?.high ?? null,
  d.pearson,
  d.spearman,
  d.pairs,
  d.flips,
  d.flipRate,
  d.flipInterval?.low ?? null,
  d.flipInterval?.high ?? null,
  d.p,
  d.equivalenceP,
]

import { type Drift, drift } from '../src/agreement/drift.ts'
import type { Cell } from '../src/report/csv.ts'
import type { Twins } from './run-identity.ts'
import type { Run } from './runs.ts'

export const DRIFT_COLUMNS = [
  'a',
  'b',
  'differs',
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

/** Two runs of one model (other dtype, device, batch): what moved, over the completions and pairs that both scored. */
export function driftOf(a: Run, b: Run): Drift {
  const scores = bothOf(a.completions.key, a.completions.score, b.completions.key, b.completions.score)
  const margins = bothOf(a.pairs.key, a.pairs.margin, b.pairs.key, b.pairs.margin)
  return drift({ a: scores[0], b: scores[1], marginA: margins[0], marginB: margins[1] })
}

/** Values of the keys that two columns share, where neither is absent. */
function bothOf(
  keyA: readonly string[],
  a: Float64Array,
  keyB: readonly string[],
  b: Float64Array,
): [Float64Array, Float64Array] {
  const place = new Map(keyB.map((key, i) => [key, i]))
  const rows = keyA.flatMap((key, i) => {
    const j = place.get(key)
    return j === undefined || Number.isNaN(a[i]) || Number.isNaN(b[j]) ? [] : [[a[i]!, b[j]!] as const]
  })
  return [Float64Array.from(rows, ([x]) => x), Float64Array.from(rows, ([, y]) => y)]
}
export const driftRow = ({ a, b, differs }: Twins, d: Drift): Cell[] => [
  a.model,
  b.model,
  differs,
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

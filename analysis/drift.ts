import { allRows, type Coded, filterRows } from '../src/agreement/columns.ts'
import { type Drift, drift } from '../src/agreement/drift.ts'
import type { Cell } from '../src/report/csv.ts'
import { benjaminiHochberg, holm } from '../src/stats/index.ts'
import { placesIn } from './key-index.ts'
import type { Keys } from './key-list.ts'
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
  'clusters',
  'p',
  'p_holm',
  'p_bh',
  'family',
  'reason',
] as const
const FAMILY = 'flips of every two runs of one model on this data set'

/** Two runs of one model (other dtype, device, batch): what moved, over the completions and pairs that both scored. */
export function driftOf(a: Run, b: Run): Drift {
  const scores = bothOf(a.completions, a.completions.score, b.completions, b.completions.score)
  const margins = bothOf(a.pairs, a.pairs.margin, b.pairs, b.pairs.margin)
  return drift({
    a: scores.a,
    b: scores.b,
    cluster: scores.cluster,
    marginA: margins.a,
    marginB: margins.b,
    pairCluster: margins.cluster,
  })
}

interface Keyed {
  readonly key: Keys
  readonly cluster: Coded
}
/** Values of the keys that two columns share, where neither is absent, with their prompts. */
function bothOf(
  first: Keyed,
  a: Float64Array,
  second: Keyed,
  b: Float64Array,
): { readonly a: Float64Array; readonly b: Float64Array; readonly cluster: Int32Array } {
  const place = placesIn(first.key, second.key)
  const rows = filterRows(allRows(first.key.length), (i) => {
    const j = place(i)
    return j !== -1 && !Number.isNaN(a[i]) && !Number.isNaN(b[j])
  })
  return {
    a: Float64Array.from(rows, (i) => a[i]!),
    b: Float64Array.from(rows, (i) => b[place(i)]!),
    cluster: Int32Array.from(rows, (i) => first.cluster.code[i]!),
  }
}

/** Rows of drift.csv; Holm and Benjamini–Hochberg are over all of them. */
export function driftRows(twins: readonly Twins[]): Cell[][] {
  const drifts = twins.map(({ a, b }) => driftOf(a, b))
  const p = drifts.map((d) => d.p)
  const [byHolm, byBh] = [holm(p), benjaminiHochberg(p)]
  return twins.map(({ a, b, differs }, i): Cell[] => {
    const d = drifts[i]!
    return [
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
      d.mcnemarP,
      d.equivalenceP,
      d.clusters,
      d.p,
      byHolm[i]!,
      byBh[i]!,
      FAMILY,
      d.reason,
    ]
  })
}

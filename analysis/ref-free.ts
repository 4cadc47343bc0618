import type { BootstrapSettings } from '../src/agreement/accuracy.ts'
import { halfDifference } from '../src/agreement/baselines.ts'
import { allRows, filterRows, notAll, rowsByCode } from '../src/agreement/columns.ts'
import { count, type PaperTable, percent, text } from '../src/agreement/tables.ts'
import type { Cell } from '../src/report/csv.ts'
import { benjaminiHochberg, holm } from '../src/stats/index.ts'
import { subsetName } from '../src/subset-name.ts'
import { halfSignFlip, type SignFlipTest } from './paired-tests.ts'
import type { Aligned, Scorer } from './scorers.ts'

/** Half accuracy of the reference-free run less that of the run with its reference, on one subset. */
export interface RefFreeDelta {
  readonly reference: string
  readonly refFree: string
  readonly subset: string
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  readonly ciMethod: string | null
  readonly n: number
  readonly clusters: number
  /** Pairs that one of the two did not score. */
  readonly missing: number
  /** Sign flips of prompts; Holm and Benjamini–Hochberg are over the subsets of one policy, `all` stands for itself. */
  readonly test: SignFlipTest | null
  readonly p: number | null
  readonly pHolm: number | null
  readonly pBh: number | null
  readonly family: string
  readonly reason: string | null
}
export const REF_FREE_COLUMNS = [
  'reference',
  'ref_free',
  'subset',
  'difference',
  'ci_low',
  'ci_high',
  'ci_method',
  'n',
  'clusters',
  'missing',
  'test',
  'p',
  'p_holm',
  'p_bh',
  'family',
  'reason',
] as const

/** HERM's ref-free analysis: each `<policy>__vs__<reference>` against `<policy>__ref-free`, overall and by subset. */
export function refFreeDeltas({ pairs, scorers }: Aligned, settings: BootstrapSettings): RefFreeDelta[] {
  return scorers
    .filter((s) => s.kind === 'dpo')
    .flatMap((withReference) => {
      const without = scorers.find((s) => s.kind === 'dpo-ref-free' && samePolicy(withReference, s))
      if (without === undefined) return []
      const parts: [string, Int32Array][] = [
        ['all', allRows(pairs.n)],
        ...rowsByCode(pairs.subset).map((rows, c): [string, Int32Array] => [notAll(pairs.subset.names[c]!), rows]),
      ]
      const raw = parts.map(([subset, rows]): RefFreeDelta => {
        const both = filterRows(rows, (i) => !Number.isNaN(without.margin[i]) && !Number.isNaN(withReference.margin[i]))
        const flip = halfSignFlip(pairs, both, without.margin, withReference.margin, settings.seed)
        const d = halfDifference(
          { columns: pairs, rows, scope: 'ref_free', subset: 'all', settings },
          without.margin,
          withReference.margin,
          'difference',
        )
        return {
          reference: withReference.name,
          refFree: without.name,
          subset,
          difference: d.value,
          low: d.ciLow,
          high: d.ciHigh,
          ciMethod: d.ciMethod,
          n: d.n,
          clusters: d.clusters,
          missing: d.missing,
          test: flip?.test ?? null,
          p: flip?.p ?? null,
          pHolm: flip?.p ?? null,
          pBh: flip?.p ?? null,
          family: `${subset === 'all' ? 'all pairs' : 'subsets'} of ${withReference.name}`,
          reason: d.reason,
        }
      })
      const p = raw.slice(1).map((d) => d.p)
      const [byHolm, byBh] = [holm(p), benjaminiHochberg(p)]
      return raw.map((d, i) => (i === 0 ? d : { ...d, pHolm: byHolm[i - 1]!, pBh: byBh[i - 1]! }))
    })
}
/** By the policy's weights; by the names of the folders where one of the two does not say what its weights are. */
function samePolicy(withReference: Scorer, without: Scorer): boolean {
  const [a, b] = [withReference.policySha256 ?? null, without.policySha256 ?? null]
  if (a !== null && b !== null) return a === b
  const policy = withReference.name.slice(0, withReference.name.indexOf('__vs__'))
  return without.name === `${policy}__ref-free`
}

export const refFreeRow = (d: RefFreeDelta): Cell[] => [
  d.reference,
  d.refFree,
  d.subset,
  d.difference,
  d.low,
  d.high,
  d.ciMethod,
  d.n,
  d.clusters,
  d.missing,
  d.test,
  d.p,
  d.pHolm,
  d.pBh,
  d.family,
  d.reason,
]

export const refFreeTable = (dataset: string, deltas: readonly RefFreeDelta[]): PaperTable => ({
  name: 'ref-free',
  caption: `Reference-free less with reference on ${dataset}: half accuracy, percentage points.`,
  columns: ['policy against reference', 'subset', 'difference', 'pairs'].map((title) => ({ title })),
  rows: deltas.map((d) => [
    text(d.reference),
    text(subsetName(d.subset)),
    percent(d.difference, d.low === null || d.high === null ? null : { low: d.low, high: d.high }),
    count(d.n),
  ]),
  intervals: 'In brackets 95 % intervals of the paired difference: prompts resampled, percentile.',
  source: 'ref-free.csv',
  notes: [],
})

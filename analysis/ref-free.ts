import type { BootstrapSettings } from '../src/agreement/accuracy.ts'
import { allRows, rowsByCode } from '../src/agreement/columns.ts'
import { halfDifference } from '../src/agreement/nulls.ts'
import { type PaperTable, percent, text } from '../src/agreement/tables.ts'
import type { Cell } from '../src/report/csv.ts'
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
        ...rowsByCode(pairs.subset).map((rows, c): [string, Int32Array] => [pairs.subset.names[c]!, rows]),
      ]
      return parts.map(([subset, rows]): RefFreeDelta => {
        const d = halfDifference(pairs, rows, without.margin, withReference.margin, 'ref_free', settings, 'difference')
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
        }
      })
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
]

export const refFreeTable = (dataset: string, deltas: readonly RefFreeDelta[]): PaperTable => ({
  name: 'ref-free',
  caption: `Reference-free less with reference on ${dataset}: half accuracy, percentage points.`,
  columns: ['policy against reference', 'subset', 'difference', 'pairs'].map((title) => ({ title })),
  rows: deltas.map((d) => [
    text(d.reference),
    text(d.subset),
    percent(d.difference, d.low === null || d.high === null ? null : { low: d.low, high: d.high }),
    text(d.n.toLocaleString('en-US')),
  ]),
  notes: ['95 % intervals of the paired difference by resampling prompts.'],
})

import type { BootstrapSettings } from '../src/agreement/accuracy.ts'
import { allRows, filterRows } from '../src/agreement/columns.ts'
import { halfDifference } from '../src/agreement/nulls.ts'
import type { Cell } from '../src/report/csv.ts'
import { benjaminiHochberg, holm, mcnemar, mcnemarEffect, signFlipTest } from '../src/stats/index.ts'
import type { Aligned, Scorer } from './scorers.ts'

/** Two scorers on the pairs that both scored. */
export interface PairedTest {
  readonly a: string
  readonly b: string
  readonly n: number
  readonly clusters: number
  /** Half accuracy of a less that of b, with a clustered bootstrap interval. */
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  readonly ciMethod: string | null
  /** Pairs that only a wins, only b wins. */
  readonly onlyA: number
  readonly onlyB: number
  readonly oddsRatio: number | null
  /** McNemar on strict wins, pairs taken as independent: exact below 25 discordant pairs, else mid-p. */
  readonly mcnemarMethod: 'exact' | 'mid'
  readonly mcnemarP: number | null
  /** Sign-flip permutation of prompts on the half accuracies: the test to read where prompts have several pairs. */
  readonly p: number | null
  readonly pHolm: number | null
  readonly pBh: number | null
  readonly reason: string | null
}
export const PAIRED_COLUMNS = [
  'a',
  'b',
  'n',
  'clusters',
  'difference',
  'ci_low',
  'ci_high',
  'ci_method',
  'discordant_a',
  'discordant_b',
  'odds_ratio',
  'mcnemar_method',
  'mcnemar_p',
  'p',
  'p_holm',
  'p_bh',
  'family',
  'reason',
] as const

const EXACT_BELOW = 25
const half = (m: number): number => (m > 0 ? 1 : m === 0 ? 0.5 : 0)

/** Every two scorers. Holm and Benjamini–Hochberg are over all of them: the family is "all pairs of scorers on this data set". */
export function pairedTests(aligned: Aligned, scorers: readonly Scorer[], settings: BootstrapSettings): PairedTest[] {
  const raw = scorers.flatMap((a, i) => scorers.slice(i + 1).map((b) => compare(aligned, a, b, settings)))
  const p = raw.map((r) => r.p)
  const [byHolm, byBh] = [holm(p), benjaminiHochberg(p)]
  return raw.map((r, i) => ({ ...r, pHolm: byHolm[i]!, pBh: byBh[i]! }))
}

function compare({ pairs }: Aligned, a: Scorer, b: Scorer, settings: BootstrapSettings): PairedTest {
  const both = filterRows(allRows(pairs.n), (i) => !Number.isNaN(a.margin[i]) && !Number.isNaN(b.margin[i]))
  const difference = halfDifference(pairs, both, a.margin, b.margin, 'compare', settings, 'difference')
  let onlyA = 0
  let onlyB = 0
  for (const i of both) {
    if (a.margin[i]! > 0 && !(b.margin[i]! > 0)) onlyA++
    if (b.margin[i]! > 0 && !(a.margin[i]! > 0)) onlyB++
  }
  const method = onlyA + onlyB < EXACT_BELOW ? 'exact' : 'mid'
  const flip = signFlipTest(
    Float64Array.from(both, (i) => half(a.margin[i]!) - half(b.margin[i]!)),
    { clusters: Array.from(both, (i) => pairs.cluster.code[i]!), weight: 'rows', seed: settings.seed },
  )
  return {
    a: a.name,
    b: b.name,
    n: both.length,
    clusters: difference.clusters,
    difference: difference.value,
    low: difference.ciLow,
    high: difference.ciHigh,
    ciMethod: difference.ciMethod,
    onlyA,
    onlyB,
    oddsRatio: mcnemarEffect(onlyA, onlyB, both.length).oddsRatio,
    mcnemarMethod: method,
    mcnemarP: both.length === 0 ? null : (mcnemar(onlyA, onlyB, { method })?.p ?? null),
    p: flip?.p ?? null,
    pHolm: null,
    pBh: null,
    reason: difference.reason,
  }
}

export const pairedRow = (t: PairedTest): Cell[] => [
  t.a,
  t.b,
  t.n,
  t.clusters,
  t.difference,
  t.low,
  t.high,
  t.ciMethod,
  t.onlyA,
  t.onlyB,
  t.oddsRatio,
  t.mcnemarMethod,
  t.mcnemarP,
  t.p,
  t.pHolm,
  t.pBh,
  'all pairs of scorers on this data set',
  t.reason,
]

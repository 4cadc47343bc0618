import type { BootstrapSettings } from '../src/agreement/accuracy.ts'
import { halfDifference } from '../src/agreement/baselines.ts'
import { allRows, filterRows } from '../src/agreement/columns.ts'
import type { Cell } from '../src/report/csv.ts'
import { benjaminiHochberg, holm, mcnemar, mcnemarEffect, mean, signFlipTest } from '../src/stats/index.ts'
import type { RunPairs } from './runs.ts'
import type { Aligned, Scorer } from './scorers.ts'

/** Two scorers on the same rows: half accuracy on pairs, AUROC on completions, or best of n on groups. */
export interface PairedTest {
  readonly statistic: 'accuracy_half' | 'auroc' | 'best_of_n'
  readonly a: string
  readonly b: string
  readonly n: number
  readonly clusters: number
  /** Rows of both that lack what the test needs. */
  readonly missing: number
  readonly valueA: number | null
  readonly valueB: number | null
  /** valueA − valueB, with its interval. */
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  readonly ciMethod: string | null
  /** Wins of pairs alone; null for the others. */
  readonly mcnemar: McNemar | null
  /**
   * What `p` is of: `sign_flip` of prompts on the half accuracies, exact, which holds where prompts have several pairs
   * (`sign_flip_drawn`, `sign_flip_saddlepoint`: where the patterns are too many to sum); for AUROC `delong` where every prompt has one
   * row, else `delong_clustered`. None has a least value that a number of draws would set.
   */
  readonly test: SignFlipTest | 'delong' | 'delong_clustered' | null
  readonly p: number | null
  readonly pHolm: number | null
  readonly pBh: number | null
  /** The tests that Holm and Benjamini–Hochberg are over. */
  readonly family: string
  readonly reason: string | null
}
export type SignFlipTest = 'sign_flip' | 'sign_flip_drawn' | 'sign_flip_saddlepoint'
/** McNemar on strict wins, pairs taken as independent: exact below 25 discordant pairs, else mid-p. */
export interface McNemar {
  /** Pairs that only a wins, only b wins. */
  readonly onlyA: number
  readonly onlyB: number
  readonly oddsRatio: number | null
  readonly method: 'exact' | 'mid'
  readonly p: number | null
  /** Adjusted over the McNemar tests of the family. */
  readonly pHolm: number | null
  readonly pBh: number | null
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
  'statistic',
  'value_a',
  'value_b',
  'test',
  'p',
  'p_holm',
  'p_bh',
  'family',
  'reason',
  'missing',
  'mcnemar_p_holm',
  'mcnemar_p_bh',
] as const

const ACCURACY_FAMILY = 'accuracy of all pairs of scorers on this data set'
export const AUROC_FAMILY = 'AUROC of all pairs of scorers on this data set'
const EXACT_BELOW = 25
const half = (m: number): number => (m > 0 ? 1 : m === 0 ? 0.5 : 0)

/** Every two scorers by half accuracy. Holm and Benjamini–Hochberg are over all of them. */
export function pairedTests(aligned: Aligned, scorers: readonly Scorer[], settings: BootstrapSettings): PairedTest[] {
  const raw = scorers.flatMap((a, i) => scorers.slice(i + 1).map((b) => compare(aligned, a, b, settings)))
  const p = raw.map((r) => r.p)
  const independent = raw.map((r) => r.mcnemar?.p ?? null)
  const [byHolm, byBh, mcnemarHolm, mcnemarBh] = [
    holm(p),
    benjaminiHochberg(p),
    holm(independent),
    benjaminiHochberg(independent),
  ]
  return raw.map((r, i) => ({
    ...r,
    pHolm: byHolm[i]!,
    pBh: byBh[i]!,
    mcnemar: r.mcnemar && { ...r.mcnemar, pHolm: mcnemarHolm[i]!, pBh: mcnemarBh[i]! },
  }))
}

/** Sign flips of the prompts' differences in half accuracy. */
export function halfSignFlip(
  { cluster }: Pick<RunPairs, 'cluster'>,
  rows: Int32Array,
  a: Float64Array,
  b: Float64Array,
  seed: number,
): { readonly test: SignFlipTest; readonly p: number } | null {
  const found = signFlipTest(
    Float64Array.from(rows, (i) => half(a[i]!) - half(b[i]!)),
    { clusters: Array.from(rows, (i) => cluster.code[i]!), weight: 'rows', seed },
  )
  if (found === null) return null
  return { test: found.method === 'exact' ? 'sign_flip' : `sign_flip_${found.method}`, p: found.p }
}

function compare({ pairs }: Aligned, a: Scorer, b: Scorer, settings: BootstrapSettings): PairedTest {
  const both = filterRows(allRows(pairs.n), (i) => !Number.isNaN(a.margin[i]) && !Number.isNaN(b.margin[i]))
  const difference = halfDifference(
    { columns: pairs, rows: both, scope: 'compare', subset: 'all', settings },
    a.margin,
    b.margin,
    'difference',
  )
  const flip = halfSignFlip(pairs, both, a.margin, b.margin, settings.seed)
  const average = (margin: Float64Array): number | null => mean(Float64Array.from(both, (i) => half(margin[i]!)))
  return {
    statistic: 'accuracy_half',
    a: a.name,
    b: b.name,
    n: both.length,
    clusters: difference.clusters,
    missing: pairs.n - both.length,
    valueA: average(a.margin),
    valueB: average(b.margin),
    difference: difference.value,
    low: difference.ciLow,
    high: difference.ciHigh,
    ciMethod: difference.ciMethod,
    mcnemar: mcnemarOf(a.margin, b.margin, both),
    test: flip?.test ?? null,
    p: flip?.p ?? null,
    pHolm: null,
    pBh: null,
    family: ACCURACY_FAMILY,
    reason: difference.reason,
  }
}

function mcnemarOf(a: Float64Array, b: Float64Array, rows: Int32Array): McNemar {
  let onlyA = 0
  let onlyB = 0
  for (const i of rows) {
    if (a[i]! > 0 && !(b[i]! > 0)) onlyA++
    if (b[i]! > 0 && !(a[i]! > 0)) onlyB++
  }
  const method = onlyA + onlyB < EXACT_BELOW ? 'exact' : 'mid'
  const p = rows.length === 0 ? null : (mcnemar(onlyA, onlyB, { method })?.p ?? null)
  return {
    onlyA,
    onlyB,
    oddsRatio: mcnemarEffect(onlyA, onlyB, rows.length).oddsRatio,
    method,
    p,
    pHolm: null,
    pBh: null,
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
  t.mcnemar?.onlyA ?? null,
  t.mcnemar?.onlyB ?? null,
  t.mcnemar?.oddsRatio ?? null,
  t.mcnemar?.method ?? null,
  t.mcnemar?.p ?? null,
  t.statistic,
  t.valueA,
  t.valueB,
  t.test,
  t.p,
  t.pHolm,
  t.pBh,
  t.family,
  t.reason,
  t.missing,
  t.mcnemar?.pHolm ?? null,
  t.mcnemar?.pBh ?? null,
]

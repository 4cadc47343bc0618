import type { Interval } from './bootstrap.ts'
import { allFinite } from './descriptive.ts'
import { betaQuantile } from './special.ts'

/** One form of the intraclass correlation, with its 95 % interval; null where the form is undefined. */
export interface Intraclass {
  readonly value: number | null
  readonly ci: Interval | null
}
/** The six forms of Shrout & Fleiss 1979: of one rating, and (`k`) of the mean of all raters. */
export interface IntraclassCorrelations {
  /** One-way random: raters differ from row to row. */
  readonly icc1: Intraclass
  /** Two-way random, absolute agreement: ICC(2,1), ICC(A,1). */
  readonly icc2: Intraclass
  /** Two-way mixed, consistency: ICC(3,1), ICC(C,1); a rater may be higher throughout. */
  readonly icc3: Intraclass
  readonly icc1k: Intraclass
  readonly icc2k: Intraclass
  readonly icc3k: Intraclass
}

/**
 * Intraclass correlations of continuous ratings (Shrout & Fleiss 1979, Psychol. Bull. 86:420; intervals McGraw & Wong 1996, Psychol. Methods
 * 1:30; pingouin.intraclass_corr). Rows are taken as independent: there is no clustering in the intervals.
 * @param raters scores of each rater, all of one length; every row rated by all
 * @returns null for fewer than two raters or two rows, or a value that is not finite; a form without variance to divide by is null
 * @example intraclassCorrelation([[9, 6, 8], [2, 1, 4]])!.icc3.value // how alike two raters order and space three rows
 */
export function intraclassCorrelation(
  raters: readonly ArrayLike<number>[],
  { level = 0.95 }: { readonly level?: number } = {},
): IntraclassCorrelations | null {
  const k = raters.length
  const n = raters[0]?.length ?? 0
  for (const rater of raters) if (rater.length !== n) throw new RangeError(`raters of ${n} and ${rater.length} rows`)
  if (k < 2 || n < 2 || !raters.every(allFinite)) return null
  const { msb, msw, msj, mse } = meanSquares(raters, n, k)
  const [df1, dfWithin, dfError] = [n - 1, n * (k - 1), (n - 1) * (k - 1)]
  const tail = (1 - level) / 2
  const upper = (a: number, b: number): number => fQuantile(1 - tail, a, b)
  const icc2 = (msb - mse) / (msb + (k - 1) * mse + (k * (msj - mse)) / n)

  // One-way and consistency: F is a pivot of the ratio itself.
  const pivot = (f: number, df2: number): { one: Interval; mean: Interval } => {
    const [low, high] = [f / upper(df1, df2), f * upper(df2, df1)]
    const one = (v: number): number => (v - 1) / (v + k - 1)
    return { one: { low: one(low), high: one(high) }, mean: { low: 1 - 1 / low, high: 1 - 1 / high } }
  }
  const [way1, way3] = [pivot(msb / msw, dfWithin), pivot(msb / mse, dfError)]
  // Absolute agreement: Satterthwaite's degrees of freedom.
  const fj = msj / mse
  const part = n * (1 + (k - 1) * icc2) - k * icc2
  const v = (dfError * (k * icc2 * fj + part) ** 2) / (df1 * k ** 2 * icc2 ** 2 * fj ** 2 + part ** 2)
  const [toLow, toHigh] = [upper(df1, v), upper(v, df1)]
  const rest = k * msj + (k * n - k - n) * mse
  const way2: Interval = {
    low: (n * (msb - toLow * mse)) / (toLow * rest + n * msb),
    high: (n * (toHigh * msb - mse)) / (rest + n * toHigh * msb),
  }
  const stepped = (x: number): number => (x * k) / (1 + x * (k - 1))
  const form = (value: number, ci: Interval): Intraclass =>
    Number.isFinite(value)
      ? { value, ci: Number.isFinite(ci.low) && Number.isFinite(ci.high) ? ci : null }
      : { value: null, ci: null }
  return {
    icc1: form((msb - msw) / (msb + (k - 1) * msw), way1.one),
    icc2: form(icc2, way2),
    icc3: form((msb - mse) / (msb + (k - 1) * mse), way3.one),
    icc1k: form((msb - msw) / msb, way1.mean),
    icc2k: form((msb - mse) / (msb + (msj - mse) / n), { low: stepped(way2.low), high: stepped(way2.high) }),
    icc3k: form((msb - mse) / msb, way3.mean),
  }
}

/** Mean squares between rows, within rows, between raters, and of the rest (two-way analysis of variance, one value a cell). */
function meanSquares(
  raters: readonly ArrayLike<number>[],
  n: number,
  k: number,
): { readonly msb: number; readonly msw: number; readonly msj: number; readonly mse: number } {
  const ofRow = new Float64Array(n)
  const ofRater = new Float64Array(k)
  for (let j = 0; j < k; j++)
    for (let i = 0; i < n; i++) {
      ofRow[i] = ofRow[i]! + raters[j]![i]! / k
      ofRater[j] = ofRater[j]! + raters[j]![i]! / n
    }
  let grand = 0
  for (const m of ofRater) grand += m / k
  let [between, columns, within, error] = [0, 0, 0, 0]
  for (const m of ofRow) between += k * (m - grand) ** 2
  for (const m of ofRater) columns += n * (m - grand) ** 2
  for (let j = 0; j < k; j++)
    for (let i = 0; i < n; i++) {
      within += (raters[j]![i]! - ofRow[i]!) ** 2
      error += (raters[j]![i]! - ofRow[i]! - ofRater[j]! + grand) ** 2
    }
  return {
    msb: between / (n - 1),
    msw: within / (n * (k - 1)),
    msj: columns / (k - 1),
    mse: error / ((n - 1) * (k - 1)),
  }
}

/** Quantile of Fisher's F, from that of the beta distribution; NaN where a degree of freedom is undefined. */
function fQuantile(p: number, df1: number, df2: number): number {
  if (!(df1 > 0 && df2 > 0)) return Number.NaN
  // The smaller tail keeps its digits: 1 − x of Beta(a, b) is Beta(b, a).
  const rest = betaQuantile(1 - p, df2 / 2, df1 / 2)
  return ((1 - rest) * df2) / (rest * df1)
}

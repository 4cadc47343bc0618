import { describe, expect, it } from 'vitest'
import { bcaInterval, percentileInterval } from '../../src/stats/bootstrap.ts'
import * as s from '../../src/stats/index.ts'
import { betaQuantile, normalTwoSided, studentTwoSided } from '../../src/stats/special.ts'
import { cases, expectReference, type Json } from './golden.ts'

type Xs = readonly number[]
type Weights = 'linear' | 'quadratic' | null
type Labels = readonly [Xs, Xs, number, 'uniform' | 'quantile']
const pair = (i: { low: number; high: number } | null) => i && [i.low, i.high]

/** What each case's `f` means with us; args as in the file. */
const ours: Record<string, (...args: never[]) => unknown> = {
  kendallTauB: (x: Xs, y: Xs) => s.kendallTauB(x, y),
  kendallP: (x: Xs, y: Xs) => s.kendallTest(x, y)?.p ?? null,
  kendallTauC: (x: Xs, y: Xs) => s.kendallTauC(x, y),
  spearman: (x: Xs, y: Xs) => s.spearman(x, y),
  spearmanP: (x: Xs, y: Xs) => s.spearmanTest(x, y)?.p ?? null,
  pearson: (x: Xs, y: Xs) => s.pearson(x, y),
  pearsonP: (x: Xs, y: Xs) => s.pearsonTest(x, y)?.p ?? null,
  somersD: (x: Xs, y: Xs) => s.somersD(x, y),
  auroc: (y: Xs, x: Xs) => s.auroc(y, x),
  averagePrecision: (y: Xs, x: Xs) => s.averagePrecision(y, x),
  mannWhitneyP: (x: Xs, y: Xs) => s.mannWhitneyU(x, y)?.p ?? null,
  brier: (y: Xs, p: Xs) => s.brier(y, p),
  logLoss: (y: Xs, p: Xs) => s.logLoss(y, p),
  calibrationCurve: (...[y, p, bins, strategy]: Labels) => {
    const curve = s.calibrationCurve(y, p, { bins, strategy })
    return curve && [curve.probTrue, curve.probPred]
  },
  cohenKappa: (a: Xs, b: Xs, weights: Weights) => s.cohenKappa(a, b, { weights }),
  mcc: (a: Xs, b: Xs) => s.mcc(a, b),
  fleissKappa: (table: Xs[]) => s.fleissKappa(table),
  krippendorffAlpha: (ratings: (number | null)[][], level: 'nominal' | 'interval') =>
    s.krippendorffAlpha(ratings, level),
  wilson: (k: number, n: number) => pair(s.wilson(k, n)),
  clopperPearson: (k: number, n: number) => pair(s.clopperPearson(k, n)),
  binomialTest: (k: number, n: number, p: number) => s.binomialTest(k, n, p)?.p ?? null,
  mcnemarExact: (b: number, c: number) => s.mcnemar(b, c, { method: 'exact' })?.p,
  mcnemarChi2: (b: number, c: number) => s.mcnemar(b, c, { method: 'chi2' })?.p,
  mcnemarCorrected: (b: number, c: number) => s.mcnemar(b, c, { method: 'chi2-corrected' })?.p,
  holm: (p: Xs) => s.holm(p),
  benjaminiHochberg: (p: Xs) => s.benjaminiHochberg(p),
  bonferroni: (p: Xs) => s.bonferroni(p),
  wilcoxonP: (a: Xs, b: Xs, zeros: 'wilcox' | 'pratt') => s.wilcoxonSignedRank(a, b, { zeros })?.p ?? null,
  pairedT: (a: Xs, b: Xs) => s.pairedT(a, b)?.p ?? null,
  pairedTInterval: (a: Xs, b: Xs) => pair(s.pairedT(a, b)),
  equivalence: (a: Xs, b: Xs, margin: number) => s.equivalenceTest(a, b, margin)?.p,
  ksDistance: (a: Xs, b: Xs) => s.ksDistance(a, b),
  signFlip: (d: Xs) => s.signFlipTest(d)?.p,
  chiSquare: (table: Xs[]) => {
    const test = s.chiSquareTest(table)
    return test && [test.statistic, test.p, test.df]
  },
  cramerV: (table: Xs[]) => s.chiSquareTest(table)?.cramerV,
  residuals: (table: Xs[]) => s.chiSquareTest(table)?.residuals,
  stratified: (strata: [[number, number], [number, number]][]) => {
    const test = s.stratifiedTable(strata)
    return test && [test.oddsRatio, test.statistic, test.p]
  },
  cochranQ: (estimates: Xs, errors: Xs) => {
    const test = s.cochranQ(estimates, errors)
    return test && [test.statistic, test.p]
  },
  skewness: (x: Xs) => s.skewness(x),
  kurtosis: (x: Xs) => s.kurtosis(x),
  quantile: (x: Xs, q: number) => s.quantile(x, q),
  clusterStandardError: (x: Xs, clusters: Xs) => s.clusterStandardError(x, clusters),
  logisticCoefficients: (X: Xs[], y: Xs) => s.logisticRegression(X, y)?.coefficients,
  logisticClusterErrors: (X: Xs[], y: Xs, clusters: Xs) => s.logisticRegression(X, y, { clusters })?.standardErrors,
  logistic: (X: Xs[], y: Xs) => s.logisticRegression(X, y),
  isotonic: (x: Xs, y: Xs) => {
    const fitted = s.isotonic(x, y)
    return fitted && [...fitted]
  },
  partialSpearman: (x: Xs, y: Xs, z: Xs[]) => s.partialSpearman(x, y, z),
  delong: (y: Xs, a: Xs, b: Xs) => {
    const test = s.delong(y, a, b)
    return test && [test.a, test.b, test.standardError, test.p]
  },
  bca: (estimate: number, distribution: Xs, jackknife: Xs) =>
    pair(bcaInterval(estimate, Float64Array.from(distribution), Float64Array.from(jackknife))),
  percentile: (distribution: Xs) => pair(percentileInterval(Float64Array.from(distribution))),
  normalTwoSided: (z: number) => normalTwoSided(z),
  studentTwoSided: (t: number, df: number) => studentTwoSided(t, df),
  betaQuantile: (p: number, a: number, b: number) => betaQuantile(p, a, b),
}

const revive = (v: Json): unknown =>
  v === 'NaN'
    ? Number.NaN
    : v === 'Infinity'
      ? Number.POSITIVE_INFINITY
      : v === '-Infinity'
        ? Number.NEGATIVE_INFINITY
        : Array.isArray(v)
          ? v.map(revive)
          : v

describe('edge cases and further statistics', () => {
  it.each(cases('extras').map((c, i) => ({ name: `${String(c.f)} #${i}`, c })))('$name', ({ c }) => {
    const f = ours[c.f as string]
    expect(f, String(c.f)).toBeDefined()
    expectReference(f!(...(revive(c.args!) as never[])), c.want!, JSON.stringify(c.args).slice(0, 200))
  })
})

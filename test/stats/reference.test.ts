import { describe, expect, it } from 'vitest'
import {
  auroc,
  averagePrecision,
  benjaminiHochberg,
  binomialTest,
  bonferroni,
  brier,
  calibrationCurve,
  clopperPearson,
  cohenKappa,
  confusionMatrix,
  expectedCalibrationError,
  holm,
  kendallTauB,
  kendallTest,
  logisticRegression,
  logLoss,
  mannWhitneyU,
  maximumCalibrationError,
  mcc,
  mcnemar,
  mean,
  medianAbsoluteDeviation,
  pearson,
  pearsonTest,
  percentAgreement,
  quantile,
  signFlipTest,
  skewness,
  spearman,
  spearmanTest,
  standardDeviation,
  wilcoxonSignedRank,
  wilson,
} from '../../src/stats/index.ts'
import { type Case, cases, expectReference } from './golden.ts'

/** Every field of a reference case that is not an input, and our function for it. */
function compare(file: string, inputs: readonly string[], ours: Record<string, (c: never) => unknown>): void {
  describe(file, () => {
    it.each(cases(file).map((c, i) => ({ name: String(c.name ?? i), c })))('equals the reference: $name', ({ c }) => {
      for (const [field, want] of Object.entries(c)) {
        if (inputs.includes(field)) continue
        const f = ours[field]
        expect(f, `no function for ${field}`).toBeDefined()
        expectReference(f!(c as never), want, field)
      }
    })
  })
}

type Xy = { x: number[]; y: number[] }
compare('correlation', ['name', 'x', 'y'], {
  kendall_tau_b: ({ x, y }: Xy) => kendallTauB(x, y),
  kendall_p_asymptotic: ({ x, y }: Xy) => kendallTest(x, y)?.p ?? null,
  spearman_rho: ({ x, y }: Xy) => spearman(x, y),
  spearman_p: ({ x, y }: Xy) => spearmanTest(x, y)?.p ?? null,
  pearson_r: ({ x, y }: Xy) => pearson(x, y),
  pearson_p: ({ x, y }: Xy) => pearsonTest(x, y)?.p ?? null,
})

type Labelled = { label: number[]; score: number[] }
const sigmoids = (score: number[]) => score.map((s) => 1 / (1 + Math.exp(-s)))
const split = ({ label, score }: Labelled) =>
  mannWhitneyU(
    score.filter((_, i) => label[i] === 1),
    score.filter((_, i) => label[i] === 0),
  )
compare('ranking', ['name', 'label', 'score'], {
  auroc: ({ label, score }: Labelled) => auroc(label, score),
  average_precision: ({ label, score }: Labelled) => averagePrecision(label, score),
  brier_of_sigmoid: ({ label, score }: Labelled) => brier(label, sigmoids(score)),
  log_loss_of_sigmoid: ({ label, score }: Labelled) => logLoss(label, sigmoids(score)),
  mann_whitney_u: (c: Labelled) => split(c)?.statistic ?? null,
  mann_whitney_p: (c: Labelled) => split(c)?.p ?? null,
  calibration_uniform10: ({ label, score }: Labelled) => {
    const curve = calibrationCurve(label, sigmoids(score), { bins: 10, strategy: 'uniform' })
    return curve && [curve.probTrue, curve.probPred]
  },
  point_biserial_r: ({ label, score }: Labelled) => pearson(label, score),
})

type Raters = { a: number[]; b: number[] }
/** Macro F1 and balanced accuracy are not ours; from the confusion matrix here, so that every field is used. */
const perClass = ({ a, b }: Raters, f: (hit: number, row: number, column: number) => number) => {
  const { counts } = confusionMatrix(a, b)
  const sum = (xs: readonly number[]) => xs.reduce((s, v) => s + v, 0)
  return counts.map((row, i) => f(row[i]!, sum(row), sum(counts.map((r) => r[i]!))))
}
compare('agreement', ['name', 'a', 'b'], {
  percent_agreement: ({ a, b }: Raters) => percentAgreement(a, b),
  cohen_kappa: ({ a, b }: Raters) => cohenKappa(a, b),
  cohen_kappa_quadratic: ({ a, b }: Raters) => cohenKappa(a, b, { weights: 'quadratic' }),
  mcc: ({ a, b }: Raters) => mcc(a, b),
  confusion: ({ a, b }: Raters) => confusionMatrix(a, b).counts,
  f1_macro: (c: Raters) => mean(perClass(c, (hit, row, column) => (2 * hit) / (row + column))),
  balanced_accuracy: (c: Raters) => mean(perClass(c, (hit, row) => (row === 0 ? -1 : hit / row)).filter((v) => v >= 0)),
})

type Proportion = { successes: number; n: number }
const both = (i: { low: number; high: number } | null) => i && [i.low, i.high]
compare('proportion', ['successes', 'n'], {
  wilson95: ({ successes, n }: Proportion) => both(wilson(successes, n)),
  clopper_pearson95: ({ successes, n }: Proportion) => both(clopperPearson(successes, n)),
  binom_test_half_p: ({ successes, n }: Proportion) => binomialTest(successes, n)?.p,
})

type Table = { table: [[number, number], [number, number]] }
const discordant = ({ table }: Table): [number, number] => [table[0][1], table[1][0]]
compare('mcnemar', ['table'], {
  exact_p: (c: Table) => mcnemar(...discordant(c), { method: 'exact' })?.p,
  chi2: (c: Table) => mcnemar(...discordant(c), { method: 'chi2-corrected' })?.statistic,
  chi2_p: (c: Table) => mcnemar(...discordant(c), { method: 'chi2-corrected' })?.p,
  chi2_uncorrected_p: (c: Table) => mcnemar(...discordant(c), { method: 'chi2' })?.p ?? null,
  mid_p: (c: Table) => mcnemar(...discordant(c), { method: 'mid' })?.p,
})

compare('multiple_testing', ['p'], {
  holm: ({ p }: { p: number[] }) => holm(p),
  fdr_bh: ({ p }: { p: number[] }) => benjaminiHochberg(p),
  bonferroni: ({ p }: { p: number[] }) => bonferroni(p),
})

/** The paired t test is not ours: Student's test of the differences' mean, through the public pieces. */
compare('paired', ['a', 'b', 't_stat', 't_p'], {
  wilcoxon_p_approx: ({ a, b }: Raters) => wilcoxonSignedRank(a, b)?.p,
  wilcoxon_stat: ({ a, b }: Raters) => wilcoxonSignedRank(a, b)?.statistic,
  sign_test_p: ({ a, b }: Raters) =>
    binomialTest(a.filter((v, i) => v > b[i]!).length, a.filter((v, i) => v !== b[i]).length)?.p,
})

type Logit = { X: number[][]; y: number[] }
compare('logistic', ['X', 'y'], {
  coef_const_first: ({ X, y }: Logit) => logisticRegression(X, y)?.coefficients,
  std_err: ({ X, y }: Logit) => logisticRegression(X, y)?.standardErrors,
  llf: ({ X, y }: Logit) => logisticRegression(X, y)?.logLikelihood,
  p_const_first: ({ X, y }: Logit) => logisticRegression(X, y)?.p,
})

type Values = { x: number[]; quantiles_linear: Case }
compare('descriptive', ['x', 'quantiles_linear'], {
  mean: ({ x }: Values) => mean(x),
  std_population: ({ x }: Values) => standardDeviation(x, { ddof: 0 }),
  std_sample: ({ x }: Values) => standardDeviation(x),
  skew: ({ x }: Values) => skewness(x),
  mad: ({ x }: Values) => medianAbsoluteDeviation(x),
})
describe('quantiles', () => {
  it.each(cases('descriptive').map((c, i) => [i, c as unknown as Values] as const))('of case %i', (_, c) => {
    for (const [q, want] of Object.entries(c.quantiles_linear)) expectReference(quantile(c.x, Number(q)), want, q)
  })
})

type Binned = { label: number[]; probability: number[]; bins: number }
compare('calibration_error', ['label', 'probability', 'bins'], {
  ece_equal_width_half_open_last_closed: ({ label, probability, bins }: Binned) =>
    expectedCalibrationError(label, probability, { bins }),
  mce: ({ label, probability, bins }: Binned) => maximumCalibrationError(label, probability, { bins }),
})

compare('permutation', ['differences'], {
  exact_two_sided_sign_flip_p_of_mean: ({ differences }: { differences: number[] }) => signFlipTest(differences)?.p,
})
